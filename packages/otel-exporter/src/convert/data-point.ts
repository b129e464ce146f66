import { ValueType } from '@opentelemetry/api'
import type { DataPoint, ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics'
import { clearHistogramFields, type HistogramFields, type NumberFields, type TimedFields } from '@windrow/core/otlp'
import { hrTimeHalves } from './hr-time.ts'

/** A point of a gauge or a sum. */
export function fillNumber(
  { startTime, endTime, value }: DataPoint<number>,
  type: ValueType,
  into: NumberFields,
): void {
  fillTimes(startTime, endTime, into)
  into.hasValue = true
  into.value = value
  into.precisionLost = type === ValueType.INT && Math.abs(value) > 2 ** 53
}

/** A point of a histogram with explicit buckets. */
export function fillHistogram({ startTime, endTime, value }: DataPoint<Histogram>, into: HistogramFields): void {
  clearHistogramFields(into)
  fillTimes(startTime, endTime, into)
  fillTotals(value, into)
  for (const bound of value.buckets.boundaries) into.bounds.push(bound)
  for (const count of value.buckets.counts) into.counts.push(count)
}

/** A point of an exponential histogram. */
export function fillExponential(
  { startTime, endTime, value }: DataPoint<ExponentialHistogram>,
  into: HistogramFields,
): void {
  clearHistogramFields(into)
  fillTimes(startTime, endTime, into)
  fillTotals(value, into)
  into.scale = value.scale
  into.zeroCount = value.zeroCount
  into.positiveOffset = value.positive.offset
  for (const count of value.positive.bucketCounts) into.positiveCounts.push(count)
  into.negativeOffset = value.negative.offset
  for (const count of value.negative.bucketCounts) into.negativeCounts.push(count)
}

function fillTotals({ count, sum, min, max }: Histogram | ExponentialHistogram, into: HistogramFields): void {
  into.count = count
  into.hasSum = sum !== undefined
  into.sum = sum ?? 0
  // Before the first event the SDK has infinities of the wrong sign here.
  if (min === undefined || max === undefined || min > max) return
  into.min = min
  into.max = max
}

function fillTimes(
  startTime: DataPoint<unknown>['startTime'],
  endTime: DataPoint<unknown>['endTime'],
  into: TimedFields,
): void {
  const start = hrTimeHalves(startTime)
  const end = hrTimeHalves(endTime)
  into.startHigh = start.high
  into.startLow = start.low
  into.timeHigh = end.high
  into.timeLow = end.low
  into.noRecordedValue = false
}
