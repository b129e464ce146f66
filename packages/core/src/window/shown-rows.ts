import { type ConditionEvaluator, compileCondition } from '../plan/evaluate.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { ResultQuality, ResultSource, ResultValue, WindowResult } from '../result/window-result.ts'
import { sameRow } from './row.ts'

/** A row that a window could show: one group with samples, or one that was filled. */
export interface Candidate {
  readonly slot: number
  readonly values: Readonly<Record<string, ResultValue>>
  /** Samples of the row; 0 for a filled one. */
  readonly count: number
  readonly quality?: ResultQuality | undefined
}

/** Which candidates of a window are shown, prepared from a plan. */
export interface ShowRules {
  readonly minSamples?: number
  readonly having?: ConditionEvaluator
  readonly orderBy?: { readonly column: string; readonly descending: boolean }
  readonly limit?: number
}

/**
 * The rules of a plan; undefined when every row is shown as it is, so that whoever emits need look at nothing but
 * the rows that changed.
 */
export function showRules(plan: Pick<QueryPlan, 'minSamples' | 'having' | 'orderBy' | 'limit'>): ShowRules | undefined {
  const { minSamples, having, orderBy, limit } = plan
  // An order alone leaves no row out.
  if (minSamples === undefined && having === undefined && limit === undefined) return undefined
  return {
    ...(minSamples === undefined ? {} : { minSamples }),
    ...(having === undefined ? {} : { having: compileCondition(having) }),
    ...(orderBy === undefined ? {} : { orderBy }),
    ...(limit === undefined ? {} : { limit }),
  }
}

/**
 * The candidates of one window that are shown, in the order in which they came, which is the order of the groups
 * and that in which they are emitted: ORDER BY says which rows LIMIT leaves in, not how they follow each other, since
 * corrections come row by row in any case.
 *
 * MIN SAMPLES is first: a row of fewer samples has null in every column, filled rows (of no samples) among them. Then
 * HAVING: only rows of which it is true stay. Then LIMIT: the first rows by ORDER BY, null last in either direction,
 * ties and rows without ORDER BY in the order of the groups. The array given is not changed.
 */
export function choose<C extends Candidate>(candidates: readonly C[], rules: ShowRules | undefined): readonly C[] {
  if (rules === undefined) return candidates
  const { minSamples, having, orderBy, limit } = rules
  let chosen = candidates
  if (minSamples !== undefined) chosen = withoutThinValues(chosen, minSamples)
  if (having !== undefined) chosen = thoseHaving(chosen, having)
  if (limit === undefined || chosen.length <= limit) return chosen
  return orderBy === undefined ? chosen.slice(0, limit) : firstBy(chosen, orderBy, limit)
}

function withoutThinValues<C extends Candidate>(candidates: readonly C[], minSamples: number): readonly C[] {
  let nulls: Record<string, ResultValue> | undefined
  return candidates.map((candidate) => {
    if (candidate.count >= minSamples) return candidate
    // Rows of one query have the same columns and are not changed once made: one record serves all.
    nulls ??= nullsLike(candidate.values)
    return { ...candidate, values: nulls, quality: undefined }
  })
}

function nullsLike(values: Readonly<Record<string, ResultValue>>): Record<string, ResultValue> {
  const nulls: Record<string, ResultValue> = Object.create(null)
  for (const name in values) nulls[name] = null
  return nulls
}

function thoseHaving<C extends Candidate>(candidates: readonly C[], having: ConditionEvaluator): readonly C[] {
  let values: Readonly<Record<string, ResultValue>>
  const scope = { column: (name: string) => values[name] ?? null }
  return candidates.filter((candidate) => {
    values = candidate.values
    return having(scope) === true
  })
}

function firstBy<C extends Candidate>(
  candidates: readonly C[],
  orderBy: { readonly column: string; readonly descending: boolean },
  limit: number,
): readonly C[] {
  const keys = candidates.map((candidate) => candidate.values[orderBy.column] ?? null)
  const sign = orderBy.descending ? -1 : 1
  const ranked = Uint32Array.from(candidates.keys()).sort((a, b) => {
    const left = keys[a]!
    const right = keys[b]!
    if (left === right) return a - b
    if (left === null) return 1
    if (right === null) return -1
    // Not a difference: that of two infinities is no number.
    return left < right ? -sign : left > right ? sign : a - b
  })
  return Array.from(ranked.subarray(0, limit).sort(), (index) => candidates[index]!)
}

export interface WindowDiff<C extends { readonly slot: number }> {
  /** Newest row emitted by slot, those taken back included. Brought up to date by the diff. */
  readonly emitted: Map<number, WindowResult>
  /** Slots that were looked at, in group order: emitted rows of theirs that are not shown are taken back. */
  readonly looked: Iterable<number>
  /** Rows that the slots looked at show now, in group order. */
  readonly shown: readonly C[]
  /** High part of the revisions. */
  readonly generation: number
  /** What first revisions have to exceed. */
  readonly afterRevision: number
  /** Of the rows taken back. */
  readonly source: ResultSource
  /** Makes the row to be emitted if it differs from the last one. */
  readonly rowOf: (candidate: C, revision: number) => WindowResult
}

/**
 * The rows to emit so that a reader of the window who saw `emitted` sees `shown`: first those to take back, then
 * new and changed ones, both in group order. A row that is the same, see
 * `sameRow`, is not emitted again, unless it had been taken back.
 */
export function diffRows<C extends { readonly slot: number }>(diff: WindowDiff<C>): WindowResult[] {
  const { emitted, shown, generation, afterRevision, rowOf } = diff
  const rows = emitted.size > 0 ? takeBack(diff) : []
  for (const candidate of shown) {
    const before = emitted.get(candidate.slot)
    const row = rowOf(candidate, nextRevision(before, generation, afterRevision))
    if (before !== undefined && sameRow(before, row)) continue
    emitted.set(candidate.slot, row)
    rows.push(row)
  }
  return rows
}

/**
 * `generation * 65,536 + n`: greater than any revision of the row before, and than any of an earlier generation.
 * `afterRevision`: the greatest one that may have been given to the row where the one before is not known.
 */
export function nextRevision(before: WindowResult | undefined, generation: number, afterRevision: number): number {
  return Math.max(generation * 65_536, before?.revision ?? afterRevision) + 1
}

function takeBack<C extends { readonly slot: number }>({
  emitted,
  looked,
  shown,
  generation,
  afterRevision,
  source,
}: WindowDiff<C>): WindowResult[] {
  const slots = new Set<number>()
  for (const { slot } of shown) slots.add(slot)
  const rows: WindowResult[] = []
  for (const slot of looked) {
    const before = emitted.get(slot)
    if (before === undefined || before.retracted === true || slots.has(slot)) continue
    const revision = nextRevision(before, generation, afterRevision)
    const row: WindowResult = { ...before, revision, retracted: true, source }
    // Kept, so that a row that comes back goes on from this revision.
    emitted.set(slot, row)
    rows.push(row)
  }
  return rows
}
