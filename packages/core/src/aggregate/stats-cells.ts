import { growFloat64 } from '../internal/grow.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

/**
 * count, sum, min and max of many slots. The cells of a slot lie side by side, one cache line a slot, because
 * the samples of one payload go to many stores and each touches a single slot of each.
 */
export const CELL_STRIDE = 8
export const CELL_COUNT = 0
export const CELL_SUM = 1
/** Neumaier's running compensation; the true sum is `sum + compensation`. */
export const CELL_COMPENSATION = 2
export const CELL_MIN = 3
export const CELL_MAX = 4

/** Sums that leave the doubles go on at this scale: 2^-128. */
const SHIFT = 2 ** -128

/**
 * A sum that met an infinity or left the range of doubles. The slot's `CELL_SUM` is then NaN for good, which
 * sends every further add of the slot here without a test on the fast path.
 */
interface WideSum {
  positiveInfinities: number
  negativeInfinities: number
  /** Finite part, times 2^-128. */
  scaledSum: number
  scaledCompensation: number
}

const NO_WIDE: ReadonlyMap<number, WideSum> = new Map()

export class StatsCells {
  cells: Float64Array
  #wide: Map<number, WideSum> | undefined

  constructor(slots: number) {
    this.cells = emptyCells(slots)
  }

  get slots(): number {
    return this.cells.length / CELL_STRIDE
  }

