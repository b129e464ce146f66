import type { PointProblem } from './attribute-list.ts'
import type { OtlpLimits } from './limits.ts'
import type { HistogramFields } from './point-fields.ts'

/** Scales of the OpenTelemetry exponential histogram mapping; finer ones tell nothing apart in a double. */
const MIN_SCALE = -10
const MAX_SCALE = 20
const MAX_INDEX = 0x7fff_ffff
/** Exponents of the greatest double (exclusive) and of the smallest subnormal one. */
const MAX_EXPONENT = 1024
const MIN_EXPONENT = -1074

/** What the invariants of `HistogramDataPoint` in OTLP's metrics.proto say about this point. */
export function explicitHistogramProblem(point: HistogramFields, limits: OtlpLimits): PointProblem | undefined {
  const { bounds, counts, count } = point
  if (counts.length > limits.buckets) return tooManyBuckets(counts.length, limits)
  if (counts.length === 0 && bounds.length === 0) return isCount(count) ? undefined : badCount('the count', count)
  if (counts.length !== bounds.length + 1)
    return invalid(`${counts.length} bucket counts for ${bounds.length} bounds; there must be one more than bounds`)
  for (const [index, bound] of bounds.entries()) {
    if (Number.isNaN(bound)) return invalid(`bound ${index} is not a number`)
    if (index > 0 && bound <= bounds[index - 1]!) return invalid(`bound ${index} is not greater than the one before it`)
  }
  return countsProblem(count, sumOf(counts))
}

/** What the invariants of `ExponentialHistogramDataPoint` and of the data model say about this point. */
export function exponentialHistogramProblem(point: HistogramFields, limits: OtlpLimits): PointProblem | undefined {
  const { scale, positiveCounts, negativeCounts, zeroThreshold } = point
  const buckets = Math.max(positiveCounts.length, negativeCounts.length)
  if (buckets > limits.buckets) return tooManyBuckets(buckets, limits)
  if (scale < MIN_SCALE || scale > MAX_SCALE)
    return invalid(`scale ${scale} is outside ${MIN_SCALE} to ${MAX_SCALE}`)
  if (!(zeroThreshold >= 0) || zeroThreshold === Number.POSITIVE_INFINITY)
    return invalid(`zero threshold ${zeroThreshold} is not a finite number of at least 0`)
  if (outOfRange(scale, point.positiveOffset, positiveCounts) || outOfRange(scale, point.negativeOffset, negativeCounts))
    return invalid(`scale ${scale} with the bucket offsets leaves the range of a double`)
  return countsProblem(point.count, point.zeroCount + sumOf(positiveCounts) + sumOf(negativeCounts))
}

/** A bucket in use must hold at least one double: bucket i is (2^(i / 2^scale), 2^((i + 1) / 2^scale)]. */
function outOfRange(scale: number, offset: number, counts: readonly number[]): boolean {
  if (counts.length === 0) return false
  if (offset + counts.length - 1 > MAX_INDEX) return true
  let first = 0
  while (first < counts.length && counts[first] === 0) first++
  if (first === counts.length) return false
  let last = counts.length - 1
  while (counts[last] === 0) last--
  const perIndex = 2 ** -scale
  return (offset + last) * perIndex >= MAX_EXPONENT || (offset + first + 1) * perIndex < MIN_EXPONENT
}

function countsProblem(count: number, inBuckets: number): PointProblem | undefined {
  if (!isCount(count)) return badCount('the count', count)
  if (!isCount(inBuckets)) return badCount('the sum of the buckets', inBuckets)
  if (inBuckets !== count) return invalid(`the buckets hold ${inBuckets} events, the count says ${count}`)
  return undefined
}

function sumOf(counts: readonly number[]): number {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}

function isCount(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER
}

function badCount(what: string, value: number): PointProblem {
  return invalid(`${what} is ${value}; at most 2^53 - 1 events are taken`)
}

function tooManyBuckets(buckets: number, limits: OtlpLimits): PointProblem {
  return { reason: 'too-large', detail: `${buckets} buckets; at most ${limits.buckets} are taken` }
}

function invalid(detail: string): PointProblem {
  return { reason: 'invalid', detail }
}
