import { WindrowError } from '../errors.ts'

/** Bytes that come in chunks of any size, taken in the sizes wanted. What is taken is a copy. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0
  #offset = 0

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset
  }

  /** @throws WindrowError `STATE_CORRUPT` when there are not as many left */
  async take(byteCount: number, what: string): Promise<Uint8Array> {
    const taken = new Uint8Array(byteCount)
    for (let filled = 0; filled < byteCount; ) {
      if (!(await this.#hasMore())) throw corruptSnapshot(`snapshot ends before its ${what}`, this.#offset)
      const from = this.#chunk.subarray(this.#at, this.#at + byteCount - filled)
      taken.set(from, filled)
      this.#at += from.length
      this.#offset += from.length
      filled += from.length
    }
    return taken
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#hasMore())
  }

  /** Tells the producer that no more is wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #hasMore(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#chunks.next()
      if (next.done === true) return false
      this.#chunk = next.value
      this.#at = 0
    }
    return true
  }
}

export function corruptSnapshot(problem: string, offset: number): WindrowError {
  return new WindrowError('STATE_CORRUPT', `${problem}, at byte ${offset}`, {
    hint: 'Restore an earlier snapshot, or start without one.',
    details: { offset },
  })
}
