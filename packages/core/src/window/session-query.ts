import type { LatePolicy, QueryPlan, SessionWindowPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { loadLines, saveLines } from './query-lines.ts'
import type { LateSample, RunningQuery, RunningQueryOptions, ToldBefore } from './running-query.ts'
import { type ShowRules, showRules } from './shown-rows.ts'

/** A corrected row goes out at most once in this many ms: the gap, but no less and no more. */
const REVISE_AT_LEAST_MS = 1_000
const REVISE_AT_MOST_MS = 5_000

/**
 * One version of a query on sessions: how far it is, what it counts, and which samples it still takes.
 *
 * A sample is too late when the session it would be alone was over `latenessMs` before the watermark, whatever sessions
 * it would touch. So a session can change for another `gapMs` after that, through a sample between its end and the
 * next start: it is final only then.
 */
export class SessionQuery implements RunningQuery {
  readonly name: string
  readonly tenant: string
  readonly version: number
  plan: QueryPlan
  readonly gapMs: number
  readonly maxMs: number
  readonly needsSketch: boolean
  readonly deliver: (row: WindowResult) => boolean
  readonly onDone: (() => void) | undefined
  rules: ShowRules | undefined
  coversFromMs: number = Number.NEGATIVE_INFINITY
  sinceMs: number = Number.NEGATIVE_INFINITY
  emittedThroughMs: number = Number.NEGATIVE_INFINITY
  /** Samples that would end at or before this when alone are too late. */
  closedThroughMs: number = Number.NEGATIVE_INFINITY
  ownsFromMs: number = Number.NEGATIVE_INFINITY
  ownsUntilMs: number = Number.POSITIVE_INFINITY
  onTime = 0
  lateApplied = 0
  lateDropped = 0
  toSide = 0
  toRepair = 0
  /** Start of the earliest session held when the query was last moved on; kept only for `isDone`. */
  #earliestHeldMs = Number.NEGATIVE_INFINITY
  readonly #toldBefore: ToldBefore | undefined
  #latenessMs: number
  #late: LatePolicy
  readonly #onTooLate: ((sample: LateSample) => boolean) | undefined
  /** Number of the period of early rows that was emitted last. */
  #earlyPeriod = Number.NEGATIVE_INFINITY

  constructor(options: RunningQueryOptions, window: SessionWindowPlan) {
    this.name = options.name
    this.tenant = options.tenant
    this.version = options.version
    this.plan = options.plan
    this.gapMs = window.gapMs
    this.maxMs = window.maxMs
    this.deliver = options.deliver
    this.onDone = options.onDone
    this.#toldBefore = options.toldBefore
    this.needsSketch = options.plan.columns.some((column) => column.aggregate.fn === 'percentile')
    this.rules = showRules(options.plan)
    this.#latenessMs = options.latenessMs
    this.#late = options.late
    this.#onTooLate = options.onTooLate
  }

  get latenessMs(): number {
    return this.#latenessMs
  }

  /** Sessions that end at or before this can change no more, repairs excepted. */
  get finalThroughMs(): number {
    return this.closedThroughMs - this.gapMs
  }

  set finalThroughMs(finalThroughMs: number) {
    this.closedThroughMs = finalThroughMs + this.gapMs
  }

  /** A session that starts then or later can have no sample that was not seen. */
  get firstWholeStartMs(): number {
    const { coversFromMs } = this
    return coversFromMs === Number.NEGATIVE_INFINITY
      ? coversFromMs
      : Math.min(coversFromMs + this.gapMs, this.cellEndMs(coversFromMs - 1))
  }

  /** Sessions of another gap begin elsewhere: then all of what was seen since the cut is to be in some of them. */
  firstStartAfter(before: RunningQuery): number {
    const isAlike = before instanceof SessionQuery && before.gapMs === this.gapMs && before.maxMs === this.maxMs
    return isAlike ? Math.max(this.firstWholeStartMs, this.closedThroughMs - this.gapMs + 1) : this.coversFromMs
  }

  /** Whether every session this version owns is final. */
  get isDone(): boolean {
    const { ownsUntilMs } = this
    if (ownsUntilMs === Number.POSITIVE_INFINITY || this.#earliestHeldMs < ownsUntilMs) return false
    return this.closedThroughMs >= this.endWhenAloneMs(ownsUntilMs - 1)
  }

  get isFinalOnly(): boolean {
    return this.plan.emit?.at === 'final'
  }

  get reviseEveryMs(): number {
    return Math.min(REVISE_AT_MOST_MS, Math.max(REVISE_AT_LEAST_MS, this.gapMs))
  }

  beginAt(watermarkMs: number): void {
    this.closedThroughMs = watermarkMs
    this.emittedThroughMs = this.isFinalOnly ? this.finalThroughMs : watermarkMs
  }

  beginOver(firstStartMs: number): void {
    this.ownsFromMs = firstStartMs
    this.closedThroughMs = Number.NEGATIVE_INFINITY
    this.emittedThroughMs = Number.NEGATIVE_INFINITY
  }

  alter(plan: QueryPlan, latenessMs: number, late: LatePolicy): void {
    this.plan = plan
    this.rules = showRules(plan)
    this.#latenessMs = latenessMs
    this.#late = late
  }

  /** Greatest revision that an earlier run of this version may have given to a row of that start. */
  toldAt(startMs: number): number {
    return this.#toldBefore !== undefined && startMs <= this.#toldBefore.startMs ? this.#toldBefore.revision : 0
  }

  owns(startMs: number): boolean {
    return startMs >= this.ownsFromMs && startMs < this.ownsUntilMs
  }

  /** Where sessions that hold the time are cut. */
  cellEndMs(timeMs: number): number {
    return (Math.floor(timeMs / this.maxMs) + 1) * this.maxMs
  }

  /** End of the session that a sample would be if there were no other. */
  endWhenAloneMs(timeMs: number): number {
    return Math.min(timeMs + this.gapMs, this.cellEndMs(timeMs))
  }

  /** The watermark at which a session is due that ends at `endMs` and is sealed at `sealedMs`. */
  dueAtMs(endMs: number, sealedMs: number): number {
    return this.isFinalOnly ? sealedMs + this.#latenessMs : endMs
  }

  /** Whether open sessions are to be shown now; true once in each period of `EMIT EVERY`. */
  takeEarlyPeriod(nowMs: number): boolean {
    const { emit } = this.plan
    if (emit?.at !== 'every' || !Number.isFinite(nowMs)) return false
    const period = Math.floor(nowMs / emit.everyMs)
    if (period <= this.#earlyPeriod) return false
    this.#earlyPeriod = period
    return true
  }

  /** Counts a sample that is taken. */
  take(isLate: boolean): void {
    if (isLate) this.lateApplied++
    else this.onTime++
  }

  /** Counts a sample that is too late, and hands it to whoever mends that. */
  takeTooLate(timeMs: number, seriesRef: number, value: number): void {
    const taken =
      this.#late !== 'drop' && this.#onTooLate?.({ query: this, policy: this.#late, seriesRef, timeMs, value }) === true
    if (!taken) this.lateDropped++
    else if (this.#late === 'side') this.toSide++
    else this.toRepair++
  }

  holds(timeMs: number): boolean {
    return (
      this.endWhenAloneMs(timeMs) > this.sinceMs && timeMs >= this.ownsFromMs - this.gapMs && timeMs < this.ownsUntilMs
    )
  }

  /** Moves both lines on. They never go back. */
  moveTo(watermarkMs: number): void {
    this.closedThroughMs = Math.max(this.closedThroughMs, watermarkMs - this.#latenessMs)
    const emittedMs = this.isFinalOnly ? this.finalThroughMs : watermarkMs
    this.emittedThroughMs = Math.max(this.emittedThroughMs, emittedMs)
  }

  save(writer: StateWriter): void {
    saveLines(writer, this)
    writer.f64(this.closedThroughMs)
    writer.f64(this.#earliestHeldMs)
    writer.f64(this.#earlyPeriod)
  }

  /** Reads what a query of the same plan saved, into one that has done nothing yet. */
  load(reader: StateReader): void {
    loadLines(reader, this)
    this.closedThroughMs = reader.f64('closed line')
    this.#earliestHeldMs = reader.f64('start of the earliest session')
    this.#earlyPeriod = reader.f64('period of early rows')
  }

  /** Says where the earliest session starts that can still change; `Infinity` = there is none. */
  holdFrom(startMs: number): void {
    this.#earliestHeldMs = startMs
  }
}
