/**
 * A ready-made distribution as a decoder reads it, before it is encoded into `SampleBatch.states`.
 * `buckets` is what an explicit-bucket histogram carries, `exponential` what a base-2 exponential one does.
 */
export type DistributionState = ExponentialState | BucketState

interface DistributionTotals {
  /** Number of events. */
  count: number
  sum: number
  /** Recorded extremes; NaN when the sender gave none. */
  min: number
  max: number
  /** `cumulative` states are differenced per series by the engine before they are stored or windowed. */
  cumulative: boolean
}

/** Bins of the OpenTelemetry base-2 exponential histogram, upper-inclusive: bin i holds (base^i, base^(i+1)]. */
export interface ExponentialState extends DistributionTotals {
  readonly type: 'exponential'
  scale: number
  zeroThreshold: number
  zeroCount: number
  positive: ExponentialBins
  negative: ExponentialBins
}

export interface ExponentialBins {
  /** Index of `counts[0]`. */
  offset: number
  counts: ArrayLike<number>
}

/** `counts[i]` events in `(bounds[i - 1], bounds[i]]`; `counts.length = bounds.length + 1`, ends open. */
export interface BucketState extends DistributionTotals {
  readonly type: 'buckets'
  bounds: ArrayLike<number>
  counts: ArrayLike<number>
}
