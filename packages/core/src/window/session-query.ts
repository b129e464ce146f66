import type { SessionWindowPlan } from '../plan/query-plan.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { QueryBase } from './query-base.ts'
import type { RunningQuery, RunningQueryOptions } from './running-query.ts'

/**
 * One version of a query on sessions: how far it is, what it counts, and which samples it still takes.
 *
 * A sample is too late when the session it would be alone was over `latenessMs` before the watermark, whatever sessions
 * it would touch. So a session can change for another `gapMs` after that, through a sample between its end and the
 * next start: it is final only then.
 */
export class SessionQuery extends QueryBase {
  readonly gapMs: number
  readonly maxMs: number
  /** Samples that would end at or before this when alone are too late. */
  closedThroughMs: number = Number.NEGATIVE_INFINITY
  /** Start of the earliest session held when the query was last moved on; kept only for `isDone`. */
  #earliestHeldMs = Number.NEGATIVE_INFINITY

  constructor(options: RunningQueryOptions, window: SessionWindowPlan) {
    super(options)
    this.gapMs = window.gapMs
    this.maxMs = window.maxMs
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

  protected get paceMs(): number {
    return this.gapMs
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
    return this.isFinalOnly ? sealedMs + this.latenessMs : endMs
  }

  /** Counts a sample that is taken. */
  take(isLate: boolean): void {
    if (isLate) this.lateApplied++
    else this.onTime++
  }

  holds(timeMs: number): boolean {
    return (
      this.endWhenAloneMs(timeMs) > this.sinceMs && timeMs >= this.ownsFromMs - this.gapMs && timeMs < this.ownsUntilMs
    )
  }

  /** Moves both lines on. They never go back. */
  moveTo(watermarkMs: number): void {
    this.closedThroughMs = Math.max(this.closedThroughMs, watermarkMs - this.latenessMs)
    const emittedMs = this.isFinalOnly ? this.finalThroughMs : watermarkMs
    this.emittedThroughMs = Math.max(this.emittedThroughMs, emittedMs)
  }

  save(writer: StateWriter): void {
    this.saveLines(writer)
    writer.f64(this.closedThroughMs)
    writer.f64(this.#earliestHeldMs)
    writer.f64(this.earlyPeriod)
  }

  /** Reads what a query of the same plan saved, into one that has done nothing yet. */
  load(reader: StateReader): void {
    this.loadLines(reader)
    this.closedThroughMs = reader.f64('closed line')
    this.#earliestHeldMs = reader.f64('start of the earliest session')
    this.earlyPeriod = reader.f64('period of early rows')
  }

  /** Says where the earliest session starts that can still change; `Infinity` = there is none. */
  holdFrom(startMs: number): void {
    this.#earliestHeldMs = startMs
  }
}
