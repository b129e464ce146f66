import { growFloat64, growUint8, growUint32 } from '../internal/grow.ts'
import { inBlocks } from '../snapshot/in-blocks.ts'
import { type LoadSection, SectionType } from '../snapshot/section-type.ts'
import type { SnapshotWriter } from '../snapshot/snapshot-writer.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { RecentTimes } from './recent-times.ts'
import { loadTimes, saveTimes } from './recent-times-state.ts'

/** Series of one block of bitmaps; blocks come as series do, so growth copies nothing. */
const BLOCK = 1_024
/** Beyond this many series the memory is not worth it. */
const MAX_SERIES = 1_000_000
/** Series in one section of a snapshot. */
const SERIES_PER_SECTION: number = 32 * BLOCK

/** Times are told apart by their low 32 bits. */
const MAX_HORIZON_MS: number = 2 ** 31 - 1
/** A span is kept in 32 bits. */
const MAX_SPAN: number = 2 ** 32 - 1

/** How the samples of a series are remembered. */
const Memory = { seconds: 0, times: 1, none: 2 } as const

/**
 * Which samples each series had, over a horizon. It tells a repeat from a sample that is merely late, however the
 * sender cut its batches the second time, and never takes a sample for a repeat that is none.
 *
 * A series begins as a ring of one bit a second, which stands for one sample exactly while all lie at the same
 * millisecond of their second and, of amounts, are for intervals of one length. At the first one that does not, the
 * series goes over to `RecentTimes`, with all that was seen before. Left alone are series with several samples a second
 * (more than 1.25 on the average of the horizon, at least), those for whose times there is no memory, those after the
 * first million, and single samples off the beat at a fraction of a millisecond or for an interval of over 49 days.
 *
 * The start of a sample is when the interval of an amount began, in ms; 0 where it has none or it is not known.
 */
export class SeenSeconds {
  readonly #bits: number
  readonly #words: number
  readonly #horizonMs: number
  readonly #blocks: Uint32Array[] = []
  readonly #times: RecentTimes
  #memories: Uint8Array = new Uint8Array(0)
  /** Where in its second a series reports, ms; NaN while that is not known. */
  #phaseMs: Float64Array = new Float64Array(0)
  /** Length of the intervals of a series on the beat, see `spanOf`. */
  #spans: Uint32Array = new Uint32Array(0)

  constructor(horizonMs: number, times: RecentTimes = new RecentTimes(Math.min(horizonMs, MAX_HORIZON_MS))) {
    this.#horizonMs = Math.min(horizonMs, MAX_HORIZON_MS)
    this.#words = Math.ceil((this.#horizonMs / 1_000 + 1) / 32)
    this.#bits = this.#words * 32
    this.#times = times
  }

  get bytes(): number {
    return this.#blocks.length * BLOCK * this.#words * 4 + this.#memories.length * 13 + this.#times.bytes
  }

