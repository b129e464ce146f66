import type { DistributionState } from '../../aggregate/distribution-state.ts'
import { distributionProblem } from '../../aggregate/sketch/check-state.ts'
import { encodeDistribution } from '../../aggregate/state-codec.ts'
import type { SeriesRef } from '../../registry/identity.ts'
import type { SeriesDirectory } from '../../registry/series-directory.ts'
import type { DecodeResult, RejectedPoint, RejectReason } from '../decode-result.ts'
import { type SampleBatch, SampleFlag } from '../sample-batch.ts'
import { seriesLimitProblem } from '../series-limit.ts'
import { type AttributeEntry, checkAttributes, type PointProblem } from './attribute-list.ts'
import type { OtlpLimits } from './limits.ts'
import type { MetricStream } from './metric-stream.ts'
import type { HistogramFields, NumberFields, TimedFields } from './point-fields.ts'
import { nanosToMs, precedingNanoToMs } from './unix-nanos.ts'

/**
 * The meaning of OTLP points, shared by every encoding: checks a point, attributes it to a time and
 * appends it to the batch, or refuses it alone. A point passes in three steps, so that no series is
 * registered for a point that is refused: `admit...`, then the caller resolves its series, then `append...`.
 * Every point is either appended or refused once; its ordinal is counted here.
 */
export class PointWriter {
  readonly #directory: SeriesDirectory
  readonly #tenant: string
  readonly #limits: OtlpLimits
  #batch: SampleBatch | undefined
  #rejected: RejectedPoint[] = []
  #index = 0
  #firstRow = 0
  #columnsBefore = 0
  #statesBefore = 0
  #timestampMs = 0
  readonly #scratch = new Uint8Array(4096)
  /** The state that `appendHistogram` will append. */
  #state: Uint8Array = this.#scratch

  constructor(directory: SeriesDirectory, tenant: string, limits: OtlpLimits) {
    this.#directory = directory
    this.#tenant = tenant
    this.#limits = limits
  }

  /** Starts a payload that goes to the end of `batch`. */
  open(batch: SampleBatch): void {
    this.#batch = batch
    this.#rejected = []
    this.#index = 0
    this.#firstRow = batch.length
    this.#columnsBefore = batch.columns
    this.#statesBefore = batch.states?.count ?? 0
  }

