import { growFloat64, growUint8 } from '../internal/grow.ts'
import { inBlocks } from '../snapshot/in-blocks.ts'
import { type LoadSection, SectionType } from '../snapshot/section-type.ts'
import type { SnapshotWriter } from '../snapshot/snapshot-writer.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

/** Series of one block of bitmaps; blocks come as series do, so growth copies nothing. */
const BLOCK = 1_024
/** Beyond this many series the memory is not worth it. */
const MAX_SERIES = 1_000_000
/** Series in one section of a snapshot. */
const SERIES_PER_SECTION: number = 32 * BLOCK

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
  /** Where in its second a series reports, ms; NaN while that is not known. */
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
    this.#phaseMs = growFloat64(this.#phaseMs, capacity, Number.NaN)
  }

  /** Takes the newest sample of a series; `lastMs` is the one before, -Infinity for the first. */
  advance(ref: number, lastMs: number, timeMs: number): void {
    if (ref >= this.#irregular.length) return
    const second = Math.floor(timeMs / 1_000)
    if (Number.isNaN(this.#phaseMs[ref])) this.#phaseMs[ref] = timeMs - second * 1_000
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

  /** Writes what was seen of the first `size` series. */
  save(snapshot: SnapshotWriter, size: number): void {
    this.ensure(size)
    const saved = Math.min(size, this.#irregular.length)
    snapshot.sections(
      SectionType.seenSeconds,
      inBlocks(saved, SERIES_PER_SECTION, (writer, from, to) => this.#saveBlock(writer, from, to)),
    )
  }

  /**
   * What reads the sections back, when nothing was seen yet. The horizon may be another than it was: the seconds that
   * both cover are kept. `lastMsOf`: the greatest time of a series before the snapshot.
   */
  loader(lastMsOf: (ref: number) => number): LoadSection {
    let loaded = 0
    return (reader) => {
      loaded += this.#loadBlock(reader, loaded, lastMsOf)
    }
  }

  #saveBlock(writer: StateWriter, from: number, to: number): void {
    writer.varint(this.#words)
    writer.row(this.#irregular, from, to)
    writer.row(this.#phaseMs, from, to)
    for (let base = from; base < to; base += BLOCK)
      writer.row(this.#blocks[base / BLOCK]!, 0, Math.min(BLOCK, to - base) * this.#words)
  }

  #loadBlock(reader: StateReader, from: number, lastMsOf: (ref: number) => number): number {
    const { offset } = reader
    const words = reader.varint('words of a bitmap')
    const irregular = reader.bytes('irregular series')
    const phaseMs = reader.f64s('phases')
    const to = from + irregular.length
    if (phaseMs.length !== irregular.length || from % BLOCK !== 0 || to > MAX_SERIES)
      reader.corrupt(`${irregular.length} bitmaps from series ${from} on cannot be`, offset)
    this.ensure(to)
    this.#irregular.set(irregular, from)
    this.#phaseMs.set(phaseMs, from)
    for (let base = from; base < to; base += BLOCK) {
      const bitmaps = reader.u32s('bitmaps')
      const count = Math.min(BLOCK, to - base)
      if (bitmaps.length !== count * words) reader.corrupt(`${bitmaps.length} words are not ${count} bitmaps`, offset)
      if (words === this.#words) this.#blocks[base / BLOCK]!.set(bitmaps)
      else
        for (let i = 0; i < count; i++)
          this.#takeBitmap(bitmaps.subarray(i * words, (i + 1) * words), base + i, lastMsOf(base + i))
    }
    return irregular.length
  }

  /** Takes the bits of a ring of another length, which ends at the second of `lastMs`. */
  #takeBitmap(bitmap: Uint32Array, ref: number, lastMs: number): void {
    if (!Number.isFinite(lastMs)) return
    const block = this.#blocks[Math.floor(ref / BLOCK)]!
    const base = (ref % BLOCK) * this.#words
    const bits = bitmap.length * 32
    const last = Math.floor(lastMs / 1_000)
    for (let second = last - Math.min(bits, this.#bits) + 1; second <= last; second++) {
      const from = ringIndex(second, bits)
      if ((bitmap[from >>> 5]! & (1 << (from & 31))) === 0) continue
      const bit = ringIndex(second, this.#bits)
      block[base + (bit >>> 5)]! |= 1 << (bit & 31)
    }
  }

  #isRegular(ref: number, timeMs: number, second: number): boolean {
    if (this.#irregular[ref] === 1) return false
    const phaseMs = this.#phaseMs[ref]!
    if (timeMs - second * 1_000 === phaseMs) return true
    if (!Number.isNaN(phaseMs)) this.#irregular[ref] = 1
    return false
  }

  #bitOf(second: number): number {
    return ringIndex(second, this.#bits)
  }
}

function ringIndex(second: number, bits: number): number {
  return ((second % bits) + bits) % bits
}
