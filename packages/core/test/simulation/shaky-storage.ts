import { type StorageAdapter, WindrowError } from '../../src/index.ts'
import type { Random } from './random.ts'

/** How unreliable a storage is. */
export interface Shaking {
  /** Chance that a write fails, to be tried again. */
  readonly writeFails: number
  readonly scanFails: number
  /** A write takes up to so many ticks. */
  readonly mostTicks: number
}

/** The way of one engine to the storage: slow, failing now and then, and at last cut off. */
export class ShakyStorage implements StorageAdapter {
  readonly name = 'shaky'
  readonly capabilities: StorageAdapter['capabilities']
  readonly #inner: StorageAdapter
  readonly #shaking: Shaking
  readonly #random: Random
  #waiting: { ticks: number; readonly goOn: () => void }[] = []
  #isCalm = false
  #isCut = false

  constructor(inner: StorageAdapter, shaking: Shaking, random: Random) {
    this.#inner = inner
    this.capabilities = inner.capabilities
    this.#shaking = shaking
    this.#random = random
  }

  /** Lets what waited long enough go on. */
  tick(): void {
    const waiting = this.#waiting
    this.#waiting = waiting.filter((wait) => --wait.ticks > 0)
    for (const { ticks, goOn } of waiting) if (ticks <= 0) goOn()
  }

  /** No more failures, nothing slow. */
  calm(): void {
    this.#isCalm = true
    for (const { goOn } of this.#waiting.splice(0)) goOn()
  }

  /** The engine died: nothing of it arrives any more, and it hears nothing. */
  cut(): void {
    this.#isCut = true
    this.#waiting = []
  }

  open(directory: Parameters<StorageAdapter['open']>[0]): Promise<void> {
    return this.#inner.open(directory)
  }

  async writeRaw(...args: Parameters<StorageAdapter['writeRaw']>): Promise<void> {
    await this.#shake(this.#shaking.writeFails, this.#shaking.mostTicks)
    await this.#inner.writeRaw(...args)
    // Stored, and yet the answer may be lost: the write comes again.
    await this.#shake(this.#shaking.writeFails / 2, 0)
  }

  async *scanRaw(request: Parameters<StorageAdapter['scanRaw']>[0]): ReturnType<StorageAdapter['scanRaw']> {
    await this.#shake(this.#shaking.scanFails, 1)
    for await (const batch of this.#inner.scanRaw(request)) {
      yield batch
      await this.#shake(this.#shaking.scanFails / 2, 0)
    }
  }

  async writeResults(...args: Parameters<StorageAdapter['writeResults']>): Promise<void> {
    await this.#shake(this.#shaking.writeFails, this.#shaking.mostTicks)
    await this.#inner.writeResults(...args)
  }

  async *scanResults(request: Parameters<StorageAdapter['scanResults']>[0]): ReturnType<StorageAdapter['scanResults']> {
    await this.#shake(this.#shaking.scanFails, 0)
    yield* this.#inner.scanResults(request)
  }

  async catalog(tenant: string): ReturnType<StorageAdapter['catalog']> {
    await this.#shake(this.#shaking.scanFails, 0)
    return this.#inner.catalog(tenant)
  }

  deleteBefore(...args: Parameters<StorageAdapter['deleteBefore']>): Promise<void> {
    return this.#inner.deleteBefore(...args)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #shake(chance: number, mostTicks: number): Promise<void> {
    if (!this.#isCalm) {
      const ticks = this.#random.integer(0, mostTicks)
      const fails = this.#random.chance(chance)
      if (ticks > 0)
        await new Promise<void>((goOn) => {
          this.#waiting.push({ ticks, goOn })
        })
      if (fails && !this.#isCut && !this.#isCalm) throw shaken()
    }
    if (this.#isCut) await new Promise(() => {})
  }
}

function shaken(): WindrowError {
  return new WindrowError('STORAGE_FAILED', 'the storage shakes', { details: { retryable: true, shaken: true } })
}

export function isShaken(error: unknown): boolean {
  return error instanceof WindrowError && error.details?.['shaken'] === true
}
