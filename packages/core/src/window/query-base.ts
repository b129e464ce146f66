import type { LatePolicy, QueryPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { LateSample, RunningQuery, RunningQueryOptions, ToldBefore } from './running-query.ts'
import { type ShowRules, showRules } from './shown-rows.ts'

/** A corrected row goes out at most once in this many ms: the step or gap, but no less and no more. */
const REVISE_AT_LEAST_MS = 1_000
const REVISE_AT_MOST_MS = 5_000

/** What one version of a query is and counts, whatever its windows. */
export abstract class QueryBase implements RunningQuery {
  readonly name: string
  readonly tenant: string
  readonly version: number
  plan: QueryPlan
  readonly needsSketch: boolean
  readonly deliver: (row: WindowResult) => boolean
  readonly onDone: (() => void) | undefined
  /** Undefined when every row is shown as it is. */
  rules: ShowRules | undefined
  coversFromMs: number = Number.NEGATIVE_INFINITY
  sinceMs: number = Number.NEGATIVE_INFINITY
  emittedThroughMs: number = Number.NEGATIVE_INFINITY
  ownsFromMs: number = Number.NEGATIVE_INFINITY
  ownsUntilMs: number = Number.POSITIVE_INFINITY
  onTime = 0
  lateApplied = 0
  lateDropped = 0
  toSide = 0
  toRepair = 0
  /** Number of the period of early rows that was emitted last. */
  protected earlyPeriod: number = Number.NEGATIVE_INFINITY
  readonly #toldBefore: ToldBefore | undefined
  #latenessMs: number
  #late: LatePolicy
  readonly #onTooLate: ((sample: LateSample) => boolean) | undefined

  constructor(options: RunningQueryOptions) {
    this.name = options.name
    this.tenant = options.tenant
    this.version = options.version
    this.plan = options.plan
    this.deliver = options.deliver
    this.onDone = options.onDone
    this.needsSketch = options.plan.columns.some((column) => column.aggregate.fn === 'percentile')
    this.rules = showRules(options.plan)
    this.#toldBefore = options.toldBefore
    this.#latenessMs = options.latenessMs
    this.#late = options.late
    this.#onTooLate = options.onTooLate
  }

  abstract finalThroughMs: number
  abstract readonly firstWholeStartMs: number
  abstract readonly isDone: boolean
  /** What corrections are paced by before bounds: the step, or the gap. */
  protected abstract readonly paceMs: number
  abstract firstStartAfter(before: RunningQuery): number
  abstract holds(timeMs: number): boolean
  abstract beginAt(watermarkMs: number): void
  abstract beginOver(firstStartMs: number): void

  get latenessMs(): number {
    return this.#latenessMs
  }

  /** Whether each window is emitted once, when it is final. */
  get isFinalOnly(): boolean {
    return this.plan.emit?.at === 'final'
  }

  get reviseEveryMs(): number {
    return Math.min(REVISE_AT_MOST_MS, Math.max(REVISE_AT_LEAST_MS, this.paceMs))
  }

  alter(plan: QueryPlan, latenessMs: number, late: LatePolicy): void {
    this.plan = plan
    this.rules = showRules(plan)
    this.#latenessMs = latenessMs
    this.#late = late
  }

  /** Whether what is open is to be shown now; true once in each period of `EMIT EVERY`. */
  takeEarlyPeriod(nowMs: number): boolean {
    const { emit } = this.plan
    if (emit?.at !== 'every' || !Number.isFinite(nowMs)) return false
    const period = Math.floor(nowMs / emit.everyMs)
    if (period <= this.earlyPeriod) return false
    this.earlyPeriod = period
    return true
  }

  /** Greatest revision that an earlier run of this version may have given to a row of that start. */
  toldAt(startMs: number): number {
    return this.#toldBefore !== undefined && startMs <= this.#toldBefore.startMs ? this.#toldBefore.revision : 0
  }

  owns(startMs: number): boolean {
    return startMs >= this.ownsFromMs && startMs < this.ownsUntilMs
  }

  /** Counts a sample that is too late, and hands it to whoever mends that. */
  takeTooLate(timeMs: number, seriesRef: number, value: number): void {
    const taken =
      this.#late !== 'drop' && this.#onTooLate?.({ query: this, policy: this.#late, seriesRef, timeMs, value }) === true
    if (!taken) this.lateDropped++
    else if (this.#late === 'side') this.toSide++
    else this.toRepair++
  }

  /** Writes how far the query is and what it counted. */
  protected saveLines(writer: StateWriter): void {
    writer.f64(this.coversFromMs)
    writer.f64(this.sinceMs)
    writer.f64(this.emittedThroughMs)
    writer.f64(this.ownsFromMs)
    writer.f64(this.ownsUntilMs)
    writer.varint(this.onTime)
    writer.varint(this.lateApplied)
    writer.varint(this.lateDropped)
    writer.varint(this.toSide)
    writer.varint(this.toRepair)
  }

  protected loadLines(reader: StateReader): void {
    this.coversFromMs = reader.f64('start of what a query covers')
    this.sinceMs = reader.f64('start of a query')
    this.emittedThroughMs = reader.f64('line of emission')
    this.ownsFromMs = reader.f64('first window of a version')
    this.ownsUntilMs = reader.f64('end of a version')
    this.onTime = reader.varint('samples on time')
    this.lateApplied = reader.varint('late samples')
    this.lateDropped = reader.varint('samples dropped')
    this.toSide = reader.varint('samples put aside')
    this.toRepair = reader.varint('samples for repair')
  }
}
