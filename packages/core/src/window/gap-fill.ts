import type { ColumnPlan, FillPlan } from '../plan/query-plan.ts'
import { loadValues, saveValues } from '../result/result-state.ts'
import type { ResultValue } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { WindowScheme } from './window-scheme.ts'

/** How long a group without samples is still filled, counted from the end of the window of its last sample. */
export const SERIES_TTL_MS: number = 15 * 60_000

type Values = Readonly<Record<string, ResultValue>>

type Within = { readonly windows: number } | { readonly ms: number }

/** A row that samples made, as far as filling needs it. */
interface RealRow {
  readonly startMs: number
  values: Values
  /** What it makes of an empty window after it, once asked for. */
  carried: Values | undefined
}

/** Windows that start in `[fromMs, untilMs)`. */
export interface StartRange {
  readonly fromMs: number
  readonly untilMs: number
}

export interface GapFillOptions {
  readonly fill: FillPlan
  readonly columns: readonly ColumnPlan[]
  readonly scheme: WindowScheme
  /** Default 15 min. */
  readonly seriesTtlMs?: number
}

/**
 * What a query with FILL says of windows without samples, group by group. A group is filled after its first row, in
 * windows that start less than the time to live after the end of its newest row before them; whether samples come
 * again later makes no difference, so live results and history agree. Count and sum are 0; the other columns are
 * null, a number, or those of the newest row before, the row as it was, nulls included: a mix of columns from
 * different windows would be a row that never was.
 *
 * Knows the rows it is told of, and of those only what windows that can still change need.
 */
export class GapFill {
  readonly #scheme: WindowScheme
  readonly #seriesTtlMs: number
  /** Undefined where rows are not carried on. */
  #within: Within | undefined
  readonly #columns: readonly ColumnPlan[]
  /** Columns that are 0 without samples. */
  readonly #amounts: readonly string[]
  /** Where no row is carried on. The same for all, as rows are not changed once made. */
  #empty: Values
  /** By slot, in the order of starts; never empty. */
  readonly #rows = new Map<number, RealRow[]>()
  #fillsBeforeMs = Number.NEGATIVE_INFINITY

  constructor({ fill, columns, scheme, seriesTtlMs = SERIES_TTL_MS }: GapFillOptions) {
    this.#scheme = scheme
    this.#seriesTtlMs = seriesTtlMs
    this.#columns = columns
    this.#amounts = columns.filter(isAmount).map((column) => column.name)
    this.#within = withinOf(fill)
    this.#empty = emptyValues(fill, columns)
  }

