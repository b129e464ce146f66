import type { DistributionState } from '../aggregate/distribution-state.ts'
import type { SeriesInfo } from '../registry/identity.ts'
import type { MetricEntry } from '../registry/series-registry.ts'
import type { Groups } from './groups.ts'

/**
 * Takes the samples of the series it selects. A series' place in it is its `position`; `groups` are its groups. Of
 * the query law it counts what is the same for all queries that read it.
 */
export interface SeriesStore {
  readonly key: string
  readonly metric: MetricEntry
  readonly groups: Groups
  /** Takes what series grew by, not their samples. */
  readonly isReading: boolean
  readonly seriesMatched: number
  /** `SeriesRef` by position. */
  readonly refs: Uint32Array
  readonly matched: number
  readonly onTime: number
  readonly excluded: number
  /** Panes or sessions held. */
  readonly items: number
  readonly bytes: number
  /** Takes a series in if it is selected: its position, or -1. */
  take(info: SeriesInfo): number
  /** Says who reports the series at `position`, as a number that is the same for all series of a server and its point attributes. */
  reportedBy(position: number, reporter: number): void
  /** NaN is counted as excluded. */
  add(position: number, timeMs: number, value: number): void
  addWeighted(position: number, timeMs: number, value: number, weight: number): void
  addState(position: number, timeMs: number, state: DistributionState): void
  /** Counts a row that says only that there is no value. */
  exclude(): void
}
