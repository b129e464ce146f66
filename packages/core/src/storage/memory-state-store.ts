import { WindrowError } from '../errors.ts'
import type { StateStore } from './state-store.ts'

class MemoryStateStore implements StateStore {
  readonly #values = new Map<string, readonly Uint8Array[]>()
  readonly #writes = new Map<string, Promise<void>>()
  #closed = false

  async write(name: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    this.#checkOpen()
    // One write of a name after the other, so that the last call's value is the one that stays.
    const earlier = this.#writes.get(name) ?? Promise.resolve()
    const write = earlier.then(async () => {
      const copies: Uint8Array[] = []
      for await (const chunk of chunks) copies.push(chunk.slice())
      this.#values.set(name, copies)
    })
    this.#writes.set(
      name,
      write.catch(() => undefined),
    )
    await write
  }

  async read(name: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    this.#checkOpen()
    const value = this.#values.get(name)
    return value === undefined ? undefined : copiesOf(value)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#writes.values())
  }

  #checkOpen(): void {
    if (this.#closed) throw new WindrowError('STORAGE_CLOSED', 'the memory state store is closed')
  }
}

async function* copiesOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk.slice()
}

/** Keeps state in this process, for tests and for engines that need not outlive it: nothing survives the process. */
export function memoryStateStore(): StateStore {
  return new MemoryStateStore()
}