  /** Ends the payload. */
  close(): DecodeResult {
    const decoded = this.#batch!.length - this.#firstRow
    this.#batch = undefined
    return { decoded, rejected: this.#rejected }
  }

  /** Leaves the batch as it was at `open`. */
  rollback(): void {
    const batch = this.#batch
    if (batch === undefined) return
    batch.length = this.#firstRow
    batch.columns = this.#columnsBefore
    if (batch.states !== undefined) batch.states.count = this.#statesBefore
    this.#batch = undefined
  }

  reject(reason: RejectReason, detail: string): void {
    this.#rejected.push({ index: this.#index++, reason, detail })
  }

  rejectFor(problem: PointProblem): void {
    this.reject(problem.reason, problem.detail)
  }

  /** False when the point was refused. */
  admitNumber(stream: MetricStream, point: NumberFields): boolean {
    if (stream.problem !== undefined) this.rejectFor(stream.problem)
    else if (this.#admitTimes(stream, point)) {
      if (point.hasValue || point.noRecordedValue) return true
      this.reject('invalid', 'the point has no value')
    }
    return false
  }

  /** False when the point was refused. */
  admitHistogram(stream: MetricStream, point: HistogramFields, exponential: boolean): boolean {
    if (stream.problem !== undefined) this.rejectFor(stream.problem)
    else if (this.#admitTimes(stream, point)) {
      if (point.noRecordedValue || this.#encodeState(stream, point, exponential)) return true
    }
    return false
  }

  /** Registers the series of an admitted point, or says why its attributes cannot be taken; refuses nothing itself. */
  series(stream: MetricStream, attributes: readonly AttributeEntry[]): SeriesRef | PointProblem {
    const checked = checkAttributes(attributes, 'point', this.#limits)
    if (!checked.ok) return checked.problem
    try {
      return this.#directory.register({ ...stream.descriptor, labels: checked.entries })
    } catch (error) {
      return seriesLimitProblem(error)
    }
  }

  /** Appends the point that the last `admitNumber` let through. */
  appendNumber(stream: MetricStream, point: NumberFields, ref: SeriesRef): void {
    const batch = this.#batch!
    const row = batch.push(ref, this.#timestampMs, point.noRecordedValue ? Number.NaN : point.value)
    if (stream.hasStart) this.#setStart(batch, row, point)
    if (point.noRecordedValue) batch.setFlags(row, SampleFlag.noRecordedValue)
    else if (point.precisionLost) batch.setFlags(row, SampleFlag.precisionLost)
    this.#index++
  }

  /** Appends the point that the last `admitHistogram` let through. */
  appendHistogram(point: HistogramFields, ref: SeriesRef): void {
    const batch = this.#batch!
    const row = batch.push(ref, this.#timestampMs, point.noRecordedValue || !point.hasSum ? Number.NaN : point.sum)
    this.#setStart(batch, row, point)
    if (point.noRecordedValue) batch.setFlags(row, SampleFlag.noRecordedValue)
    else batch.setState(row, this.#state)
    this.#index++
  }

  /** False when the point was refused: its counts and bounds break the invariants of OTLP's metrics.proto. */
  #encodeState(stream: MetricStream, point: HistogramFields, exponential: boolean): boolean {
    const buckets = Math.max(point.counts.length, point.positiveCounts.length, point.negativeCounts.length)
    if (buckets > this.#limits.buckets) {
      this.reject('too-large', `${buckets} buckets; at most ${this.#limits.buckets} are taken`)
      return false
    }
    const state = exponential ? exponentialState(stream, point) : bucketState(stream, point)
    const problem = distributionProblem(state)
    if (problem !== null) {
      this.reject('invalid', problem)
      return false
    }
    this.#state = encodeDistribution(state, this.#directory.tenantId(this.#tenant), this.#scratch)
    return true
  }

  #setStart(batch: SampleBatch, row: number, point: TimedFields): void {
    if (point.startHigh !== 0 || point.startLow !== 0)
      batch.setStartTime(row, nanosToMs(point.startHigh, point.startLow))
  }

  #admitTimes(stream: MetricStream, point: TimedFields): boolean {
    const { timeHigh, timeLow, startHigh, startLow } = point
    if (timeHigh === 0 && timeLow === 0) {
      this.reject('bad-time', 'the point has no time')
      return false
    }
    const hasStart = stream.hasStart && (startHigh !== 0 || startLow !== 0)
    if (hasStart && (startHigh > timeHigh || (startHigh === timeHigh && startLow > timeLow))) {
      this.reject('bad-time', 'the start time is after the time')
      return false
    }
    const preceding = stream.interval === 'always' || (hasStart && stream.interval === 'with-start')
    this.#timestampMs = preceding ? precedingNanoToMs(timeHigh, timeLow) : nanosToMs(timeHigh, timeLow)
    return true
  }
}

function bucketState(stream: MetricStream, point: HistogramFields): DistributionState {
  return {
    type: 'buckets',
    count: point.count,
    sum: point.hasSum ? point.sum : Number.NaN,
    min: point.min,
    max: point.max,
    cumulative: stream.cumulative,
    bounds: point.bounds,
    // No buckets at all: everything is in the one from -infinity to +infinity.
    counts: point.counts.length === 0 && point.bounds.length === 0 ? [point.count] : point.counts,
  }
}

function exponentialState(stream: MetricStream, point: HistogramFields): DistributionState {
  return {
    type: 'exponential',
    count: point.count,
    sum: point.hasSum ? point.sum : Number.NaN,
    min: point.min,
    max: point.max,
    cumulative: stream.cumulative,
    scale: point.scale,
    zeroThreshold: point.zeroThreshold,
    zeroCount: point.zeroCount,
    positive: { offset: point.positiveOffset, counts: point.positiveCounts },
    negative: { offset: point.negativeOffset, counts: point.negativeCounts },
  }
}
