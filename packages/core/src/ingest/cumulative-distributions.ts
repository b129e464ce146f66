import type {
  BucketState,
  DistributionState,
  ExponentialBins,
  ExponentialState,
} from '../aggregate/distribution-state.ts'
import { exponentialMapping } from '../aggregate/sketch/exponential/mapping.ts'
import { decodeDistribution, encodeDistribution } from '../aggregate/state-codec.ts'
import { inBlocks } from '../snapshot/in-blocks.ts'
import { type LoadSection, SectionType } from '../snapshot/section-type.ts'
import type { SnapshotWriter } from '../snapshot/snapshot-writer.ts'

/** Replaced, never changed, so that a snapshot may read it later. */
interface Last {
  readonly timeMs: number
  readonly startMs: number
  readonly state: DistributionState
}

/** Histograms in one section of a snapshot. */
const PER_SECTION = 2_048

/**
 * Turns running histograms into the amounts between two reports. A changed start time, other bounds or a
 * smaller count is a reset: the new histogram is then the amount. Recorded extremes are of the whole
 * running time and say nothing about the interval, so they are dropped.
 */
export class CumulativeDistributions {
  readonly #last = new Map<number, Last>()
  #startedMs: number

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

  save(snapshot: SnapshotWriter): void {
    const startedMs = this.#startedMs
    const refs = Uint32Array.from(this.#last.keys())
    const lasts = [...this.#last.values()]
    const buffer = new Uint8Array(65_536)
    snapshot.section(SectionType.cumulativeStart, (writer) => writer.f64(startedMs))
    snapshot.later(
      SectionType.cumulativeDistributions,
      inBlocks(refs.length, PER_SECTION, (writer, from, to) => {
        writer.varint(to - from)
        for (let i = from; i < to; i++) {
          const { timeMs, startMs, state } = lasts[i]!
          writer.varint(refs[i]!)
          writer.f64(timeMs)
          writer.f64(startMs)
          writer.bytes(encodeDistribution(state, 0, buffer))
        }
      }),
    )
  }

  readonly loadStart: LoadSection = (reader) => {
    this.#startedMs = reader.f64('start of the observer')
  }

  readonly loadDistributions: LoadSection = (reader) => {
    for (let left = reader.count('histograms', 17); left > 0; left--)
      this.#last.set(reader.varint('series'), {
        timeMs: reader.f64('time'),
        startMs: reader.f64('start time'),
        state: reader.decoded('histogram', decodeDistribution),
      })
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
  return { ...now, ...totals(now, before, total(counts)), counts }
}

function subtractExponential(now: ExponentialState, before: ExponentialState): ExponentialState | undefined {
  // A sender may lower its scale between two reports, never raise it within one running time.
  if (now.scale > before.scale) return undefined
  const [to, from] = alignZero(now, coarsen(before, now.scale))
  const positive = subtractBins(to.positive, from.positive)
  const negative = subtractBins(to.negative, from.negative)
  const zeroCount = to.zeroCount - from.zeroCount
  if (positive === undefined || negative === undefined || zeroCount < 0) return undefined
  const count = zeroCount + total(positive.counts) + total(negative.counts)
  return { ...to, ...totals(now, before, count), positive, negative, zeroCount }
}

/**
 * Both states of one scale with the wider zero threshold of the two: a sender that widens it moves events from bins
 * to the zero count. A bin that holds events and lies across the threshold widens it up to the end of that bin, as it
 * cannot be told which of them the other state counts as zero.
 */
function alignZero(now: ExponentialState, before: ExponentialState): [ExponentialState, ExponentialState] {
  if (now.zeroThreshold === before.zeroThreshold) return [now, before]
  const zeroThreshold = Math.max(now.zeroThreshold, before.zeroThreshold)
  const mapping = exponentialMapping(now.scale)
  const last = mapping.indexOf(zeroThreshold)
  const isCut = [now, before].some((state) => countAt(state.positive, last) + countAt(state.negative, last) > 0)
  const widened = isCut ? Math.max(zeroThreshold, mapping.upperBound(last)) : zeroThreshold
  return [widenZero(now, last, widened), widenZero(before, last, widened)]
}

/** Moves the bins up to and with index `last` into the zero count. */
function widenZero(state: ExponentialState, last: number, zeroThreshold: number): ExponentialState {
  const [positive, fromPositive] = cutBins(state.positive, last)
  const [negative, fromNegative] = cutBins(state.negative, last)
  return { ...state, zeroThreshold, zeroCount: state.zeroCount + fromPositive + fromNegative, positive, negative }
}

/** The bins above index `last`, and how many events those below hold. */
function cutBins(bins: ExponentialBins, last: number): [ExponentialBins, number] {
  const counts = Float64Array.from(bins.counts)
  const cut = Math.min(counts.length, last + 1 - bins.offset)
  if (cut <= 0) return [bins, 0]
  let events = 0
  for (let i = 0; i < cut; i++) events += counts[i]!
  return [{ offset: bins.offset + cut, counts: counts.subarray(cut) }, events]
}

function countAt(bins: ExponentialBins, index: number): number {
  return bins.counts[index - bins.offset] ?? 0
}

/** The state at a lower scale: each step down joins bins 2i and 2i + 1. */
function coarsen(state: ExponentialState, scale: number): ExponentialState {
  const width = 2 ** (state.scale - scale)
  if (width === 1) return state
  const join = ({ offset, counts }: ExponentialBins): ExponentialBins => {
    const first = Math.floor(offset / width)
    const joined = new Float64Array(Math.floor((offset + counts.length - 1) / width) - first + 1)
    for (let i = 0; i < counts.length; i++) joined[Math.floor((offset + i) / width) - first]! += counts[i]!
    return { offset: first, counts: joined }
  }
  return { ...state, scale, positive: join(state.positive), negative: join(state.negative) }
}

function subtractBins(now: ExponentialBins, before: ExponentialBins): ExponentialBins | undefined {
  const counts = Float64Array.from(now.counts)
  for (let i = 0; i < before.counts.length; i++) {
    const count = before.counts[i]!
    if (count === 0) continue
    const at = before.offset + i - now.offset
    if (at < 0 || at >= counts.length || counts[at]! < count) return undefined
    counts[at]! -= count
  }
  return { offset: now.offset, counts }
}

function totals(
  now: DistributionState,
  before: DistributionState,
  // Added up, as the difference of two fractional counts may be off from what the bins hold.
  count: number,
): { count: number; sum: number; min: number; max: number; cumulative: boolean } {
  return {
    count,
    sum: now.sum - before.sum,
    min: Number.NaN,
    max: Number.NaN,
    cumulative: false,
  }
}

function total(counts: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += counts[i]!
  return sum
}
