import { growFloat64 } from '../internal/grow.ts'
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
