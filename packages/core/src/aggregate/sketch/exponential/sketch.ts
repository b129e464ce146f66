import type { PercentileRank } from '../../../plan/query-plan.ts'
import type { StateReader } from '../../../snapshot/state-reader.ts'
import type { StateWriter } from '../../../snapshot/state-writer.ts'
import type { BucketState, DistributionState, ExponentialState } from '../../distribution-state.ts'
import { nearestRank } from '../../rank.ts'
import { type BinCounts, type BinRange, Bins, MAX_BINS, usedRange } from './bins.ts'
import { bucketPoints } from './bucket-points.ts'
import { EXACT_LIMIT, ExactValues } from './exact-values.ts'
import {
  type ExponentialMapping,
  exponentialMapping,
  HIGH_WORD,
  LOW_WORD,
  MAX_SCALE,
  MIN_NORMAL,
  TableMapping,
} from './mapping.ts'
import { loadSketchState, saveSketchState } from './saved-sketch-state.ts'
import type { SketchState } from './sketch-state.ts'

export const DEFAULT_SCALE = 6

export interface ExponentialSketchOptions {
  /** Resolution to begin with, -10 to 20. Default 6: a relative error of 0.54 %. */
  readonly scale?: number
  /** Values up to this magnitude count as zero; rounded up to the end of the bin it falls into. Default 0. */
  readonly zeroThreshold?: number
}

export type SketchName = 'exact' | 'exponential' | 'buckets'

/** Above it a u32 count could overflow. */
const MAX_NARROW_COUNT = 0xffff_ffff
/** The largest double below the smallest normal one. */
const MAX_SUBNORMAL = MIN_NORMAL - Number.MIN_VALUE
/** How far the sum of fractional counts, in another order, may be from their total, as a share of it. */
const COUNT_TOLERANCE = 1e-6
/** The objects of a sketch beside its arrays' bytes, about. */
const OBJECT_BYTES = 480

const ONE = Uint32Array.of(1)
const NO_BINS: BinCounts = { offset: 0, counts: new Uint32Array(0) }

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)

/**
 * Percentile sketch on the OpenTelemetry base-2 exponential histogram: any two merge, whatever their scales, and the
 * bins do not depend on the order of adding or merging. Fewer than 64 values are kept as they are. A sign that would
 * need more than 2,048 bins halves the resolution of the sketch instead of dropping values.
 *
 * The stated relative error holds for values above the zero threshold; subnormal values are besides as coarse as
 * doubles are there. NaN and infinities are the caller's to filter; they are ignored.
 */
export class ExponentialSketch {
  #initialScale: number
  #initialZeroThreshold: number
  /** Null once the values are in bins. */
  #exact: ExactValues | null = new ExactValues()
  #mapping: ExponentialMapping
  /** On the end of a bin as long as the values are in bins, so that each bin is either in or out. */
  #zeroThreshold: number
  readonly #positive = new Bins()
  readonly #negative = new Bins()
  #zeroCount = 0
  /** Of the values in bins. */
  #count = 0
  /** Bounds of the values in bins. */
  #min = Infinity
  #max = -Infinity
  #minSeen = true
  #maxSeen = true
  #collapsed = false
  #fromBuckets = false
  #bucketError = 0
  #unboundedBucket = false

  /** @throws RangeError for a scale or zero threshold out of range */
  constructor({ scale = DEFAULT_SCALE, zeroThreshold = 0 }: ExponentialSketchOptions = {}) {
    if (!(zeroThreshold >= 0 && zeroThreshold <= Number.MAX_VALUE)) {
      throw new RangeError(`zeroThreshold must be finite and not negative, got ${zeroThreshold}`)
    }
    this.#mapping = exponentialMapping(scale)
    this.#zeroThreshold = zeroThreshold
    this.#initialScale = scale
    this.#initialZeroThreshold = zeroThreshold
  }

  /** The sketch that `toState` describes; the state is taken as valid. */
  static fromState(state: SketchState): ExponentialSketch {
    const sketch = new ExponentialSketch(state)
    if (state.form === 'exact') {
      sketch.addMany(state.values, 0, state.values.length)
      return sketch
    }
    sketch.#exact = null
    sketch.#mergeCounts(state, state.scale, totalOf(state))
    sketch.#min = state.min
    sketch.#max = state.max
    sketch.#minSeen = state.minSeen
    sketch.#maxSeen = state.maxSeen
    sketch.#collapsed = state.collapsed
    sketch.#fromBuckets = state.fromBuckets
    sketch.#bucketError = state.bucketError
    sketch.#unboundedBucket = state.unboundedBucket
    return sketch
  }

