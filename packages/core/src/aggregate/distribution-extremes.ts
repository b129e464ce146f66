import type { DistributionState, ExponentialBins } from './distribution-state.ts'

/** The least and greatest value a distribution can hold; `recorded` when the sender said them itself. */
export interface Extremes {
  readonly min: number
  readonly max: number
  readonly recorded: boolean
}

/** Recorded extremes, else the outer bounds of the non-empty bins (an open end gives the bound it has). */
export function extremesOf(state: DistributionState): Extremes {
  if (!Number.isNaN(state.min) && !Number.isNaN(state.max)) return { min: state.min, max: state.max, recorded: true }
  const bounds = state.type === 'buckets' ? bucketExtremes(state.bounds, state.counts) : binExtremes(state)
  return {
    min: Number.isNaN(state.min) ? bounds.min : state.min,
    max: Number.isNaN(state.max) ? bounds.max : state.max,
    recorded: false,
  }
}

function bucketExtremes(bounds: ArrayLike<number>, counts: ArrayLike<number>): { min: number; max: number } {
  let min = Number.NaN
  let max = Number.NaN
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0 || bounds.length === 0) continue
    const low = bounds[Math.max(0, i - 1)]!
    // Values of the first bucket are usually amounts or times, which do not go below zero.
    if (Number.isNaN(min)) min = i === 0 ? Math.min(0, low) : low
    max = bounds[Math.min(i, bounds.length - 1)]!
  }
  return { min, max }
}

function binExtremes(state: Extract<DistributionState, { type: 'exponential' }>): { min: number; max: number } {
  const base = 2 ** (2 ** -state.scale)
  const positive = nonEmpty(state.positive)
  const negative = nonEmpty(state.negative)
  const candidates: number[] = []
  if (positive !== undefined) candidates.push(base ** positive.first, base ** (positive.last + 1))
  if (negative !== undefined) candidates.push(-(base ** negative.first), -(base ** (negative.last + 1)))
  if (state.zeroCount > 0) candidates.push(0)
  return candidates.length === 0
    ? { min: Number.NaN, max: Number.NaN }
    : { min: Math.min(...candidates), max: Math.max(...candidates) }
}

function nonEmpty(bins: ExponentialBins): { first: number; last: number } | undefined {
  let first: number | undefined
  let last = 0
  for (let i = 0; i < bins.counts.length; i++) {
    if (bins.counts[i] === 0) continue
    first ??= bins.offset + i
    last = bins.offset + i
  }
  return first === undefined ? undefined : { first, last }
}
