import type { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import type { StatsCells } from '../aggregate/stats-cells.ts'
import type { ColumnPlan } from '../plan/query-plan.ts'
import type { ColumnQuality, ResultQuality, ResultValue, WindowResult } from '../result/window-result.ts'

/** What a row is made of: the state of the groups of one window. What is returned is good until the next call. */
export interface RowView {
  /** Samples of a slot. */
  count(slot: number): number
  /** Cells whose slot 0 is the state of `slot`. */
  stats(slot: number): StatsCells
  /** Undefined when there is no finite value. */
  sketch(slot: number): ExponentialSketch | undefined
  /** Whether extremes of the slot are bucket bounds, not recorded values. */
  hasBoundExtremes(slot: number): boolean
  /** Whether the series at `position` had a sample. */
  hasSeen(position: number): boolean
}

/** How many reporters of a group were there, and how many should have been; see `Reporters`. */
export interface GroupSeries {
  seen: number
  /** Periodic ones that were alive at the window's end. */
  expected: number
  /** Those of `expected` that count as seen. */
  present: number
  /** Some reporter reports less often than the window is long. */
  intervalLonger: boolean
}

/** The column values of one group of one window, with what is to be known about them. */
export interface RowValues {
  readonly values: Record<string, ResultValue>
  readonly count: number
  readonly quality: ResultQuality | undefined
}

export function computeValues(columns: readonly ColumnPlan[], view: RowView, slot: number): RowValues {
  const stats = view.stats(slot)
  const sketch = columns.some((column) => column.aggregate.fn === 'percentile') ? view.sketch(slot) : undefined
  const values: Record<string, ResultValue> = Object.create(null)
  let quality: Record<string, ColumnQuality> | undefined
  let infinite = false
  for (const column of columns) {
    const value = columnValue(column, stats, sketch)
    values[column.name] = value
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) infinite = true
    const known = columnQuality(column, sketch, view, slot)
    if (known !== undefined) {
      quality ??= Object.create(null) as Record<string, ColumnQuality>
      quality[column.name] = known
    }
  }
  return {
    values,
    count: stats.count(0),
    quality: quality === undefined && !infinite ? undefined : qualityOf(quality, infinite),
  }
}

function qualityOf(columns: Record<string, ColumnQuality> | undefined, infinite: boolean): ResultQuality {
  return { ...(infinite ? { infinite } : {}), ...(columns === undefined ? {} : { columns }) }
}

/** True when nothing a reader can see differs. */
export function sameRow(a: WindowResult, b: WindowResult): boolean {
  if (a.count !== b.count || a.completeness !== b.completeness || a.seriesSeen !== b.seriesSeen) return false
  if (a.partial !== b.partial || a.early !== b.early || a.retracted !== b.retracted) return false
  for (const name in a.values) if (!Object.is(a.values[name], b.values[name])) return false
  return true
}

function columnValue(column: ColumnPlan, stats: StatsCells, sketch: ExponentialSketch | undefined): ResultValue {
  const { aggregate } = column
  switch (aggregate.fn) {
    case 'count':
      return stats.count(0)
    case 'sum':
      return stats.sum(0)
    case 'avg':
      return stats.mean(0)
    case 'min':
      return stats.min(0)
    case 'max':
      return stats.max(0)
    case 'percentile':
      return sketch === undefined ? null : sketch.quantile(aggregate.rank)
  }
}

function columnQuality(
  column: ColumnPlan,
  sketch: ExponentialSketch | undefined,
  view: RowView,
  slot: number,
): ColumnQuality | undefined {
  const { fn } = column.aggregate
  if (fn === 'percentile' && sketch !== undefined)
    return sketch.isExact
      ? { sketch: 'exact' }
      : {
          sketch: sketch.sketchName,
          relativeError: sketch.relativeError,
          scale: sketch.scale,
          ...(sketch.collapsed ? { collapsed: true } : {}),
        }
  if ((fn === 'min' || fn === 'max') && view.hasBoundExtremes(slot)) return { sketch: 'buckets' }
  return undefined
}
