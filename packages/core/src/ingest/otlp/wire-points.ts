import { clearHistogramFields, type HistogramFields, type NumberFields } from './point-fields.ts'
import { checkMessage } from './wire-check.ts'
import { type WireReader, WireType } from './wire-reader.ts'
import { EXEMPLAR_SHAPE } from './wire-schema.ts'

const TWO_32 = 4_294_967_296
const MAX_EXACT = 2 ** 53
/** `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`. */
const NO_RECORDED_VALUE = 1

/** Levels of an exemplar's attributes that are looked into; deeper ones are passed over. */
const EXEMPLAR_DEPTH = 100

/** Where the attributes of a point lie: runs of bytes, as starts and ends. Mostly one run. */
export type AttributeRuns = number[]

/** Where the fields of a `NumberDataPoint` lie; -1 = absent. */
export interface NumberLayout {
  startAt: number
  timeAt: number
  valueAt: number
  isInteger: boolean
  readonly runs: AttributeRuns
}

/** Reads the `NumberDataPoint` `[reader.pos, end)`. */
export function readNumberPoint(reader: WireReader, end: number, point: NumberFields, layout: NumberLayout): void {
  const { runs } = layout
  let startAt = -1
  let timeAt = -1
  let doubleAt = -1
  let intAt = -1
  let flags = 0
  let runStart = -1
  let runEnd = -1
  runs.length = 0
  while (reader.pos < end) {
    const at = reader.pos
    const tag = reader.tag(end)
    switch (tag) {
      case (7 << 3) | WireType.length: // attributes
        if (at !== runEnd) {
          if (runStart >= 0) runs.push(runStart, runEnd)
          runStart = at
        }
        reader.pos = runEnd = reader.lengthEnd(end)
        break
      case (3 << 3) | WireType.fixed64: // time_unix_nano
        timeAt = reader.fixed64At(end)
        break
      case (4 << 3) | WireType.fixed64: // as_double
        doubleAt = reader.fixed64At(end)
        intAt = -1
        break
      case (2 << 3) | WireType.fixed64: // start_time_unix_nano
        startAt = reader.fixed64At(end)
        break
      case (6 << 3) | WireType.fixed64: // as_int
        intAt = reader.fixed64At(end)
        doubleAt = -1
        break
      case (8 << 3) | WireType.varint: // flags
        flags = reader.varint32(end)
        break
      case (5 << 3) | WireType.length: // exemplars
        skipExemplar(reader, end)
        break
      default:
        reader.skip(tag, end)
    }
  }
  if (runStart >= 0) runs.push(runStart, runEnd)
  layout.startAt = startAt
  layout.timeAt = timeAt
  layout.isInteger = intAt >= 0
  layout.valueAt = intAt >= 0 ? intAt : doubleAt
  readNumberAt(reader.view, layout, point)
  point.noRecordedValue = (flags & NO_RECORDED_VALUE) !== 0
}

/** Reads times and value from where they are known to be. */
export function readNumberAt(view: DataView, at: Omit<NumberLayout, 'runs'>, point: NumberFields): void {
  const { valueAt } = at
  readTimes(view, at.startAt, at.timeAt, point)
  point.noRecordedValue = false
  point.precisionLost = false
  point.hasValue = valueAt >= 0
  if (valueAt < 0) return
  if (at.isInteger) {
    const low = view.getUint32(valueAt, true)
    point.value = view.getInt32(valueAt + 4, true) * TWO_32 + low
    point.precisionLost = isRounded(point.value, low)
  } else point.value = view.getFloat64(valueAt, true)
}

/** Reads the `HistogramDataPoint` `[reader.pos, end)`. */
export function readHistogramPoint(reader: WireReader, end: number, point: HistogramFields, runs: AttributeRuns): void {
  const view = reader.view
  let startAt = -1
  let timeAt = -1
  clearHistogramFields(point)
  runs.length = 0
  while (reader.pos < end) {
    const at = reader.pos
    const tag = reader.tag(end)
    switch (tag) {
      case (2 << 3) | WireType.fixed64: // start_time_unix_nano
        startAt = reader.fixed64At(end)
        break
      case (3 << 3) | WireType.fixed64: // time_unix_nano
        timeAt = reader.fixed64At(end)
        break
      case (4 << 3) | WireType.fixed64: // count
        point.count = unsigned64(view, reader.fixed64At(end))
        break
      case (5 << 3) | WireType.fixed64: // sum
        point.sum = view.getFloat64(reader.fixed64At(end), true)
        point.hasSum = true
        break
      case (6 << 3) | WireType.length: // bucket_counts, packed
        for (const fieldEnd = reader.lengthEnd(end); reader.pos < fieldEnd; )
          point.counts.push(unsigned64(view, reader.fixed64At(fieldEnd)))
        break
      case (6 << 3) | WireType.fixed64: // bucket_counts
        point.counts.push(unsigned64(view, reader.fixed64At(end)))
        break
      case (7 << 3) | WireType.length: // explicit_bounds, packed
        for (const fieldEnd = reader.lengthEnd(end); reader.pos < fieldEnd; )
          point.bounds.push(view.getFloat64(reader.fixed64At(fieldEnd), true))
        break
      case (7 << 3) | WireType.fixed64: // explicit_bounds
        point.bounds.push(view.getFloat64(reader.fixed64At(end), true))
        break
      case (8 << 3) | WireType.length: // exemplars
        skipExemplar(reader, end)
        break
      case (9 << 3) | WireType.length: // attributes
        addRun(runs, at, reader, end)
        break
      case (10 << 3) | WireType.varint: // flags
        point.noRecordedValue = (reader.varint32(end) & NO_RECORDED_VALUE) !== 0
        break
      case (11 << 3) | WireType.fixed64: // min
        point.min = view.getFloat64(reader.fixed64At(end), true)
        break
      case (12 << 3) | WireType.fixed64: // max
        point.max = view.getFloat64(reader.fixed64At(end), true)
        break
      default:
        reader.skip(tag, end)
    }
  }
  readTimes(view, startAt, timeAt, point)
}

