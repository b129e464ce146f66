import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

/**
 * Remembers batch ids for a horizon, so that a payload sent again because its answer was lost counts once.
 * Bounded: beyond `maxIds` the oldest are forgotten early.
 */
export class BatchDedup {
  readonly #horizonMs: number
  #extraMs = 0
  readonly #maxIds: number
  /** Insertion order is time order. */
  readonly #seenAtMs = new Map<string, number>()

  constructor(horizonMs: number, maxIds = 1_000_000) {
    this.#horizonMs = horizonMs
    this.#maxIds = maxIds
  }

  get size(): number {
    return this.#seenAtMs.size
  }

  /** Remembers ids for `extraMs` beyond the horizon from now on, unless it does for longer. */
  extend(extraMs: number): void {
    this.#extraMs = Math.max(this.#extraMs, extraMs)
  }

  has(batchId: string): boolean {
    return this.#seenAtMs.has(batchId)
  }

  remember(batchId: string, nowMs: number): void {
    this.#seenAtMs.set(batchId, nowMs)
    if (this.#seenAtMs.size > this.#maxIds) this.#forgetOldest()
  }

  /** Forgets what is older than the horizon. What came before the clock was set counts from its first setting. */
  expire(nowMs: number): void {
    if (!Number.isFinite(nowMs)) return
    for (const [batchId, seenAtMs] of this.#seenAtMs) {
      if (!Number.isFinite(seenAtMs)) {
        this.#seenAtMs.set(batchId, nowMs)
        continue
      }
      if (seenAtMs > nowMs - this.#horizonMs - this.#extraMs) return
      this.#seenAtMs.delete(batchId)
    }
  }

  save(writer: StateWriter): void {
    writer.varint(this.#extraMs)
    writer.varint(this.#seenAtMs.size)
    for (const [batchId, seenAtMs] of this.#seenAtMs) {
      writer.text(batchId)
      writer.f64(seenAtMs)
    }
  }

  /** Remembers what `save` wrote, as of the times at which it came. */
  load(reader: StateReader): void {
    this.extend(reader.varint('extra horizon of batch ids'))
    for (let left = reader.count('batch ids', 9); left > 0; left--)
      this.remember(reader.text('batch id'), reader.f64('time of a batch'))
  }

  #forgetOldest(): void {
    for (const batchId of this.#seenAtMs.keys()) {
      this.#seenAtMs.delete(batchId)
      return
    }
  }
}
