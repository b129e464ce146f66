import { growFloat32, growFloat64, growUint8 } from '../internal/grow.ts'
import { inBlocks } from '../snapshot/in-blocks.ts'
import { type SectionLoaders, SectionType } from '../snapshot/section-type.ts'
import type { SnapshotWriter } from '../snapshot/snapshot-writer.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

/** Gaps needed before a reporting interval is believed. */
const GAPS_TO_KNOW = 3

/** Series in one section of a snapshot. */
const SERIES_PER_SECTION = 65_536

const NONE_ENDED: ReadonlyMap<number, number> = new Map()

/**
 * What the engine remembers of every series between batches: the first and the newest sample, and how often
 * it reports. Columns over `SeriesRef`, grown with the registry.
 */
export class SeriesProgress {
  /** Time of the first sample since the series began or last came back, ms; +Infinity while it is not expected. */
  firstMs: Float64Array = new Float64Array(0)
  /** Greatest sample time taken, ms; -Infinity before the first. */
  lastMs: Float64Array = new Float64Array(0)
  lastValue: Float64Array = new Float64Array(0)
  /** Start time of the newest sample, for amounts over an interval. */
  lastStartMs: Float64Array = new Float64Array(0)
  #intervalMs: Float32Array = new Float32Array(0)
  #gaps: Uint8Array = new Uint8Array(0)
  /** When a series was said to have ended, ms; only of those that have not come back. */
  readonly #endedMs = new Map<number, number>()

  get bytes(): number {
    return this.lastMs.length * 37 + this.#endedMs.size * 48
  }

  ensure(size: number): void {
    const from = this.lastMs.length
    if (size <= from) return
    const capacity = Math.max(1024, size, from * 2)
    this.firstMs = growFloat64(this.firstMs, capacity, Number.POSITIVE_INFINITY)
    this.lastMs = growFloat64(this.lastMs, capacity, Number.NEGATIVE_INFINITY)
    this.lastValue = growFloat64(this.lastValue, capacity)
    this.lastStartMs = growFloat64(this.lastStartMs, capacity)
    this.#intervalMs = growFloat32(this.#intervalMs, capacity)
    this.#gaps = growUint8(this.#gaps, capacity)
  }

  /** Takes a sample later than every one before. */
  advance(ref: number, timeMs: number, value: number): void {
    const last = this.lastMs[ref]!
    this.lastMs[ref] = timeMs
    this.lastValue[ref] = value
    if (this.firstMs[ref] === Number.POSITIVE_INFINITY) this.#begin(ref, timeMs)
    else this.#learnInterval(ref, timeMs - last)
  }

  /**
   * Takes word that a series ended at `timeMs`: no sample of it is expected, from now until one at or after that time
   * comes. Word from before its newest sample says nothing.
   */
  end(ref: number, timeMs: number): void {
    if (timeMs <= this.lastMs[ref]! || timeMs <= (this.#endedMs.get(ref) ?? Number.NEGATIVE_INFINITY)) return
    this.#endedMs.set(ref, timeMs)
    this.firstMs[ref] = Number.POSITIVE_INFINITY
  }

  /** Takes a sample that is not the newest; it does not bring an ended series back. */
  takeOlder(ref: number, timeMs: number): void {
    if (timeMs < this.firstMs[ref]! && this.firstMs[ref] !== Number.POSITIVE_INFINITY) this.firstMs[ref] = timeMs
  }

  /** The usual time between samples, ms; NaN while fewer than three gaps were seen. */
  intervalMs(ref: number): number {
    return this.#gaps[ref]! < GAPS_TO_KNOW ? Number.NaN : this.#intervalMs[ref]!
  }

  /** Writes what is known of the first `size` series. */
  save(snapshot: SnapshotWriter, size: number): void {
    this.ensure(size)
    snapshot.sections(
      SectionType.seriesProgress,
      inBlocks(size, SERIES_PER_SECTION, (writer, from, to) => this.#saveBlock(writer, from, to)),
    )
  }

  /** What reads the sections back, into a progress that knows nothing yet. */
  loaders(): SectionLoaders {
    let loaded = 0
    return {
      [SectionType.seriesProgress]: (reader) => {
        loaded += this.#loadBlock(reader, loaded)
      },
    }
  }

  #saveBlock(writer: StateWriter, from: number, to: number): void {
    writer.row(this.firstMs, from, to)
    writer.row(this.lastMs, from, to)
    writer.row(this.lastValue, from, to)
    writer.row(this.lastStartMs, from, to)
    writer.row(this.#intervalMs, from, to)
    writer.row(this.#gaps, from, to)
    // All that ended are in the first section.
    const ended = from === 0 ? this.#endedMs : NONE_ENDED
    writer.varint(ended.size)
    for (const [ref, endedMs] of ended) {
      writer.varint(ref)
      writer.f64(endedMs)
    }
  }

  #loadBlock(reader: StateReader, from: number): number {
    const { offset } = reader
    const columns = [
      reader.f64s('first times'),
      reader.f64s('last times'),
      reader.f64s('last values'),
      reader.f64s('last start times'),
      reader.f32s('intervals'),
      reader.bytes('numbers of gaps'),
    ] as const
    const [firstMs, lastMs, lastValue, lastStartMs, intervalMs, gaps] = columns
    if (columns.some((column) => column.length !== gaps.length))
      reader.corrupt('columns of series are not of one length', offset)
    this.ensure(from + gaps.length)
    this.firstMs.set(firstMs, from)
    this.lastMs.set(lastMs, from)
    this.lastValue.set(lastValue, from)
    this.lastStartMs.set(lastStartMs, from)
    this.#intervalMs.set(intervalMs, from)
    this.#gaps.set(gaps, from)
    for (let left = reader.count('ended series', 9); left > 0; left--)
      this.#endedMs.set(reader.varint('series'), reader.f64('time of an end'))
    return gaps.length
  }

  #begin(ref: number, timeMs: number): void {
    const endedMs = this.#endedMs.get(ref)
    if (endedMs !== undefined && timeMs < endedMs) return
    this.#endedMs.delete(ref)
    this.firstMs[ref] = timeMs
  }

  /**
   * A running median in four bytes: the estimate moves a tenth of itself towards each gap, so a few lost samples
   * barely move it (after "Frugal Streaming for Estimating Quantiles", Ma, Muthukrishnan and Sandler, 2014).
   */
  #learnInterval(ref: number, gapMs: number): void {
    const gaps = this.#gaps[ref]!
    const interval = this.#intervalMs[ref]!
    if (gaps === 0) this.#intervalMs[ref] = gapMs
    else if (gaps < GAPS_TO_KNOW) this.#intervalMs[ref] = Math.min(interval, gapMs)
    else if (gapMs > interval) this.#intervalMs[ref] = Math.min(gapMs, interval * 1.1)
    else if (gapMs < interval) this.#intervalMs[ref] = Math.max(gapMs, interval * 0.9)
    if (gaps < GAPS_TO_KNOW) this.#gaps[ref] = gaps + 1
  }
}