/** Reads the `ExponentialHistogramDataPoint` `[reader.pos, end)`. */
export function readExponentialPoint(
  reader: WireReader,
  end: number,
  point: HistogramFields,
  runs: AttributeRuns,
): void {
  const view = reader.view
  let startAt = -1
  let timeAt = -1
  clearHistogramFields(point)
  runs.length = 0
  while (reader.pos < end) {
    const at = reader.pos
    const tag = reader.tag(end)
    switch (tag) {
      case (1 << 3) | WireType.length: // attributes
        addRun(runs, at, reader, end)
        break
      case (2 << 3) | WireType.fixed64: // start_time_unix_nano
        startAt = reader.fixed64At(end)
        break
      case (3 << 3) | WireType.fixed64: // time_unix_nano
        timeAt = reader.fixed64At(end)
        break
      case (4 << 3) | WireType.fixed64: // count
        point.count = unsigned64(view, reader.fixed64At(end))
        break
      case (5 << 3) | WireType.fixed64: // sum
        point.sum = view.getFloat64(reader.fixed64At(end), true)
        point.hasSum = true
        break
      case (6 << 3) | WireType.varint: // scale
        point.scale = reader.sint32(end)
        break
      case (7 << 3) | WireType.fixed64: // zero_count
        point.zeroCount = unsigned64(view, reader.fixed64At(end))
        break
      case (8 << 3) | WireType.length: // positive
        point.positiveOffset = readBuckets(reader, reader.lengthEnd(end), point.positiveOffset, point.positiveCounts)
        break
      case (9 << 3) | WireType.length: // negative
        point.negativeOffset = readBuckets(reader, reader.lengthEnd(end), point.negativeOffset, point.negativeCounts)
        break
      case (10 << 3) | WireType.varint: // flags
        point.noRecordedValue = (reader.varint32(end) & NO_RECORDED_VALUE) !== 0
        break
      case (11 << 3) | WireType.length: // exemplars
        skipExemplar(reader, end)
        break
      case (12 << 3) | WireType.fixed64: // min
        point.min = view.getFloat64(reader.fixed64At(end), true)
        break
      case (13 << 3) | WireType.fixed64: // max
        point.max = view.getFloat64(reader.fixed64At(end), true)
        break
      case (14 << 3) | WireType.fixed64: // zero_threshold
        point.zeroThreshold = view.getFloat64(reader.fixed64At(end), true)
        break
      default:
        reader.skip(tag, end)
    }
  }
  readTimes(view, startAt, timeAt, point)
}

/** Whether an integer rounded to `value` may have been another one: beyond 2^53, or just there from just beyond. */
function isRounded(value: number, low: number): boolean {
  return value > MAX_EXACT || value < -MAX_EXACT || ((value === MAX_EXACT || value === -MAX_EXACT) && low !== 0)
}

/** Appends the counts of one sign to `counts` and returns the offset. */
function readBuckets(reader: WireReader, end: number, offsetBefore: number, counts: number[]): number {
  let offset = offsetBefore
  while (reader.pos < end) {
    const tag = reader.tag(end)
    if (tag === ((1 << 3) | WireType.varint)) offset = reader.sint32(end)
    else if (tag === ((2 << 3) | WireType.varint)) counts.push(reader.varint(end))
    else if (tag === ((2 << 3) | WireType.length))
      for (const fieldEnd = reader.lengthEnd(end); reader.pos < fieldEnd; ) counts.push(reader.varint(fieldEnd))
    else reader.skip(tag, end)
  }
  return offset
}

function readTimes(view: DataView, startAt: number, timeAt: number, point: NumberFields | HistogramFields): void {
  point.startLow = startAt < 0 ? 0 : view.getUint32(startAt, true)
  point.startHigh = startAt < 0 ? 0 : view.getUint32(startAt + 4, true)
  point.timeLow = timeAt < 0 ? 0 : view.getUint32(timeAt, true)
  point.timeHigh = timeAt < 0 ? 0 : view.getUint32(timeAt + 4, true)
}

function addRun(runs: AttributeRuns, at: number, reader: WireReader, end: number): void {
  const fieldEnd = reader.lengthEnd(end)
  if (runs.length > 0 && runs[runs.length - 1] === at) runs[runs.length - 1] = fieldEnd
  else runs.push(at, fieldEnd)
  reader.pos = fieldEnd
}

function skipExemplar(reader: WireReader, end: number): void {
  const fieldEnd = reader.lengthEnd(end)
  checkMessage(reader, reader.pos, fieldEnd, EXEMPLAR_SHAPE, EXEMPLAR_DEPTH)
}

/** A fixed64 as a number; rounded beyond 2^53. */
function unsigned64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)
}
