import type { DistributionState, ExponentialBins } from '../distribution-state.ts'
import { areVarints, MAX_ROW_LENGTH } from './count-row.ts'
import { MAX_BINS, usedRange } from './exponential/bins.ts'
import { exponentialMapping, MAX_SCALE, MIN_SCALE } from './exponential/mapping.ts'
import type { SketchState } from './exponential/sketch-state.ts'

/** How far the sum of fractional counts may be from the count of the state, as a share of it. */
const FLOAT_TOLERANCE = 1e-9

interface SignedBins {
  readonly scale: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly positive: ExponentialBins
  readonly negative: ExponentialBins
}

/** What makes the state invalid, or null. What passes here is encoded and decoded; what does not is neither. */
export function distributionProblem(state: DistributionState): string | null {
  const { count, min, max } = state
  const problem =
    state.type === 'exponential' ? binsProblem(state, MAX_ROW_LENGTH) : bucketsProblem(state.bounds, state.counts)
  if (problem !== null) return problem
  if (!isCount(count)) return `count is ${count}`
  const total = state.type === 'exponential' ? binsTotal(state) : sum(state.counts)
  if (!(Math.abs(total - count) <= (hasVarintCounts(state) ? 0 : count * FLOAT_TOLERANCE))) {
    return `bins hold ${total} events, the count is ${count}`
  }
  return count > 0 && min > max ? `min ${min} is above max ${max}` : null
}

/** The same for the state of a sketch. */
export function sketchProblem(state: SketchState): string | null {
  if (state.form === 'exact') {
    const { values } = state
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) return `value is ${values[i]}`
      if (i > 0 && !(values[i - 1]! <= values[i]!)) return 'values do not ascend'
    }
    return settingsProblem(state)
  }
  const problem = binsProblem(state, MAX_BINS)
  if (problem !== null) return problem
  const { min, max, bucketError } = state
  if (binsTotal(state) > 0 ? !(min <= max) : min !== Infinity || max !== -Infinity) return `extremes are ${min}, ${max}`
  return bucketError >= 0 && bucketError <= 1 ? null : `error of buckets is ${bucketError}`
}

/** Whether every count of the state can be written as a varint. */
export function hasVarintCounts(state: SignedBins | { readonly counts: ArrayLike<number> }): boolean {
  if ('counts' in state) return areVarints(state.counts)
  return Number.isSafeInteger(state.zeroCount) && areVarints(state.positive.counts) && areVarints(state.negative.counts)
}

function settingsProblem({ scale, zeroThreshold }: { scale: number; zeroThreshold: number }): string | null {
  if (!(Number.isInteger(scale) && scale >= MIN_SCALE && scale <= MAX_SCALE)) return `scale is ${scale}`
  return isCount(zeroThreshold) ? null : `zero threshold is ${zeroThreshold}`
}

function binsProblem(state: SignedBins, maxBins: number): string | null {
  const problem = settingsProblem(state)
  if (problem !== null) return problem
  if (!isCount(state.zeroCount)) return `zero count is ${state.zeroCount}`
  const mapping = exponentialMapping(state.scale)
  for (const bins of [state.positive, state.negative]) {
    if (bins.counts.length > maxBins) return `${bins.counts.length} bins are more than ${maxBins}`
    if (!Number.isSafeInteger(bins.offset) || Math.abs(bins.offset) > 2 ** 31) return `offset is ${bins.offset}`
    const bad = firstBadCount(bins.counts)
    if (bad !== null) return bad
    const range = usedRange(bins)
    if (range !== null && (range.low < mapping.minIndex || range.high > mapping.maxIndex)) {
      return `bins ${range.low} to ${range.high} lie outside of the doubles at scale ${state.scale}`
    }
  }
  return null
}

function bucketsProblem(bounds: ArrayLike<number>, counts: ArrayLike<number>): string | null {
  if (counts.length > MAX_ROW_LENGTH) return `${counts.length} buckets are more than ${MAX_ROW_LENGTH}`
  if (counts.length !== bounds.length + 1) return `${bounds.length} bounds do not make ${counts.length} buckets`
  if (Number.isNaN(bounds[0])) return 'bound is NaN'
  for (let i = 1; i < bounds.length; i++) if (!(bounds[i - 1]! < bounds[i]!)) return 'bounds do not ascend'
  return firstBadCount(counts)
}

function firstBadCount(counts: ArrayLike<number>): string | null {
  for (let i = 0; i < counts.length; i++) if (!isCount(counts[i]!)) return `count is ${counts[i]}`
  return null
}

function isCount(value: number): boolean {
  return value >= 0 && value < Infinity
}

function binsTotal({ zeroCount, positive, negative }: SignedBins): number {
  return zeroCount + sum(negative.counts) + sum(positive.counts)
}

function sum(counts: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i]!
  return total
}