  ensure(size: number): void {
    const covered = Math.min(size, MAX_SERIES)
    while (this.#blocks.length * BLOCK < covered) this.#blocks.push(new Uint32Array(BLOCK * this.#words))
    const capacity = this.#blocks.length * BLOCK
    if (this.#memories.length >= capacity) return
    this.#memories = growUint8(this.#memories, capacity)
    this.#phaseMs = growFloat64(this.#phaseMs, capacity, Number.NaN)
    this.#spans = growUint32(this.#spans, capacity)
  }

  /** Takes the newest sample of a series; `lastMs` is the time of the one before, -Infinity for the first. */
  advance(ref: number, lastMs: number, timeMs: number, startMs: number): void {
    if (ref >= this.#memories.length) return
    const second = Math.floor(timeMs / 1_000)
    const span = startMs === 0 ? 0 : spanOf(timeMs, startMs)
    if (this.#keepsBeat(ref, timeMs - second * 1_000, span)) {
      this.#clearSeconds(ref, lastMs, second)
      const bit = ringIndex(second, this.#bits)
      this.#blocks[Math.floor(ref / BLOCK)]![(ref % BLOCK) * this.#words + (bit >>> 5)]! |= 1 << (bit & 31)
      return
    }
    this.#leaveBeat(ref, lastMs)
    if (this.#memories[ref] === Memory.times && this.#times.append(ref, lastMs, timeMs, span) === 'no-room')
      this.#leaveAlone(ref)
  }

  /** Takes a sample that is not after the newest one, at `lastMs`; true when it was there before. */
  takeOlder(ref: number, lastMs: number, timeMs: number, startMs: number): boolean {
    if (ref >= this.#memories.length || lastMs - timeMs > this.#horizonMs) return false
    const second = Math.floor(timeMs / 1_000)
    const span = startMs === 0 ? 0 : spanOf(timeMs, startMs)
    if (this.#keepsBeat(ref, timeMs - second * 1_000, span)) {
      const bit = ringIndex(second, this.#bits)
      const at = (ref % BLOCK) * this.#words + (bit >>> 5)
      const block = this.#blocks[Math.floor(ref / BLOCK)]!
      const mask = 1 << (bit & 31)
      if ((block[at]! & mask) !== 0) return true
      block[at]! |= mask
      return false
    }
    this.#leaveBeat(ref, lastMs)
    if (this.#memories[ref] !== Memory.times) return false
    const entry = this.#times.take(ref, lastMs, timeMs, span)
    if (entry === 'no-room') this.#leaveAlone(ref)
    return entry === 'seen'
  }

  /** Whether a sample was there, of a series whose newest is at `lastMs`; learns nothing. */
  has(ref: number, lastMs: number, timeMs: number, startMs: number): boolean {
    if (ref >= this.#memories.length || timeMs > lastMs || lastMs - timeMs > this.#horizonMs) return false
    const span = startMs === 0 ? 0 : spanOf(timeMs, startMs)
    if (this.#memories[ref] === Memory.times) return this.#times.has(ref, lastMs, timeMs, span)
    const second = Math.floor(timeMs / 1_000)
    const isOnBeat = this.#phaseMs[ref] === timeMs - second * 1_000 && this.#spans[ref] === span
    return isOnBeat && this.#memories[ref] === Memory.seconds && this.#hasSecond(ref, second)
  }

  /** Writes what was seen of the first `size` series. */
  save(snapshot: SnapshotWriter, size: number): void {
    this.ensure(size)
    const saved = Math.min(size, this.#memories.length)
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
    writer.row(this.#memories, from, to)
    writer.row(this.#phaseMs, from, to)
    writer.row(this.#spans, from, to)
    for (let base = from; base < to; base += BLOCK)
      writer.row(this.#blocks[base / BLOCK]!, 0, Math.min(BLOCK, to - base) * this.#words)
    saveTimes(writer, this.#times, from, to)
  }

  #loadBlock(reader: StateReader, from: number, lastMsOf: (ref: number) => number): number {
    const { offset } = reader
    const words = reader.varint('words of a bitmap')
    const memories = reader.bytes('ways to remember')
    const phaseMs = reader.f64s('phases')
    const spans = reader.u32s('spans')
    const to = from + memories.length
    const isEven = phaseMs.length === memories.length && spans.length === memories.length
    if (!isEven || from % BLOCK !== 0 || to > MAX_SERIES || memories.some((memory) => memory > Memory.none))
      reader.corrupt(`${memories.length} bitmaps from series ${from} on cannot be`, offset)
    this.ensure(to)
    this.#memories.set(memories, from)
    this.#phaseMs.set(phaseMs, from)
    this.#spans.set(spans, from)
    for (let base = from; base < to; base += BLOCK) {
      const bitmaps = reader.u32s('bitmaps')
      const count = Math.min(BLOCK, to - base)
      if (bitmaps.length !== count * words) reader.corrupt(`${bitmaps.length} words are not ${count} bitmaps`, offset)
      if (words === this.#words) this.#blocks[base / BLOCK]!.set(bitmaps)
      else
        for (let i = 0; i < count; i++)
          this.#takeBitmap(bitmaps.subarray(i * words, (i + 1) * words), base + i, lastMsOf(base + i))
    }
    for (const ref of loadTimes(reader, this.#times, { from, to, horizonMs: this.#horizonMs, lastMsOf }))
      this.#leaveAlone(ref)
    return memories.length
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

  /** Whether the bits of a series can hold a sample. The first one sets the beat. */
  #keepsBeat(ref: number, phaseMs: number, span: number): boolean {
    if (this.#memories[ref] !== Memory.seconds) return false
    const ownMs = this.#phaseMs[ref]!
    if (phaseMs === ownMs) return span === this.#spans[ref]
    if (!Number.isNaN(ownMs) || span < 0) return false
    this.#phaseMs[ref] = phaseMs
    this.#spans[ref] = span
    return true
  }

  /** Turns bits into times. */
  #leaveBeat(ref: number, lastMs: number): void {
    if (this.#memories[ref] !== Memory.seconds) return
    this.#memories[ref] = Memory.times
    const phaseMs = this.#phaseMs[ref]!
    const last = Math.floor(lastMs / 1_000)
    // There are no bits at a beat that was never set, and none can be kept at a fraction of a millisecond.
    if (!Number.isInteger(phaseMs) || !Number.isFinite(last)) return
    const span = this.#spans[ref]!
    let beforeMs = Number.NEGATIVE_INFINITY
    for (let second = last - this.#bits + 1; second <= last; second++) {
      const timeMs = second * 1_000 + phaseMs
      if (lastMs - timeMs > this.#horizonMs || !this.#hasSecond(ref, second)) continue
      if (this.#times.append(ref, beforeMs, timeMs, span) === 'no-room') {
        this.#leaveAlone(ref)
        return
      }
      beforeMs = timeMs
    }
  }

  #leaveAlone(ref: number): void {
    this.#memories[ref] = Memory.none
    this.#times.drop(ref)
  }

  /** Clears the bits of the seconds after that of `lastMs`, up to and with `second`. */
  #clearSeconds(ref: number, lastMs: number, second: number): void {
    const block = this.#blocks[Math.floor(ref / BLOCK)]!
    const base = (ref % BLOCK) * this.#words
    const lastSecond = Math.floor(lastMs / 1_000)
    if (second - lastSecond >= this.#bits) {
      block.fill(0, base, base + this.#words)
      return
    }
    let bit = ringIndex(lastSecond + 1, this.#bits)
    for (let left = second - lastSecond; left > 0; ) {
      const inWord = Math.min(left, 32 - (bit & 31))
      block[base + (bit >>> 5)]! &= ~((0xffffffff >>> (32 - inWord)) << (bit & 31))
      left -= inWord
      bit += inWord
      if (bit === this.#bits) bit = 0
    }
  }

  #hasSecond(ref: number, second: number): boolean {
    const bit = ringIndex(second, this.#bits)
    const word = this.#blocks[Math.floor(ref / BLOCK)]![(ref % BLOCK) * this.#words + (bit >>> 5)]!
    return (word & (1 << (bit & 31))) !== 0
  }
}

function ringIndex(second: number, bits: number): number {
  const index = second % bits
  return index < 0 ? index + bits : index
}

/** Length of the interval an amount is for, plus 1 ms, as 0 is for none; -1 where 32 bits do not hold it. */
function spanOf(timeMs: number, startMs: number): number {
  const span = timeMs - startMs + 1
  return span >= 1 && span <= MAX_SPAN && Number.isInteger(span) ? span : -1
}
