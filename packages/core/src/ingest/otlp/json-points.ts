import { JsonShapeError, jsonArray, jsonObject } from './json-attributes.ts'
import { jsonDouble, jsonHalves, jsonInt32, jsonInt64, jsonUnsigned64 } from './json-number.ts'
import { clearHistogramFields, type HistogramFields, type NumberFields } from './point-fields.ts'
import type { Halves } from './unix-nanos.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`. */
const NO_RECORDED_VALUE = 1
const MAX_EXACT = 2n ** 53n

const halves: Halves = { high: 0, low: 0 }

/** Reads a point of a gauge or a sum; throws `JsonShapeError` when a field is not of its type. */
export function readJsonNumber(json: JsonObject, point: NumberFields): void {
  readTimes(json, point)
  const double = json['asDouble']
  const integer = json['asInt']
  point.precisionLost = false
  point.hasValue = true
  point.value = 0
  if (isSet(double) && isSet(integer)) throw new JsonShapeError('the point has two values')
  if (isSet(double)) point.value = read(jsonDouble(double), 'asDouble is not a number')
  else if (isSet(integer)) {
    const exact = read(jsonInt64(integer), 'asInt is not a 64-bit integer')
    point.value = Number(exact)
    point.precisionLost = exact > MAX_EXACT || exact < -MAX_EXACT
  } else point.hasValue = false
}

/** Reads a point of a histogram of either form; throws `JsonShapeError` when a field is not of its type. */
export function readJsonHistogram(json: JsonObject, point: HistogramFields): void {
  clearHistogramFields(point)
  readTimes(json, point)
  point.count = read(jsonUnsigned64(json['count']), 'count is not an unsigned 64-bit integer')
  point.hasSum = isSet(json['sum'])
  if (point.hasSum) point.sum = read(jsonDouble(json['sum']), 'sum is not a number')
  if (isSet(json['min'])) point.min = read(jsonDouble(json['min']), 'min is not a number')
  if (isSet(json['max'])) point.max = read(jsonDouble(json['max']), 'max is not a number')
  readCounts(json['bucketCounts'], point.counts)
  for (const bound of jsonArray(json['explicitBounds'], 'explicitBounds'))
    point.bounds.push(read(jsonDouble(bound), 'a bound is not a number'))
  if (isSet(json['scale'])) point.scale = read(jsonInt32(json['scale']), 'scale is not a 32-bit integer')
  point.zeroCount = read(jsonUnsigned64(json['zeroCount']), 'zeroCount is not an unsigned 64-bit integer')
  if (isSet(json['zeroThreshold']))
    point.zeroThreshold = read(jsonDouble(json['zeroThreshold']), 'zeroThreshold is not a number')
  point.positiveOffset = readBuckets(json['positive'], point.positiveCounts)
  point.negativeOffset = readBuckets(json['negative'], point.negativeCounts)
}

function readTimes(json: JsonObject, point: NumberFields | HistogramFields): void {
  readHalves(json['startTimeUnixNano'], 'startTimeUnixNano')
  point.startHigh = halves.high
  point.startLow = halves.low
  readHalves(json['timeUnixNano'], 'timeUnixNano')
  point.timeHigh = halves.high
  point.timeLow = halves.low
  const flags = read(jsonUnsigned64(json['flags']), 'flags is not an unsigned integer')
  point.noRecordedValue = flags % 2 === NO_RECORDED_VALUE
}

function readHalves(value: unknown, what: string): void {
  if (!jsonHalves(value, halves)) throw new JsonShapeError(`${what} is not an unsigned 64-bit integer`)
}

function readBuckets(value: unknown, counts: number[]): number {
  const buckets = jsonObject(value, 'buckets')
  if (buckets === undefined) return 0
  readCounts(buckets['bucketCounts'], counts)
  return isSet(buckets['offset']) ? read(jsonInt32(buckets['offset']), 'offset is not a 32-bit integer') : 0
}

function readCounts(value: unknown, counts: number[]): void {
  for (const count of jsonArray(value, 'bucketCounts'))
    counts.push(
      read(count === null ? undefined : jsonUnsigned64(count), 'a bucket count is not an unsigned 64-bit integer'),
    )
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

function read<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new JsonShapeError(message)
  return value
}
