import type { ColumnPlan, QueryPlan } from '../plan/query-plan.ts'
import type { ResultQuality, ResultValue, WindowResult } from '../result/window-result.ts'

/** `sum`, `avg` and what is made of them agree to this share of the sum of all |values|, whatever the order of adding. */
const ORDER_TOLERANCE = 1e-12
/** Over samples as they are, these come out bit by bit the same in any order. */
const BIT_EXACT: ReadonlySet<string> = new Set(['count', 'min', 'max', 'percentile'])

/** What a window's rows are judged by. */
export interface DiffContext {
  readonly plan: QueryPlan
  readonly queryVersion: number
  /** Rows that end later are still live and left alone. */
  readonly finalThroughMs: number
  /** Rows that start at or after this are whole, though the storage may have begun later. */
  readonly wholeFromMs: number
  /** Time of the first stored sample: windows that start before it may have lost samples since they were emitted. */
  readonly storedFromMs: number
}

export interface DiffTests {
  /** Whether a stored row is part of one that is still live. */
  readonly isHeld: (row: WindowResult) => boolean
  /** Whether the run knows nothing of the group of a filled row: it could not have filled it. */
  readonly isSilent: (row: WindowResult) => boolean
}

/** Same for equal groups, in whatever order a storage returns the dimensions. */
export function groupKeyOf(plan: QueryPlan, { group }: WindowResult): string {
  return JSON.stringify(plan.groupBy.map(({ name }) => group[name] ?? null))
}

/**
 * The rows to emit so that what is stored of one window start becomes what was computed anew: retractions first, then
 * rows that are new or changed. Their revisions are the least they must have, 0 for a new row.
 *
 * A row is unchanged when its end, count, flags and values are. Values are equal as `Object.is` has it, but for columns
 * that add up samples: history adds in another order than the live windows did, so there a difference of 1e-12 is
 * none. The bound for it is the sum of |values|, which a row tells only through its count and extremes, where it has
 * them; a late sample is seen by the count in any case.
 */
export function diffRows(
  fresh: readonly WindowResult[],
  stored: readonly WindowResult[],
  context: DiffContext,
  { isHeld, isSilent }: DiffTests,
): WindowResult[] {
  const { plan, finalThroughMs, storedFromMs } = context
  const storedByGroup = new Map(stored.map((row) => [groupKeyOf(plan, row), row]))
  const freshByGroup = new Map(fresh.map((row) => [groupKeyOf(plan, row), row]))
  // A window that was emitted as whole stays whole for groups that are new in it.
  const wasWhole = stored.some((row) => !row.partial)
  const retracted: WindowResult[] = []
  const changed: WindowResult[] = []

  for (const [group, row] of storedByGroup) {
    if (freshByGroup.has(group) || row.endMs > finalThroughMs || isHeld(row)) continue
    if (plan.fill !== undefined && row.count === 0 && isSilent(row)) continue
    if (isLost(row, context)) pushStale(changed, row)
    else retracted.push({ ...row, revision: row.revision + 1, retracted: true, source: 'backfill' })
  }
  for (const [group, row] of freshByGroup) {
    const before = storedByGroup.get(group)
    if (row.endMs > finalThroughMs || (before !== undefined && before.endMs > finalThroughMs)) continue
    if (before === undefined) {
      changed.push(freshRow(row, undefined, wasWhole, context))
      continue
    }
    if (row.count < before.count && row.startMs < storedFromMs && !before.partial) {
      // Samples of it are no longer stored: what was computed live knows more.
      pushStale(changed, before)
      continue
    }
    const after = freshRow(row, before, !before.partial, context)
    if (!isUnchanged(before, after, plan)) changed.push(after)
  }
  return [...retracted, ...changed]
}

/** The stored row, said to be out of date; undefined when that is said already. */
export function staleRow(row: WindowResult): WindowResult | undefined {
  if (row.quality?.stale === true) return undefined
  return { ...row, revision: row.revision + 1, quality: { ...row.quality, stale: true }, source: 'backfill' }
}

function pushStale(rows: WindowResult[], row: WindowResult): void {
  const stale = staleRow(row)
  if (stale !== undefined) rows.push(stale)
}

/** Whether a whole row comes no more because its samples were deleted since, not because they say something else. */
function isLost(row: WindowResult, { plan, storedFromMs }: DiffContext): boolean {
  if (row.partial) return false
  // A storage may have begun within the window; then a row can still drop out of what is shown.
  const isShownInPart = plan.having !== undefined || plan.limit !== undefined
  return (isShownInPart ? row.endMs : row.startMs + 1) <= storedFromMs
}

function freshRow(
  row: WindowResult,
  before: WindowResult | undefined,
  wasWhole: boolean,
  { queryVersion, wholeFromMs }: DiffContext,
): WindowResult {
  const { quality, ...rest } = row
  const known = qualityOf(quality, before?.quality)
  return {
    ...rest,
    queryVersion,
    revision: (before?.revision ?? -1) + 1,
    // What the storage or what the query saw holds all of is whole.
    partial: row.partial && !wasWhole && row.startMs < wholeFromMs,
    lateApplied: 0,
    // Which series were expected then is not known any more; what was known live still holds.
    seriesExpected: before?.seriesExpected ?? null,
    completeness: before?.completeness ?? null,
    source: 'backfill',
    ...(known === undefined ? {} : { quality: known }),
  }
}

function qualityOf(fresh: ResultQuality | undefined, before: ResultQuality | undefined): ResultQuality | undefined {
  // Found from the progress of live series.
  return before?.intervalLongerThanWindow === true ? { ...fresh, intervalLongerThanWindow: true } : fresh
}

function isUnchanged(before: WindowResult, after: WindowResult, plan: QueryPlan): boolean {
  if (before.endMs !== after.endMs || before.count !== after.count || before.partial !== after.partial) return false
  if ((before.early ?? false) !== (after.early ?? false) || before.quality?.stale === true) return false
  const magnitude = plan.reading === undefined || plan.reading === 'samples' ? magnitudeOf(after, plan) : 0
  return plan.columns.every((column) => isSameValue(column, before, after, plan, magnitude))
}

function isSameValue(
  column: ColumnPlan,
  before: WindowResult,
  after: WindowResult,
  plan: QueryPlan,
  magnitude: number,
): boolean {
  const a: ResultValue = before.values[column.name] ?? null
  const b: ResultValue = after.values[column.name] ?? null
  if (Object.is(a, b)) return true
  if (a === null || b === null) return false
  const { fn } = column.aggregate
  const isExact = plan.reading === undefined || plan.reading === 'samples' ? BIT_EXACT.has(fn) : fn === 'count'
  if (isExact || !Number.isFinite(a) || !Number.isFinite(b)) return false
  const ofSum = fn === 'sum' ? magnitude * after.count : magnitude
  return Math.abs(a - b) <= ORDER_TOLERANCE * Math.max(Math.abs(a), Math.abs(b), ofSum)
}

/** The greatest |sample| the row tells of; 0 when it tells none. */
function magnitudeOf(row: WindowResult, { columns }: QueryPlan): number {
  let greatest = 0
  for (const { name, aggregate } of columns) {
    const value = row.values[name]
    if ((aggregate.fn === 'min' || aggregate.fn === 'max') && typeof value === 'number' && Number.isFinite(value))
      greatest = Math.max(greatest, Math.abs(value))
  }
  return greatest
}
