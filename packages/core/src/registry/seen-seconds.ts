import { growUint8 } from '../internal/grow.ts'

/** Series of one block of bitmaps; blocks come as series do, so growth copies nothing. */
const BLOCK = 1_024
/** Beyond this many series the memory is not worth it. */
const MAX_SERIES = 1_000_000

/**
 * Which seconds of each series had a sample, over a horizon: a ring of one bit a second. It tells a repeat from a
 * sample that is merely late, however the sender cut its batches the second time. Series that report more often than
 * once a second cannot be told apart so and are left alone, as are series beyond the first million.
 */
export class SeenSeconds {
  readonly #words: number
  readonly #horizonMs: number
  readonly #blocks: Uint32Array[] = []
  /** 1 = has had two samples in one second. */
  #dense: Uint8Array = new Uint8Array(0)

  constructor(horizonMs: number) {
    this.#words = Math.ceil((horizonMs / 1_000 + 1) / 32)
    this.#horizonMs = horizonMs
  }

  get bytes(): number {
    return this.#blocks.length * BLOCK * this.#words * 4 + this.#dense.length
  }

  ensure(size: number): void {
    const covered = Math.min(size, MAX_SERIES)
    while (this.#blocks.length * BLOCK < covered) this.#blocks.push(new Uint32Array(BLOCK * this.#words))
    if (this.#dense.length < this.#blocks.length * BLOCK)
      this.#dense = growUint8(this.#dense, this.#blocks.length * BLOCK)
  }

  /** Takes the newest sample of a series; `lastMs` is the one before, -Infinity for the first. */
  advance(ref: number, lastMs: number, timeMs: number): void {
    if (ref >= this.#dense.length) return
    const bits = this.#words * 32
    const second = Math.floor(timeMs / 1_000)
    const lastSecond = Math.floor(lastMs / 1_000)
    if (second === lastSecond) {
      this.#dense[ref] = 1
      return
    }
    const block = this.#blocks[Math.floor(ref / BLOCK)]!
    const base = (ref % BLOCK) * this.#words
    if (second - lastSecond >= bits) block.fill(0, base, base + this.#words)
    else
      for (let between = lastSecond + 1; between < second; between++) {
        const bit = ((between % bits) + bits) % bits
        block[base + (bit >>> 5)]! &= ~(1 << (bit & 31))
      }
    const bit = ((second % bits) + bits) % bits
    block[base + (bit >>> 5)]! |= 1 << (bit & 31)
  }

  /** Takes a sample that is older than the newest; true when it was there before. */
  takeOlder(ref: number, lastMs: number, timeMs: number): boolean {
    if (ref >= this.#dense.length || this.#dense[ref] === 1 || lastMs - timeMs > this.#horizonMs) return false
    const second = Math.floor(timeMs / 1_000)
    if (second === Math.floor(lastMs / 1_000)) {
      this.#dense[ref] = 1
      return false
    }
    const bits = this.#words * 32
    const bit = ((second % bits) + bits) % bits
    const at = (ref % BLOCK) * this.#words + (bit >>> 5)
    const block = this.#blocks[Math.floor(ref / BLOCK)]!
    const mask = 1 << (bit & 31)
    if ((block[at]! & mask) !== 0) return true
    block[at]! |= mask
    return false
  }
}