  /** Fills otherwise from now on; the rows it was told of stay known. */
  alter(fill: FillPlan): void {
    this.#within = withinOf(fill)
    this.#empty = emptyValues(fill, this.#columns)
    for (const rows of this.#rows.values()) for (const row of rows) row.carried = undefined
  }

  /** No window that starts at or after this is filled, as far as is known: where a walk over empty windows ends. */
  get fillsBeforeMs(): number {
    return this.#fillsBeforeMs
  }

  /** Rows kept. */
  get rowCount(): number {
    let count = 0
    for (const rows of this.#rows.values()) count += rows.length
    return count
  }

  /**
   * A group has a row of samples in the window at `startMs`, or has other values there now. `values` are kept, not
   * copied: all of them, before MIN SAMPLES or HAVING.
   */
  noteRow(slot: number, startMs: number, values: Values): void {
    const row: RealRow = { startMs, values, carried: undefined }
    this.#fillsBeforeMs = Math.max(this.#fillsBeforeMs, this.#expiryMs(startMs))
    const rows = this.#rows.get(slot)
    if (rows === undefined) {
      this.#rows.set(slot, [row])
      return
    }
    const at = firstFrom(rows, startMs)
    if (rows[at]?.startMs === startMs) rows[at] = row
    else if (at === rows.length) rows.push(row)
    else rows.splice(at, 0, row)
  }

  /** Whether it was told of a row of the group in the window at `startMs`. */
  hasRow(slot: number, startMs: number): boolean {
    const rows = this.#rows.get(slot)
    return rows !== undefined && rows[firstFrom(rows, startMs)]?.startMs === startMs
  }

  /** The window at `startMs` has no samples of the group any more. */
  removeRow(slot: number, startMs: number): void {
    const rows = this.#rows.get(slot)
    if (rows === undefined) return
    const at = firstFrom(rows, startMs)
    if (rows[at]?.startMs !== startMs) return
    rows.splice(at, 1)
    if (rows.length === 0) this.#rows.delete(slot)
  }

  /**
   * Values of the group in the window at `startMs`, which has no samples of it; undefined when it is not filled
   * there. Not to be changed: windows may share them.
   */
  valuesAt(slot: number, startMs: number): Values | undefined {
    const rows = this.#rows.get(slot)
    if (rows === undefined) return undefined
    const before = rows[firstFrom(rows, startMs) - 1]
    if (before === undefined || startMs >= this.#expiryMs(before.startMs)) return undefined
    if (this.#within === undefined || startMs > this.#lastCarried(before.startMs, this.#within, startMs))
      return this.#empty
    before.carried ??= this.#carry(before.values)
    return before.carried
  }

  /**
   * Windows after the one at `startMs` that may be filled otherwise since its row came, went (`isNewOrGone`) or has
   * other values; undefined when none is. They end at the group's next row. The same before and after the change
   * was told.
   */
  dependents(slot: number, startMs: number, isNewOrGone: boolean): StartRange | undefined {
    const rows = this.#rows.get(slot) ?? []
    let at = firstFrom(rows, startMs)
    const before = rows[at - 1]
    if (rows[at]?.startMs === startMs) at++
    let fromMs = startMs + 1
    let untilMs = Math.min(rows[at]?.startMs ?? Number.POSITIVE_INFINITY, this.#expiryMs(startMs))
    if (this.#within === undefined) {
      if (!isNewOrGone) return undefined
      // Up to there they are filled anyway, and alike.
      if (before !== undefined) fromMs = Math.max(fromMs, this.#expiryMs(before.startMs))
    } else if (!isNewOrGone) untilMs = Math.min(untilMs, this.#lastCarried(startMs, this.#within, untilMs) + 1)
    return fromMs < untilMs ? { fromMs, untilMs } : undefined
  }

  /**
   * Windows that start before this are asked for no more: keeps of each group the rows from there on and the one
   * before, and drops groups that ran out. The row before must not be removed later: there is no other to fall
   * back to.
   */
  forget(beforeMs: number): void {
    this.#fillsBeforeMs = Number.NEGATIVE_INFINITY
    for (const [slot, rows] of this.#rows) {
      const needless = firstFrom(rows, beforeMs) - 1
      if (needless > 0) rows.splice(0, needless)
      const expiryMs = this.#expiryMs(rows[rows.length - 1]!.startMs)
      if (expiryMs <= beforeMs) this.#rows.delete(slot)
      else if (expiryMs > this.#fillsBeforeMs) this.#fillsBeforeMs = expiryMs
    }
  }

  save(writer: StateWriter): void {
    const columns = this.#columns.map((column) => column.name)
    writer.f64(this.#fillsBeforeMs)
    writer.varint(this.#rows.size)
    for (const [slot, rows] of this.#rows) {
      writer.varint(slot)
      writer.varint(rows.length)
      for (const { startMs, values } of rows) {
        writer.f64(startMs)
        saveValues(writer, values, columns)
      }
    }
  }

  /** Reads what a fill of the same plan saved, of slots below `slots`, when it knows no row yet. */
  load(reader: StateReader, slots: number): void {
    const columns = this.#columns.map((column) => column.name)
    this.#fillsBeforeMs = reader.f64('end of the windows filled')
    for (let left = reader.count('groups filled', 10); left > 0; left--) {
      const slot = reader.index('group', slots)
      const { offset } = reader
      const count = reader.count('rows', 8)
      if (count === 0 || this.#rows.has(slot)) reader.corrupt('group has no rows or comes twice', offset)
      for (let row = 0; row < count; row++) this.#loadRow(reader, slot, columns)
    }
  }

  #loadRow(reader: StateReader, slot: number, columns: readonly string[]): void {
    const { offset } = reader
    const startMs = reader.f64('start of a row')
    const values = loadValues(reader, columns)
    const rows = this.#rows.get(slot) ?? []
    if (!((rows.at(-1)?.startMs ?? Number.NEGATIVE_INFINITY) < startMs))
      reader.corrupt('rows are not in the order of their starts', offset)
    rows.push({ startMs, values, carried: undefined })
    this.#rows.set(slot, rows)
  }

  #expiryMs(startMs: number): number {
    return this.#scheme.endOf(startMs) + this.#seriesTtlMs
  }

  /** Greatest start that the row at `startMs` may be carried to; looked for no further than `capMs`. */
  #lastCarried(startMs: number, within: Within, capMs: number): number {
    const scheme = this.#scheme
    if ('ms' in within) return startMs + within.ms
    if (scheme.shortestStepMs === scheme.longestStepMs) return startMs + within.windows * scheme.longestStepMs
    let lastMs = startMs
    for (let window = 0; window < within.windows && lastMs < capMs; window++)
      lastMs = scheme.startOf(scheme.firstEndAfter(scheme.endOf(lastMs)))
    return lastMs
  }

  #carry(values: Values): Values {
    if (this.#amounts.length === 0) return values
    const carried: Record<string, ResultValue> = Object.assign(Object.create(null), values)
    for (const name of this.#amounts) carried[name] = 0
    return carried
  }
}

function isAmount({ aggregate }: ColumnPlan): boolean {
  return aggregate.fn === 'count' || aggregate.fn === 'sum'
}

function withinOf(fill: FillPlan): Within | undefined {
  return fill.with === 'previous' ? fill.within : undefined
}

function emptyValues(fill: FillPlan, columns: readonly ColumnPlan[]): Values {
  const empty: Record<string, ResultValue> = Object.create(null)
  for (const column of columns) empty[column.name] = isAmount(column) ? 0 : fill.with === 'value' ? fill.value : null
  return empty
}

/** Index of the first row that starts at or after `startMs`; it is mostly the end. */
function firstFrom(rows: readonly RealRow[], startMs: number): number {
  let low = 0
  let high = rows.length
  if (high === 0 || rows[high - 1]!.startMs < startMs) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (rows[middle]!.startMs < startMs) low = middle + 1
    else high = middle
  }
  return low
}
