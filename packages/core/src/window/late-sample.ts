/**
 * What became of a sample for one query, the worst over its windows: `applied` before any of them was emitted,
 * `lateApplied` as a revision, or behind the lateness of one: `dropped`, `side` or `repair` by the query's policy.
 */
export type SampleOutcome = 'applied' | 'lateApplied' | 'lateDropped' | 'toSide' | 'toRepair'

/** A sample that came too late for some window of a query with `LATENESS .. THEN SIDE`. */
export interface LateSample {
  readonly query: string
  readonly seriesRef: number
  readonly timeMs: number
  readonly value: number
}
