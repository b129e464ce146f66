import type {
  BucketState,
  DistributionState,
  ExponentialBins,
  ExponentialState,
} from '../aggregate/distribution-state.ts'

interface Last {
  timeMs: number
  startMs: number
  state: DistributionState
}

/**
 * Turns running histograms into the amounts between two reports. A changed start time, other bounds or a
 * smaller count is a reset: the new histogram is then the amount. Recorded extremes are of the whole
 * running time and say nothing about the interval, so they are dropped.
 */
export class CumulativeDistributions {
  readonly #last = new Map<number, Last>()
  readonly #startedMs: number

  /** `startedMs`: when the observer began; a histogram that began earlier only sets the base line. */
  constructor(startedMs: number) {
    this.#startedMs = startedMs
  }

  get size(): number {
    return this.#last.size
  }

  /** The amount since the last report, or why there is none. */
  difference(
    ref: number,
    timeMs: number,
    startMs: number,
    state: DistributionState,
  ): DistributionState | 'duplicate' | 'out-of-order' {
    const last = this.#last.get(ref)
    if (last !== undefined && timeMs <= last.timeMs) return timeMs === last.timeMs ? 'duplicate' : 'out-of-order'
    this.#last.set(ref, { timeMs, startMs, state })
    if (last === undefined) return startMs > 0 && startMs >= this.#startedMs ? fromZero(state) : nothing(state)
    if (last.startMs !== startMs) return fromZero(state)
    return subtract(state, last.state) ?? fromZero(state)
  }
}

function fromZero(state: DistributionState): DistributionState {
  return { ...state, cumulative: false, min: Number.NaN, max: Number.NaN }
}

function nothing(state: DistributionState): DistributionState {
  const empty = { ...fromZero(state), count: 0, sum: 0 }
  return empty.type === 'buckets'
    ? { ...empty, counts: new Float64Array(empty.counts.length) }
    : { ...empty, zeroCount: 0, positive: { offset: 0, counts: [] }, negative: { offset: 0, counts: [] } }
}

function subtract(now: DistributionState, before: DistributionState): DistributionState | undefined {
  if (now.type === 'buckets') return before.type === 'buckets' ? subtractBuckets(now, before) : undefined
  return before.type === 'exponential' ? subtractExponential(now, before) : undefined
}

function subtractBuckets(now: BucketState, before: BucketState): BucketState | undefined {
  if (now.bounds.length !== before.bounds.length) return undefined
  for (let i = 0; i < now.bounds.length; i++) if (now.bounds[i] !== before.bounds[i]) return undefined
  const counts = new Float64Array(now.counts.length)
  for (let i = 0; i < counts.length; i++) {
    counts[i] = now.counts[i]! - before.counts[i]!
    if (counts[i]! < 0) return undefined
  }
  return { ...now, ...totals(now, before), counts }
}

function subtractExponential(now: ExponentialState, before: ExponentialState): ExponentialState | undefined {
  // A sender may lower its scale between two reports, never raise it within one running time.
  if (now.scale > before.scale) return undefined
  const shift = before.scale - now.scale
  const positive = subtractBins(now.positive, before.positive, shift)
  const negative = subtractBins(now.negative, before.negative, shift)
  const zeroCount = now.zeroCount - before.zeroCount
  if (positive === undefined || negative === undefined || zeroCount < 0) return undefined
  return { ...now, ...totals(now, before), positive, negative, zeroCount }
}

function subtractBins(now: ExponentialBins, before: ExponentialBins, shift: number): ExponentialBins | undefined {
  const counts = Float64Array.from(now.counts)
  for (let i = 0; i < before.counts.length; i++) {
    const count = before.counts[i]!
    if (count === 0) continue
    // Halving the resolution joins bins 2i and 2i + 1: an arithmetic shift of the index.
    const at = ((before.offset + i) >> shift) - now.offset
    if (at < 0 || at >= counts.length || counts[at]! < count) return undefined
    counts[at]! -= count
  }
  return { offset: now.offset, counts }
}

function totals(
  now: DistributionState,
  before: DistributionState,
): { count: number; sum: number; min: number; max: number; cumulative: boolean } {
  return {
    count: now.count - before.count,
    sum: now.sum - before.sum,
    min: Number.NaN,
    max: Number.NaN,
    cumulative: false,
  }
}
