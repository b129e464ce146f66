import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../aggregate/stats-cells.ts'
import { growFloat64 } from '../internal/grow.ts'
import type { RowView } from './row.ts'

/** Where the amounts of each series in a window are: a slot for each series, its `position`. */
export type AmountsBySeries = Pick<RowView, 'count' | 'stats' | 'hasSeen'>

/**
 * One window of a store that has a slot for each series, read as rows of groups: each series with amounts in the window
 * is one value, its sum over the window divided by `divisor`, and the columns are computed over these values. The
 * values of the slot asked for last are kept.
 */
export class SeriesValuesView implements RowView {
  #amounts: AmountsBySeries | undefined
  #positions: readonly (readonly number[])[] = []
  #divisor = 1
  /** -1 = none. */
  #slot = -1
  #samples = 0
  #valueCount = 0
  #values: Float64Array = new Float64Array(16)
  readonly #stats = new StatsCells(1)
  readonly #sketch = new ExponentialSketch()
  #sketchSlot = -1

  /**
   * Stands for another window. `positions` are the series of each group slot; it may grow between two windows, and a
   * group without an entry has no series. `divisor` is 1 for an increase, the window's seconds for a rate.
   */
  open(amounts: AmountsBySeries, positions: readonly (readonly number[])[], divisor: number): void {
    this.#amounts = amounts
    this.#positions = positions
    this.#divisor = divisor
    this.#slot = -1
    this.#sketchSlot = -1
  }

  /** Series of the group that have a value. */
  count(slot: number): number {
    this.#collect(slot)
    return this.#valueCount
  }

  /** Amounts that went into the values of a group. */
  samples(slot: number): number {
    this.#collect(slot)
    return this.#samples
  }

  stats(slot: number): StatsCells {
    this.#collect(slot)
    return this.#stats
  }

  sketch(slot: number): ExponentialSketch | undefined {
    this.#collect(slot)
    const sketch = this.#sketch
    if (this.#sketchSlot !== slot) {
      this.#sketchSlot = slot
      sketch.reset()
      sketch.addMany(this.#values, 0, this.#valueCount)
    }
    return sketch.count === 0 ? undefined : sketch
  }

  /** No: what a series grew by is not read from buckets. */
  hasBoundExtremes(): boolean {
    return false
  }

  hasSeen(position: number): boolean {
    return this.#amounts?.hasSeen(position) === true
  }

  #collect(slot: number): void {
    if (slot === this.#slot) return
    this.#slot = slot
    this.#samples = 0
    this.#valueCount = 0
    this.#stats.clear()
    const amounts = this.#amounts
    const positions = this.#positions[slot]
    if (amounts === undefined || positions === undefined) return
    if (positions.length > this.#values.length)
      this.#values = growFloat64(this.#values, Math.max(positions.length, this.#values.length * 2))
    for (const position of positions) {
      const samples = amounts.count(position)
      if (samples === 0) continue
      this.#samples += samples
      const sum = amounts.stats(position).sum(0)
      // Infinities of both signs have no sum, so the series has no value.
      if (sum === null) continue
      const value = sum / this.#divisor
      this.#values[this.#valueCount++] = value
      this.#stats.add(0, value)
    }
  }
}
