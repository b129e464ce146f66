import type { ExponentialBins } from '../../distribution-state.ts'

/** Everything an `ExponentialSketch` knows, as plain data: what the state codec writes and reads. */
export type SketchState = ExactSketchState | BinnedSketchState

export interface ExactSketchState {
  readonly form: 'exact'
  scale: number
  zeroThreshold: number
  /** Ascending, finite, fewer than 64. */
  values: Float64Array
}

export interface BinnedSketchState {
  readonly form: 'bins'
  scale: number
  zeroThreshold: number
  zeroCount: number
  positive: ExponentialBins
  negative: ExponentialBins
  /** No value lies outside [min, max]. */
  min: number
  max: number
  /** Whether the extremes are values that were seen, not only bounds of bins or buckets. */
  minSeen: boolean
  maxSeen: boolean
  /** Whether the bin limit has cost resolution. */
  collapsed: boolean
  /** Whether explicit buckets were merged. */
  fromBuckets: boolean
  /** Worst relative error of the closed buckets merged, before the mapping's own. */
  bucketError: number
  /** Whether a bucket was merged whose error is the whole value: open, or with zero in it. */
  unboundedBucket: boolean
}
