import { growFloat64, growUint8 } from '../internal/grow.ts'

/** Series of one block of bitmaps; blocks come as series do, so growth copies nothing. */
const BLOCK = 1_024
/** Beyond this many series the memory is not worth it. */
const MAX_SERIES = 1_000_000

/**
 * Which seconds of each series had a sample, over a horizon: a ring of one bit a second. It tells a repeat from a
 * sample that is merely late, however the sender cut its batches the second time.
 *
 * A bit stands for one time exactly, because only series count whose samples all lie at the same millisecond of their
 * second. A series with jitter, or with two samples in a second, is `irregular` and left alone, as are series beyond
 * the first million.
 */
export class SeenSeconds {
  readonly #bits: number
  readonly #words: number
  readonly #horizonMs: number
  readonly #blocks: Uint32Array[] = []
  #irregular: Uint8Array = new Uint8Array(0)
  /** Where in its second a series reports, ms. */
  #phaseMs: Float64Array = new Float64Array(0)

  constructor(horizonMs: number) {
    this.#words = Math.ceil((horizonMs / 1_000 + 1) / 32)
    this.#bits = this.#words * 32
    this.#horizonMs = horizonMs
  }

  get bytes(): number {
    return this.#blocks.length * BLOCK * this.#words * 4 + this.#irregular.length * 9
  }

  ensure(size: number): void {
    const covered = Math.min(size, MAX_SERIES)
    while (this.#blocks.length * BLOCK < covered) this.#blocks.push(new Uint32Array(BLOCK * this.#words))
    const capacity = this.#blocks.length * BLOCK
    if (this.#irregular.length >= capacity) return
    this.#irregular = growUint8(this.#irregular, capacity)
    this.#phaseMs = growFloat64(this.#phaseMs, capacity)
  }

  /** Takes the newest sample of a series; `lastMs` is the one before, -Infinity for the first. */
  advance(ref: number, lastMs: number, timeMs: number): void {
    if (ref >= this.#irregular.length) return
    const second = Math.floor(timeMs / 1_000)
    if (lastMs === Number.NEGATIVE_INFINITY) this.#phaseMs[ref] = timeMs - second * 1_000
    else if (!this.#isRegular(ref, timeMs, second)) return
    const lastSecond = Math.floor(lastMs / 1_000)
    const block = this.#blocks[Math.floor(ref / BLOCK)]!
    const base = (ref % BLOCK) * this.#words
    if (second - lastSecond >= this.#bits) block.fill(0, base, base + this.#words)
    else
      for (let between = lastSecond + 1; between < second; between++) {
        const bit = this.#bitOf(between)
        block[base + (bit >>> 5)]! &= ~(1 << (bit & 31))
      }
    const bit = this.#bitOf(second)
    block[base + (bit >>> 5)]! |= 1 << (bit & 31)
  }

  /** Takes a sample that is older than the newest (one at its very time is new); true when it was there before. */
  takeOlder(ref: number, lastMs: number, timeMs: number): boolean {
    if (ref >= this.#irregular.length || timeMs === lastMs || lastMs - timeMs > this.#horizonMs) return false
    const second = Math.floor(timeMs / 1_000)
    if (!this.#isRegular(ref, timeMs, second)) return false
    const bit = this.#bitOf(second)
    const at = (ref % BLOCK) * this.#words + (bit >>> 5)
    const block = this.#blocks[Math.floor(ref / BLOCK)]!
    const mask = 1 << (bit & 31)
    if ((block[at]! & mask) !== 0) return true
    block[at]! |= mask
    return false
  }

  #isRegular(ref: number, timeMs: number, second: number): boolean {
    if (this.#irregular[ref] === 1) return false
    if (timeMs - second * 1_000 === this.#phaseMs[ref]) return true
    this.#irregular[ref] = 1
    return false
  }

  #bitOf(second: number): number {
    return ((second % this.#bits) + this.#bits) % this.#bits
  }
}
