import type { LatePolicy, QueryPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'

/** One version of a query on one time line. All times in ms. */
export interface RunningQuery {
  readonly name: string
  readonly tenant: string
  readonly version: number
  /** Called before the query is removed because every window it owns is final. */
  readonly onDone: (() => void) | undefined
  /** Changes with what is shown and when, never with what the windows are. */
  readonly plan: QueryPlan
  readonly deliver: (row: WindowResult) => boolean
  readonly latenessMs: number
  /** Windows that start before this hold less than all samples. */
  coversFromMs: number
  /** When the query was added: what was over then is not mended. */
  sinceMs: number
  /** Windows that end at or before this were emitted. */
  emittedThroughMs: number
  /** Windows that end at or before this can change no more, repairs excepted. */
  finalThroughMs: number
  /** Windows that start earlier are another version's. */
  ownsFromMs: number
  /** Windows that start then or later are another version's. */
  ownsUntilMs: number
  /** Start of the first window that holds all samples. */
  readonly firstWholeStartMs: number
  /** Start of the first window that this version has to take over from the one before it. */
  firstStartAfter(before: RunningQuery): number
  /** Every window this version owns is final. */
  readonly isDone: boolean
  /** Whether a window of this version, since it was added, holds the time. */
  holds(timeMs: number): boolean
  /** Whether a window that starts then is this version's. */
  owns(startMs: number): boolean
  readonly onTime: number
  readonly lateApplied: number
  readonly lateDropped: number
  readonly toSide: number
  readonly toRepair: number
  /** What is over at the watermark was before this query. */
  beginAt(watermarkMs: number): void
  /** The first window is the one that starts at `firstStartMs`. */
  beginOver(firstStartMs: number): void
  /** Takes over what the plan says beside its windows, from the next emission of each window on. */
  alter(plan: QueryPlan, latenessMs: number, late: LatePolicy): void
}

/** How far an earlier run of the same version had come when it was broken off: its rows are not known any more. */
export interface ToldBefore {
  /** Greatest start of a row. */
  readonly startMs: number
  readonly revision: number
}

export interface RunningQueryOptions {
  readonly name: string
  readonly tenant: string
  readonly version: number
  readonly plan: QueryPlan
  readonly latenessMs: number
  readonly late: LatePolicy
  /** Takes an emitted row; false when the query is gone. */
  readonly deliver: (row: WindowResult) => boolean
  /**
   * Takes a sample that came too late, under the policies `side` and `repair`. False when there is no window to be
   * repaired for it.
   */
  readonly onTooLate?: (sample: LateSample) => boolean
  readonly onDone?: () => void
  readonly toldBefore?: ToldBefore | undefined
}

/** A sample that came behind the lateness of a window that holds it, and what the query wants done with it. */
export interface LateSample {
  readonly query: RunningQuery
  readonly policy: 'side' | 'repair'
  readonly seriesRef: number
  readonly timeMs: number
  /** The sum, for a distribution. */
  readonly value: number
}
