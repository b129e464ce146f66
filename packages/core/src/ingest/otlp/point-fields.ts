/** The fields all points share; one object is filled again and again. Times are in 64-bit halves. */
export interface TimedFields {
  startHigh: number
  startLow: number
  timeHigh: number
  timeLow: number
  noRecordedValue: boolean
}

/** A point of a gauge or a sum. */
export interface NumberFields extends TimedFields {
  hasValue: boolean
  value: number
  /** The value is an integer beyond 2^53 and was rounded. */
  precisionLost: boolean
}

/** A point of a histogram of either form; `bounds` belongs to explicit buckets, the rest below to exponential ones. */
export interface HistogramFields extends TimedFields {
  count: number
  hasSum: boolean
  sum: number
  /** NaN when there is none. */
  min: number
  max: number
  bounds: number[]
  counts: number[]
  scale: number
  zeroCount: number
  zeroThreshold: number
  positiveOffset: number
  positiveCounts: number[]
  negativeOffset: number
  negativeCounts: number[]
}

export function createNumberFields(): NumberFields {
  return {
    startHigh: 0,
    startLow: 0,
    timeHigh: 0,
    timeLow: 0,
    noRecordedValue: false,
    hasValue: false,
    value: 0,
    precisionLost: false,
  }
}

export function createHistogramFields(): HistogramFields {
  return {
    startHigh: 0,
    startLow: 0,
    timeHigh: 0,
    timeLow: 0,
    noRecordedValue: false,
    count: 0,
    hasSum: false,
    sum: 0,
    min: Number.NaN,
    max: Number.NaN,
    bounds: [],
    counts: [],
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positiveOffset: 0,
    positiveCounts: [],
    negativeOffset: 0,
    negativeCounts: [],
  }
}

/** Back to the defaults of the wire; arrays keep their memory. */
export function clearHistogramFields(point: HistogramFields): void {
  point.startHigh = point.startLow = point.timeHigh = point.timeLow = 0
  point.noRecordedValue = false
  point.hasSum = false
  point.count = point.sum = point.scale = point.zeroCount = point.zeroThreshold = 0
  point.min = point.max = Number.NaN
  point.positiveOffset = point.negativeOffset = 0
  point.bounds.length = 0
  point.counts.length = 0
  point.positiveCounts.length = 0
  point.negativeCounts.length = 0
}
