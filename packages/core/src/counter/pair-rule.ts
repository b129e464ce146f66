import type { FirstPolicy } from '../registry/metric-catalog.ts'

/** So far back a run over history looks for the sample that the first one of its range is paired with. */
export const PAIRED_WITHIN_MS = 600_000

/**
 * What the start times of two neighbouring samples of a counter say: both are of one run, the later one is of a run
 * that began after the earlier sample, or two writers overlap and the later sample is of the one that started later or
 * earlier.
 */
export type Continuity = 'continued' | 'restarted' | 'newer-writer' | 'older-writer'

/**
 * A start time of 0 is unknown. So is one at or after the sample's own time: a point of no duration stands for a run
 * whose beginning nobody saw. Unknown starts say nothing, and the values decide.
 *
 * Source: OpenTelemetry metrics data model, "Resets and Gaps" and "Overlap".
 */
export function continuityOf(lastTimeMs: number, lastStartMs: number, timeMs: number, startMs: number): Continuity {
  if (startMs === lastStartMs || startMs === 0 || lastStartMs === 0 || startMs >= timeMs) return 'continued'
  if (startMs >= lastTimeMs) return 'restarted'
  return startMs > lastStartMs ? 'newer-writer' : 'older-writer'
}

/** What a counter grew by from zero; NaN for a value that no counter reaches from there. */
export function increaseFromZero(value: number): number {
  return value >= 0 ? value : Number.NaN
}

/**
 * What a counter grew by from one sample to a greater or equal one; NaN when that cannot be told: it stayed at
 * infinity, or was at the negative one. Growth from a finite value to infinity is infinite.
 */
export function increaseBetween(lastValue: number, value: number): number {
  return lastValue === Number.NEGATIVE_INFINITY ? Number.NaN : value - lastValue
}

/**
 * From when on a reader has to know all that happened for the first sample of a series to count from zero; for one who
 * knows less it is only the base line of the next one. `Infinity`: it counts for every reader; NaN: for none.
 */
export function firstCountsFrom(policy: FirstPolicy, timeMs: number, startMs: number): number {
  if (policy !== 'auto') return policy === 'zero' ? Number.POSITIVE_INFINITY : Number.NaN
  return startMs > 0 && startMs < timeMs ? startMs : Number.NaN
}
