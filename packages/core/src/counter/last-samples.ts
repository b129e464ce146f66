import { growFloat64 } from '../internal/grow.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { continuityOf, increaseBetween, increaseFromZero } from './pair-rule.ts'

/** After so many samples left out in a row, whoever writes next is followed: the one followed so far has gone. */
const MOST_LEFT_OUT = 16

/** Writers that overlap with the one followed and started before it. */
interface Rivals {
  /** The latest start time among them. */
  startMs: number
  /** Their samples since the last one of the writer followed. */
  leftOut: number
}

/**
 * The sample of each slot that the next one is paired with, and the pairing itself.
 *
 * Of writers that overlap the one that started last is followed and the others are left out, which removes the overlap
 * and never counts a stretch of time twice. The first sample of a writer that is newly followed is a base line, so an
 * amount is always what one writer counted. A writer left out is followed again when it alone is left: when the
 * latest-started of those left out reports twice without a word from the one followed.
 */
export class LastSamples {
  /** Time of the last sample paired, left out or not; -Infinity before the first. */
  timesMs: Float64Array = new Float64Array(0)
  /** Of the writer that is followed. */
  #values: Float64Array = new Float64Array(0)
  #startsMs: Float64Array = new Float64Array(0)
  /** By slot; only of those that overlap now. */
  readonly #rivals = new Map<number, Rivals>()
  /** Samples that showed that their counter began anew. */
  resets = 0
  /** Samples of writers that overlap, which gave no amount. */
  overlaps = 0
  /** Samples whose amount cannot be told from their values. */
  indeterminate = 0

  get bytes(): number {
    return this.timesMs.length * 24 + this.#rivals.size * 64
  }

  ensureSlots(capacity: number): void {
    this.timesMs = growFloat64(this.timesMs, capacity, Number.NEGATIVE_INFINITY)
    this.#values = growFloat64(this.#values, capacity)
    this.#startsMs = growFloat64(this.#startsMs, capacity)
  }

  clear(slot: number): void {
    this.timesMs[slot] = Number.NEGATIVE_INFINITY
    this.#rivals.delete(slot)
  }

  hasLast(slot: number): boolean {
    return this.timesMs[slot] !== Number.NEGATIVE_INFINITY
  }

  /** Takes the first sample of a slot. Returns its amount, NaN when it is only a base line. */
  begin(slot: number, timeMs: number, value: number, startMs: number, counts: boolean): number {
    this.#follow(slot, timeMs, value, startMs)
    return counts ? this.#known(increaseFromZero(value)) : Number.NaN
  }

  /** Takes the next sample of a slot, later than the last. Returns its amount, NaN when it has none. */
  pair(slot: number, timeMs: number, value: number, startMs: number): number {
    const lastValue = this.#values[slot]!
    const continuity = continuityOf(this.timesMs[slot]!, this.#startsMs[slot]!, timeMs, startMs)
    if (continuity === 'older-writer' && !this.#takesOver(slot, startMs)) {
      this.timesMs[slot] = timeMs
      this.overlaps++
      return Number.NaN
    }
    if (this.#rivals.size > 0) this.#rivals.delete(slot)
    this.#follow(slot, timeMs, value, startMs)
    if (continuity === 'older-writer' || continuity === 'newer-writer') {
      this.overlaps++
      return Number.NaN
    }
    if (continuity === 'continued' && value >= lastValue) return this.#known(increaseBetween(lastValue, value))
    this.resets++
    return this.#known(increaseFromZero(value))
  }

  /** Writes the first `slots` slots, and the counters. */
  save(writer: StateWriter, slots: number): void {
    writer.row(this.timesMs, 0, slots)
    writer.row(this.#values, 0, slots)
    writer.row(this.#startsMs, 0, slots)
    writer.varint(this.#rivals.size)
    for (const [slot, { startMs, leftOut }] of this.#rivals) {
      writer.varint(slot)
      writer.f64(startMs)
      writer.varint(leftOut)
    }
    writer.varint(this.resets)
    writer.varint(this.overlaps)
    writer.varint(this.indeterminate)
  }

  /** Reads what `save` wrote of as many slots, when there is nothing yet. */
  load(reader: StateReader, slots: number): void {
    const { offset } = reader
    const timesMs = reader.f64s('times of last samples')
    const values = reader.f64s('values of last samples')
    const startsMs = reader.f64s('start times of last samples')
    if (timesMs.length !== slots || values.length !== slots || startsMs.length !== slots)
      reader.corrupt(`last samples are not those of ${slots} series`, offset)
    this.ensureSlots(slots)
    this.timesMs.set(timesMs)
    this.#values.set(values)
    this.#startsMs.set(startsMs)
    for (let left = reader.count('series with writers that overlap', 10); left > 0; left--) {
      const slot = reader.index('slot', slots)
      const startMs = reader.f64('start time of a writer')
      this.#rivals.set(slot, { startMs, leftOut: reader.index('samples left out', MOST_LEFT_OUT + 1) })
    }
    this.resets = reader.varint('resets')
    this.overlaps = reader.varint('overlaps')
    this.indeterminate = reader.varint('samples without an amount')
  }

  #follow(slot: number, timeMs: number, value: number, startMs: number): void {
    this.timesMs[slot] = timeMs
    this.#values[slot] = value
    this.#startsMs[slot] = startMs
  }

  #takesOver(slot: number, startMs: number): boolean {
    const rivals = this.#rivals.get(slot)
    if (rivals === undefined) {
      this.#rivals.set(slot, { startMs, leftOut: 1 })
      return false
    }
    if (startMs === rivals.startMs || rivals.leftOut === MOST_LEFT_OUT) return true
    if (startMs > rivals.startMs) rivals.startMs = startMs
    rivals.leftOut++
    return false
  }

  #known(amount: number): number {
    if (Number.isNaN(amount)) this.indeterminate++
    return amount
  }
}
