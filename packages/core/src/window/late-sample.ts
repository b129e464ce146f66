import type { RunningQuery } from './running-query.ts'

/** A sample that came behind the lateness of a window that holds it, and what the query wants done with it. */
export interface LateSample {
  readonly query: RunningQuery
  readonly policy: 'side' | 'repair'
  readonly seriesRef: number
  readonly timeMs: number
  /** The sum, for a distribution. */
  readonly value: number
}
