import type { BucketState } from '../../distribution-state.ts'

/** All events of one explicit bucket, put at one point. */
export interface BucketPoint {
  readonly value: number
  readonly count: number
  /** What the bucket, narrowed, spans; infinite where it is open. */
  readonly lower: number
  readonly upper: number
  /** Worst |value - truth| / |truth| over the bucket. */
  readonly relativeError: number
}

/**
 * Puts each non-empty bucket's count at the point of (lower, upper] with the least worst relative error. For bounds of
 * one sign that is the harmonic middle 2 * lower * upper / (lower + upper), off by (upper - lower) / (upper + lower).
 * A bucket that touches or crosses zero is put at 0, an open one at its finite bound: no point does better than 1, all
 * of the value. Recorded extremes narrow the buckets they fall into, and close open ones.
 */
export function bucketPoints(state: BucketState): BucketPoint[] {
  const points: BucketPoint[] = []
  const { bounds, counts } = state
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!
    if (!(count > 0)) continue
    const boundLower = i === 0 ? -Infinity : bounds[i - 1]!
    const boundUpper = i === bounds.length ? Infinity : bounds[i]!
    // A recorded extreme outside of its bucket contradicts the counts and is not believed; neither is NaN.
    const lower = state.min > boundLower && state.min <= boundUpper ? state.min : boundLower
    const upper = state.max >= lower && state.max < boundUpper ? state.max : boundUpper
    points.push({ count, lower, upper, ...bestPoint(lower, upper) })
  }
  return points
}

function bestPoint(lower: number, upper: number): { value: number; relativeError: number } {
  if (lower === upper) return { value: lower, relativeError: 0 }
  if (lower <= 0 && upper >= 0) return { value: 0, relativeError: 1 }
  if (upper === Infinity) return { value: lower, relativeError: 1 }
  if (lower === -Infinity) return { value: upper, relativeError: 1 }
  // Ratio first: the product or the sum of two large bounds may be no double.
  const [near, far] = lower > 0 ? [lower, upper] : [upper, lower]
  const ratio = near / far
  return { value: near * (2 / (1 + ratio)), relativeError: (1 - ratio) / (1 + ratio) }
}