  /** Reads what `save` wrote: a sketch that does in future what that one would have done, to the bit. */
  static load(reader: StateReader): ExponentialSketch {
    const { offset } = reader
    const initialScale = reader.zigzag('first scale')
    const initialZeroThreshold = reader.f64('first zero threshold')
    const state = loadSketchState(reader)
    const count = reader.f64('count')
    const sketch = ExponentialSketch.fromState(state)
    if (!(initialScale >= state.scale && initialScale <= MAX_SCALE))
      reader.corrupt(`first scale is ${initialScale}, then ${state.scale}`, offset)
    if (!(initialZeroThreshold >= 0 && initialZeroThreshold <= state.zeroThreshold))
      reader.corrupt(`first zero threshold is ${initialZeroThreshold}, then ${state.zeroThreshold}`, offset)
    if (!(Math.abs(count - sketch.#count) <= sketch.#count * COUNT_TOLERANCE))
      reader.corrupt(`bins hold ${sketch.#count} values, the count is ${count}`, offset)
    sketch.#initialScale = initialScale
    sketch.#initialZeroThreshold = initialZeroThreshold
    sketch.#count = count
    return sketch
  }

  /** Number of values, or sum of their weights. */
  get count(): number {
    return this.#exact === null ? this.#count : this.#exact.length
  }

  get scale(): number {
    return this.#mapping.scale
  }

  get zeroThreshold(): number {
    return this.#zeroThreshold
  }

  get isExact(): boolean {
    return this.#exact !== null
  }

  /** Whether the bin limit has cost resolution. */
  get collapsed(): boolean {
    return this.#collapsed
  }

  get sketchName(): SketchName {
    if (this.#exact !== null) return 'exact'
    return this.#fromBuckets ? 'buckets' : 'exponential'
  }

  /**
   * No quantile is farther than this, as a share of the true value, from the value of nearest rank: 0 for exact values,
   * (base - 1) / (base + 1) for bins, and with explicit buckets the worst of theirs besides. 1 is the whole value.
   */
  get relativeError(): number {
    if (this.#exact !== null) return 0
    // A point may be high by the bucket's error, and the bin that holds it high by the mapping's on top.
    const error = this.#bucketError + this.#mapping.relativeError * (1 + this.#bucketError)
    return this.#unboundedBucket ? Math.max(1, error) : error
  }

  /** Memory held, in bytes, about. */
  get stateBytes(): number {
    const exactBytes = this.#exact === null ? 0 : this.#exact.byteLength
    return OBJECT_BYTES + exactBytes + this.#positive.counts.byteLength + this.#negative.counts.byteLength
  }

  add(value: number): void {
    if (this.#exact !== null) {
      if (!(Math.abs(value) <= Number.MAX_VALUE)) return
      if (this.#exact.length < EXACT_LIMIT - 1) {
        this.#exact.push(value)
        return
      }
      this.#toBins()
    }
    const magnitude = Math.abs(value)
    if (magnitude > this.#zeroThreshold && magnitude <= Number.MAX_VALUE && this.#count < MAX_NARROW_COUNT) {
      const bins = value > 0 ? this.#positive : this.#negative
      if (bins.increment(this.#mapping.indexOf(magnitude))) {
        this.#count++
        if (value <= this.#min || value >= this.#max) this.#extend(value, true, value, true)
        return
      }
    }
    this.#addToBins(value, 1)
  }

  /** Adds a value `weight` times; a weight that is not positive and finite is ignored. */
  addWeighted(value: number, weight: number): void {
    if (!(weight > 0 && weight < Infinity && Math.abs(value) <= Number.MAX_VALUE)) return
    if (this.#exact !== null) {
      if (Number.isInteger(weight) && this.#exact.length + weight < EXACT_LIMIT) {
        for (let i = 0; i < weight; i++) this.#exact.push(value)
        return
      }
      this.#toBins()
    }
    this.#addToBins(value, weight)
  }

  /** Adds `values[from]` to `values[to - 1]`. */
  addMany(values: Float64Array, from: number, to: number): void {
    let next = from
    while (this.#exact !== null && next < to) this.add(values[next++]!)
    while (next < to) {
      next = this.#addRun(values, next, to)
      // What stopped the run: a bin that needs room, a value that is no normal double, or counts past u32.
      if (next < to) this.#addToBins(values[next++]!, 1)
    }
  }

  /**
   * Takes in all values of another sketch, which stays as it is. The smaller scale and the larger zero threshold hold
   * afterwards. Two exact sketches stay exact below 64 values.
   */
  merge(other: ExponentialSketch): void {
    if (other.#exact !== null) {
      if (other.#exact.length === 0) return
      // The view stays good when `other` is this sketch: growing leaves the old buffer as it was.
      const values = other.#exact.view()
      const exact = this.#exact
      if (exact === null) this.#zeroThresholdAtLeast(other.#zeroThreshold)
      else this.#zeroThreshold = Math.max(this.#zeroThreshold, other.#zeroThreshold)
      this.#downscaleTo(Math.min(this.scale, other.scale))
      if (exact !== null && exact.length + values.length >= EXACT_LIMIT) this.#toBins()
      this.addMany(values, 0, values.length)
      return
    }
    if (other.#count === 0) return
    const source = {
      positive: other.#positive,
      negative: other.#negative,
      zeroCount: other.#zeroCount,
      zeroThreshold: other.#zeroThreshold,
    }
    this.#mergeCounts(source, other.scale, other.#count)
    this.#extend(other.#min, other.#minSeen, other.#max, other.#maxSeen)
    this.#collapsed ||= other.#collapsed
    this.#fromBuckets ||= other.#fromBuckets
    this.#bucketError = Math.max(this.#bucketError, other.#bucketError)
    this.#unboundedBucket ||= other.#unboundedBucket
  }

  /** Takes in a ready-made distribution. */
  mergeDistribution(state: DistributionState): void {
    if (state.type === 'exponential') this.mergeBins(state)
    else this.mergeBuckets(state)
  }

  /**
   * Takes in an exponential histogram as `merge` does a sketch. Its recorded extremes bound the quantiles; those of a
   * cumulative one, which are older than its counts may be, only bound them.
   *
   * @throws RangeError for a scale out of -10 to 20
   */
  mergeBins(state: ExponentialState): void {
    const { least, greatest } = binExtent(state)
    if (least > greatest) return
    this.#mergeCounts(state, state.scale, totalOf(state))
    // An extreme on the wrong side of all bins contradicts the counts and is not believed; neither is NaN.
    const minGiven = state.min > -Infinity && state.min <= greatest
    const maxGiven = state.max < Infinity && state.max >= least
    const min = minGiven ? state.min : least
    const max = maxGiven ? state.max : greatest
    this.#extend(min, minGiven && !state.cumulative, max, maxGiven && !state.cumulative)
  }

  /** Takes in an explicit-bucket histogram: each bucket at its best point (see `bucketPoints`), its error stated. */
  mergeBuckets(state: BucketState): void {
    for (const { value, count, lower, upper, relativeError } of bucketPoints(state)) {
      if (this.#exact !== null) this.#toBins()
      this.#fromBuckets = true
      this.#addToBins(value, count)
      const [minSeen, maxSeen] = [lower === state.min && !state.cumulative, upper === state.max && !state.cumulative]
      this.#extend(lower, minSeen, upper, maxSeen)
      if (relativeError === 1) this.#unboundedBucket = true
      else this.#bucketError = Math.max(this.#bucketError, relativeError)
    }
  }

  /** The value of nearest rank within `relativeError`; null when nothing was added. The extremes are exact if seen. */
  quantile(rank: PercentileRank): number | null {
    const count = this.count
    if (count === 0) return null
    const whole =
      count <= Number.MAX_SAFE_INTEGER &&
      areWhole({ zeroCount: this.#zeroCount, positive: this.#positive, negative: this.#negative })
    const position = whole ? nearestRank(rank, count) : (rank.digits / 10 ** rank.scale) * count
    if (this.#exact !== null) return this.#exact.sorted()[position - 1]!
    if (position <= (whole ? 1 : 0) && this.#minSeen) return this.#min
    if (position >= count && this.#maxSeen) return this.#max
    return Math.max(this.#min, Math.min(this.#max, this.#valueAt(position)))
  }

  clone(): ExponentialSketch {
    const copy = new ExponentialSketch({ scale: this.#initialScale, zeroThreshold: this.#initialZeroThreshold })
    copy.merge(this)
    return copy
  }

  /** Empties the sketch and gives it its first scale and zero threshold back; keeps the memory of its arrays. */
  reset(): void {
    if (this.#exact === null) {
      this.#exact = new ExactValues()
      this.#positive.clear()
      this.#negative.clear()
    } else this.#exact.clear()
    this.#mapping = exponentialMapping(this.#initialScale)
    this.#zeroThreshold = this.#initialZeroThreshold
    this.#zeroCount = 0
    this.#count = 0
    this.#min = Infinity
    this.#max = -Infinity
    this.#minSeen = true
    this.#maxSeen = true
    this.#collapsed = false
    this.#fromBuckets = false
    this.#bucketError = 0
    this.#unboundedBucket = false
  }

  /** Writes all of it, with what `reset` goes back to and the count as it was summed. */
  save(writer: StateWriter): void {
    writer.zigzag(this.#initialScale)
    writer.f64(this.#initialZeroThreshold)
    saveSketchState(writer, this.toState())
    writer.f64(this.#count)
  }

  /** A copy of everything; equal for sketches with equal bins, whatever made them. */
  toState(): SketchState {
    const { scale } = this.#mapping
    const zeroThreshold = this.#zeroThreshold
    if (this.#exact !== null) return { form: 'exact', scale, zeroThreshold, values: this.#exact.sorted() }
    return {
      form: 'bins',
      scale,
      zeroThreshold,
      zeroCount: this.#zeroCount,
      positive: trimmed(this.#positive),
      negative: trimmed(this.#negative),
      min: this.#min,
      max: this.#max,
      minSeen: this.#minSeen,
      maxSeen: this.#maxSeen,
      collapsed: this.#collapsed,
      fromBuckets: this.#fromBuckets,
      bucketError: this.#bucketError,
      unboundedBucket: this.#unboundedBucket,
    }
  }

  /**
   * Counts values as long as each has a bin with room. It does what `TableMapping.indexOf` does, by hand, with all
   * state in locals. Returns where it stopped.
   */
  #addRun(values: Float64Array, from: number, to: number): number {
    const mapping = this.#mapping
    const positive = this.#positive.counts
    const negative = this.#negative.counts
    if (!(mapping instanceof TableMapping && positive instanceof Uint32Array && negative instanceof Uint32Array)) {
      return from
    }
    if (this.#count + (to - from) > MAX_NARROW_COUNT) return from
    const { cellShift, cellMask, cellBin, boundHigh, boundLow, finer, coarser } = mapping
    const positiveOffset = this.#positive.offset
    const negativeOffset = this.#negative.offset
    const zeroThreshold = this.#zeroThreshold
    const floor = Math.max(zeroThreshold, MAX_SUBNORMAL)
    let zeros = 0
    let min = this.#min
    let max = this.#max
    let minSeen = this.#minSeen
    let maxSeen = this.#maxSeen
    let next = from
    for (; next < to; next++) {
      const value = values[next]!
      const magnitude = Math.abs(value)
      if (magnitude > floor && magnitude <= Number.MAX_VALUE) {
        float[0] = value
        const high = words[HIGH_WORD]!
        const cell = (high >>> cellShift) & cellMask
        const mantissaHigh = high & 0xfffff
        const bound = boundHigh[cell]!
        let above = (bound - mantissaHigh) >>> 31
        if (bound === mantissaHigh && words[LOW_WORD]! > boundLow[cell]!) above = 1
        const index = (((((high >>> 20) & 0x7ff) - 1023) << finer) + cellBin[cell]! + above) >> coarser
        if (value > 0) {
          const position = index - positiveOffset
          if (position < 0 || position >= positive.length) break
          positive[position] = positive[position]! + 1
        } else {
          const position = index - negativeOffset
          if (position < 0 || position >= negative.length) break
          negative[position] = negative[position]! + 1
        }
        if (value < min) {
          min = value
          minSeen = true
        }
        if (value > max) {
          max = value
          maxSeen = true
        }
      } else if (magnitude <= zeroThreshold && value === 0) {
        zeros++
        if (min > 0) {
          min = 0
          minSeen = true
        }
        if (max < 0) {
          max = 0
          maxSeen = true
        }
      } else break
    }
    this.#count += next - from
    this.#zeroCount += zeros
    this.#min = min
    this.#max = max
    this.#minSeen = minSeen
    this.#maxSeen = maxSeen
    return next
  }

  #addToBins(value: number, count: number): void {
    const magnitude = Math.abs(value)
    if (!(magnitude <= Number.MAX_VALUE)) return
    this.#countMore(count, Number.isInteger(count))
    this.#extend(value + 0, true, value + 0, true)
    if (magnitude > this.#zeroThreshold) {
      const bins = value > 0 ? this.#positive : this.#negative
      let index = this.#mapping.indexOf(magnitude)
      if (!bins.has(index)) {
        const bin = { offset: index, counts: ONE }
        const finer = this.scale
        this.#fit(value > 0 ? bin : NO_BINS, value > 0 ? NO_BINS : bin, finer, 0)
        index >>= finer - this.scale
      }
      // A coarser scale may have moved the zero threshold, on the end of a bin, past the value.
      if (magnitude > this.#zeroThreshold) {
        bins.add(index, count)
        return
      }
    }
    this.#zeroCount += count
  }

  /** Raises the count, and widens the bins where it, and so any bin's share of it, may not fit a u32. */
  #countMore(count: number, whole: boolean): void {
    this.#count += count
    if (this.#count > MAX_NARROW_COUNT || !whole) {
      this.#positive.widen()
      this.#negative.widen()
    }
  }

  /** Of equal bounds one that was not seen makes the bound one, in either order. */
  #extend(min: number, minSeen: boolean, max: number, maxSeen: boolean): void {
    if (min < this.#min) {
      this.#min = min
      this.#minSeen = minSeen
    } else if (min === this.#min) this.#minSeen &&= minSeen
    if (max > this.#max) {
      this.#max = max
      this.#maxSeen = maxSeen
    } else if (max === this.#max) this.#maxSeen &&= maxSeen
  }

  /** `source` may be made of this sketch's own bins. */
  #mergeCounts(source: SignedCounts, scale: number, total: number): void {
    if (this.#exact !== null) {
      this.#zeroThreshold = Math.max(this.#zeroThreshold, source.zeroThreshold)
      this.#downscaleTo(scale)
      this.#toBins()
    }
    // What has room needs no fitting: no row is longer than the bin limit.
    const hasRoom =
      scale === this.scale &&
      this.#positive.hasAll(usedRange(source.positive)) &&
      this.#negative.hasAll(usedRange(source.negative))
    if (!hasRoom) this.#fit(source.positive, source.negative, scale, source.zeroThreshold)
    this.#zeroThresholdAtLeast(source.zeroThreshold)
    this.#countMore(total, areWhole(source))
    // This scale is not the finer one, so the threshold, the end of a bin here, is the end of one there.
    const zeroIndex = this.#zeroThreshold === 0 ? -Infinity : exponentialMapping(scale).indexOf(this.#zeroThreshold)
    const shift = scale - this.scale
    this.#zeroCount += source.zeroCount
    this.#zeroCount += absorbAbove(zeroIndex, this.#positive, source.positive, shift)
    this.#zeroCount += absorbAbove(zeroIndex, this.#negative, source.negative, shift)
  }

  /** Moves what is exact into bins. */
  #toBins(): void {
    const values = this.#exact?.view() ?? new Float64Array(0)
    this.#exact = null
    this.#zeroThresholdAtLeast(this.#zeroThreshold)
    this.addMany(values, 0, values.length)
  }

  /** Lowers the scale until these bins, beside those in use, fit the bin limit; bins that count as zero need no room. */
  #fit(positive: BinCounts, negative: BinCounts, scale: number, zeroThreshold: number): void {
    const zero = Math.max(this.#zeroThreshold, zeroThreshold)
    const finest = Math.min(this.scale, scale)
    let target = finest
    const tooMany = (own: BinCounts, bins: BinCounts): boolean => {
      const zeroIndex = zero === 0 ? -Infinity : exponentialMapping(target).indexOf(zero)
      return (
        spanOf(rangeAbove(zeroIndex, own, this.scale - target), rangeAbove(zeroIndex, bins, scale - target)) > MAX_BINS
      )
    }
    while (tooMany(this.#positive, positive) || tooMany(this.#negative, negative)) target--
    if (target < finest) this.#collapsed = true
    this.#downscaleTo(target)
  }

  #downscaleTo(scale: number): void {
    const shift = this.scale - scale
    if (shift <= 0) return
    this.#positive.downscale(shift)
    this.#negative.downscale(shift)
    this.#mapping = exponentialMapping(scale)
    if (this.#exact === null) this.#zeroThresholdAtLeast(this.#zeroThreshold)
  }

  /**
   * Rounding up to the end of the bin makes the outcome the same in every order of merging: the ends of coarse bins are
   * ends of fine ones too, so that to round in steps is to round at once.
   */
  #zeroThresholdAtLeast(zeroThreshold: number): void {
    const wanted = Math.max(this.#zeroThreshold, zeroThreshold)
    if (wanted === 0) return
    const index = this.#mapping.indexOf(wanted)
    this.#zeroThreshold = this.#mapping.upperBound(index)
    this.#zeroCount += this.#positive.takeUpTo(index) + this.#negative.takeUpTo(index)
  }

  /** Representative of the bin in which the cumulative count reaches `position`. */
  #valueAt(position: number): number {
    const mapping = this.#mapping
    const [positive, negative] = [this.#positive, this.#negative]
    let cumulative = 0
    for (let i = negative.counts.length - 1; i >= 0; i--) {
      cumulative += negative.counts[i]!
      if (cumulative >= position && negative.counts[i]! > 0) return -mapping.representative(negative.offset + i)
    }
    cumulative += this.#zeroCount
    if (cumulative >= position && this.#zeroCount > 0) return 0
    for (let i = 0; i < positive.counts.length; i++) {
      cumulative += positive.counts[i]!
      if (cumulative >= position && positive.counts[i]! > 0) return mapping.representative(positive.offset + i)
    }
    // The sum of fractions, in another order, may end an ulp below their total.
    return this.#max
  }
}

interface SignedCounts {
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: BinCounts
  readonly negative: BinCounts
}

function totalOf({ zeroCount, positive, negative }: SignedCounts): number {
  let total = zeroCount
  for (let i = 0; i < negative.counts.length; i++) total += negative.counts[i]!
  for (let i = 0; i < positive.counts.length; i++) total += positive.counts[i]!
  return total
}

function areWhole({ zeroCount, positive, negative }: Omit<SignedCounts, 'zeroThreshold'>): boolean {
  if (!Number.isInteger(zeroCount)) return false
  return [positive.counts, negative.counts].every((counts) => {
    if (counts instanceof Uint32Array) return true
    for (let i = 0; i < counts.length; i++) if (!Number.isInteger(counts[i])) return false
    return true
  })
}

function trimmed(bins: Bins): ExponentialState['positive'] {
  const range = bins.range()
  if (range === null) return { offset: 0, counts: new Uint32Array(0) }
  return { offset: range.low, counts: bins.counts.slice(range.low - bins.offset, range.high - bins.offset + 1) }
}

/** The used bins above `zeroIndex`, both at a scale coarser than that of `bins` by `shift` halvings. */
function rangeAbove(zeroIndex: number, bins: BinCounts, shift: number): BinRange | null {
  const range = usedRange(bins, (zeroIndex + 1) * 2 ** shift)
  return range === null ? null : { low: range.low >> shift, high: range.high >> shift }
}

function spanOf(a: BinRange | null, b: BinRange | null): number {
  const low = Math.min(a?.low ?? Infinity, b?.low ?? Infinity)
  const high = Math.max(a?.high ?? -Infinity, b?.high ?? -Infinity)
  return high - low + 1
}

/** Adds the bins of `source` above `zeroIndex` to `bins`; returns what those up to it hold. */
function absorbAbove(zeroIndex: number, bins: Bins, source: BinCounts, shift: number): number {
  let zeros = 0
  const zerosEnd = Math.min(zeroIndex + 1 - source.offset, source.counts.length)
  for (let i = 0; i < zerosEnd; i++) zeros += source.counts[i]!
  const range = usedRange(source, zeroIndex + 1)
  if (range !== null) bins.absorb(source, range, shift)
  return zeros
}

/** Bounds of the values an exponential histogram may hold; `least > greatest` when it is empty. */
function binExtent(state: ExponentialState): { least: number; greatest: number } {
  const mapping = exponentialMapping(state.scale)
  const positive = usedRange(state.positive)
  const negative = usedRange(state.negative)
  const zero = state.zeroCount > 0 ? state.zeroThreshold : -Infinity
  const least =
    negative !== null
      ? -mapping.upperBound(negative.high)
      : Math.min(-zero, positive === null ? Infinity : mapping.upperBound(positive.low - 1))
  const greatest =
    positive !== null
      ? mapping.upperBound(positive.high)
      : Math.max(zero, negative === null ? -Infinity : -mapping.upperBound(negative.low - 1))
  return { least, greatest }
}