  get bytes(): number {
    return this.cells.byteLength + (this.#wide?.size ?? 0) * 96
  }

  grow(slots: number): void {
    const from = this.cells
    this.cells = growFloat64(from, slots * CELL_STRIDE)
    initialise(this.cells, from.length)
  }

  clear(): void {
    this.cells.fill(0)
    initialise(this.cells, 0)
    this.#wide = undefined
  }

  /** Writes the cells as they lie in memory. */
  save(writer: StateWriter): void {
    writer.varint(CELL_STRIDE)
    writer.row(this.cells)
    const wide = this.#wide ?? NO_WIDE
    writer.varint(wide.size)
    for (const [slot, sum] of wide) {
      writer.varint(slot)
      writer.varint(sum.positiveInfinities)
      writer.varint(sum.negativeInfinities)
      writer.f64(sum.scaledSum)
      writer.f64(sum.scaledCompensation)
    }
  }

  /** Takes on what `save` wrote, in the place of everything it has. */
  load(reader: StateReader): void {
    const { offset } = reader
    const stride = reader.varint('cells of a slot')
    const cells = reader.f64s('cells')
    if (stride !== CELL_STRIDE || cells.length % stride !== 0)
      reader.corrupt(`${cells.length} cells, ${stride} a slot, are not ${CELL_STRIDE} a slot`, offset)
    this.cells = cells
    this.#wide = undefined
    for (let left = reader.count('wide sums'); left > 0; left--) {
      this.#wide ??= new Map()
      this.#wide.set(reader.index('slot', this.slots), {
        positiveInfinities: reader.varint('infinities'),
        negativeInfinities: reader.varint('infinities'),
        scaledSum: reader.f64('sum'),
        scaledCompensation: reader.f64('compensation of a sum'),
      })
    }
  }

  /** Empties one slot. */
  clearSlot(slot: number): void {
    const { cells } = this
    const at = slot * CELL_STRIDE
    cells[at + CELL_COUNT] = 0
    cells[at + CELL_SUM] = 0
    cells[at + CELL_COMPENSATION] = 0
    cells[at + CELL_MIN] = Number.POSITIVE_INFINITY
    cells[at + CELL_MAX] = Number.NEGATIVE_INFINITY
    this.#wide?.delete(slot)
  }

  /**
   * Adds one value. NaN is the caller's to keep out. Sums are compensated after Neumaier ("Rundungsfehleranalyse
   * einiger Verfahren zur Summation endlicher Summen", 1974), which keeps small terms beside large ones.
   */
  add(slot: number, value: number): void {
    const cells = this.cells
    const at = slot * CELL_STRIDE
    const v = value + 0 // -0 becomes 0
    const sum = cells[at + CELL_SUM]!
    const total = sum + v
    cells[at + CELL_COUNT]! += 1
    if (total - total !== 0) this.#addWide(slot, v)
    else {
      cells[at + CELL_COMPENSATION]! += Math.abs(sum) >= Math.abs(v) ? sum - total + v : v - total + sum
      cells[at + CELL_SUM] = total
    }
    if (v < cells[at + CELL_MIN]!) cells[at + CELL_MIN] = v
    if (v > cells[at + CELL_MAX]!) cells[at + CELL_MAX] = v
  }

  /** Adds `count` events with a known sum and extremes (NaN extremes = unknown). */
  addTotals(slot: number, count: number, sum: number, min: number, max: number): void {
    const cells = this.cells
    const at = slot * CELL_STRIDE
    cells[at + CELL_COUNT]! += count
    this.#addSum(slot, sum)
    if (min < cells[at + CELL_MIN]!) cells[at + CELL_MIN] = min + 0
    if (max > cells[at + CELL_MAX]!) cells[at + CELL_MAX] = max + 0
  }

  /** Merges a slot of other cells into one of these. */
  merge(slot: number, from: StatsCells, fromSlot: number): void {
    const cells = this.cells
    const other = from.cells
    const at = slot * CELL_STRIDE
    const o = fromSlot * CELL_STRIDE
    cells[at + CELL_COUNT]! += other[o + CELL_COUNT]!
    if (other[o + CELL_MIN]! < cells[at + CELL_MIN]!) cells[at + CELL_MIN] = other[o + CELL_MIN]!
    if (other[o + CELL_MAX]! > cells[at + CELL_MAX]!) cells[at + CELL_MAX] = other[o + CELL_MAX]!
    const wide = from.#wide?.get(fromSlot)
    if (wide === undefined) {
      this.#addSum(slot, other[o + CELL_SUM]!)
      this.#addSum(slot, other[o + CELL_COMPENSATION]!)
      return
    }
    const mine = this.#widen(slot)
    mine.positiveInfinities += wide.positiveInfinities
    mine.negativeInfinities += wide.negativeInfinities
    addScaled(mine, wide.scaledSum)
    addScaled(mine, wide.scaledCompensation)
  }

  count(slot: number): number {
    return this.cells[slot * CELL_STRIDE + CELL_COUNT]!
  }

  /**
   * +-Infinity when such a value was added or the sum is beyond the doubles; null when both signs were added, or a
   * distribution whose sender gave no sum.
   */
  sum(slot: number): number | null {
    const wide = this.#wide?.get(slot)
    if (wide === undefined) {
      const at = slot * CELL_STRIDE
      return this.cells[at + CELL_SUM]! + this.cells[at + CELL_COMPENSATION]!
    }
    const infinite = infinity(wide)
    if (infinite !== 0) return infinite
    return known((wide.scaledSum + wide.scaledCompensation) / SHIFT)
  }

  /** sum / count, right also where the sum alone is beyond the doubles; null for an empty slot. */
  mean(slot: number): number | null {
    const count = this.count(slot)
    if (count === 0) return null
    const wide = this.#wide?.get(slot)
    if (wide === undefined) return this.sum(slot)! / count
    const infinite = infinity(wide)
    if (infinite !== 0) return infinite
    return known((wide.scaledSum + wide.scaledCompensation) / count / SHIFT)
  }

  min(slot: number): number | null {
    const at = slot * CELL_STRIDE
    return this.#extreme(at, this.cells[at + CELL_MIN]!, Number.POSITIVE_INFINITY)
  }

  max(slot: number): number | null {
    const at = slot * CELL_STRIDE
    return this.#extreme(at, this.cells[at + CELL_MAX]!, Number.NEGATIVE_INFINITY)
  }

  #extreme(at: number, value: number, empty: number): number | null {
    if (this.cells[at + CELL_COUNT] === 0) return null
    // The start value is also a possible sample; only the wide sum knows whether one came.
    if (value === empty) {
      const wide = this.#wide?.get(at / CELL_STRIDE)
      const seen = empty > 0 ? wide?.positiveInfinities : wide?.negativeInfinities
      return seen === undefined || seen === 0 ? null : value
    }
    return value
  }

  #addSum(slot: number, value: number): void {
    const cells = this.cells
    const at = slot * CELL_STRIDE
    const sum = cells[at + CELL_SUM]!
    const total = sum + value
    if (total - total !== 0) {
      this.#addWide(slot, value)
      return
    }
    cells[at + CELL_COMPENSATION]! += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    cells[at + CELL_SUM] = total
  }

  #addWide(slot: number, value: number): void {
    const wide = this.#widen(slot)
    if (value === Number.POSITIVE_INFINITY) wide.positiveInfinities++
    else if (value === Number.NEGATIVE_INFINITY) wide.negativeInfinities++
    else addScaled(wide, value * SHIFT)
  }

  #widen(slot: number): WideSum {
    this.#wide ??= new Map()
    const known = this.#wide.get(slot)
    if (known !== undefined) return known
    const at = slot * CELL_STRIDE
    const wide: WideSum = {
      positiveInfinities: 0,
      negativeInfinities: 0,
      scaledSum: this.cells[at + CELL_SUM]! * SHIFT,
      scaledCompensation: this.cells[at + CELL_COMPENSATION]! * SHIFT,
    }
    this.cells[at + CELL_SUM] = Number.NaN
    this.#wide.set(slot, wide)
    return wide
  }
}

function addScaled(wide: WideSum, value: number): void {
  const sum = wide.scaledSum
  const total = sum + value
  wide.scaledCompensation += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
  wide.scaledSum = total
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

function infinity(wide: WideSum): number | null {
  if (wide.positiveInfinities > 0) return wide.negativeInfinities > 0 ? null : Number.POSITIVE_INFINITY
  return wide.negativeInfinities > 0 ? Number.NEGATIVE_INFINITY : 0
}

function emptyCells(slots: number): Float64Array {
  const cells = new Float64Array(slots * CELL_STRIDE)
  initialise(cells, 0)
  return cells
}

function initialise(cells: Float64Array, from: number): void {
  for (let at = from; at < cells.length; at += CELL_STRIDE) {
    cells[at + CELL_MIN] = Number.POSITIVE_INFINITY
    cells[at + CELL_MAX] = Number.NEGATIVE_INFINITY
  }
}
