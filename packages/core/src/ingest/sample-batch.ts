import { growFloat64, growUint8, growUint32 } from '../internal/grow.ts'
import type { SeriesRef } from '../registry/identity.ts'

/** Bits of `SampleBatch.columns`: which optional columns hold data. Checked once a batch. */
export const BatchColumn = { startTimes: 1, weights: 2, flags: 4, states: 8 } as const

/** Bits of one entry of `SampleBatch.flags`. */
export const SampleFlag = {
  /** The sender reported a gap (OTLP `NO_RECORDED_VALUE`, a Prometheus stale marker): value is meaningless. */
  noRecordedValue: 1,
  /** An integer beyond 2^53 was rounded on the way in. */
  precisionLost: 2,
} as const

/** Ready-made partial states, in the state codec: row `rows[i]` owns `bytes[offsets[i] .. offsets[i + 1])`. */
export interface BatchStates {
  count: number
  rows: Uint32Array
  offsets: Uint32Array
  bytes: Uint8Array
}

/**
 * Samples as columns, the only form in which they travel. Row `i` is `(series[i], timestampsMs[i],
 * values[i])`; arrays may be longer than `length`. Times are attribution times in ms since the epoch.
 * The caller owns the batch again as soon as `ingest` returns, so one batch can be filled for ever.
 *
 * A row with a state (a histogram, a sketch) has its bytes in `states`; its `values` entry is the sum.
 */
export class SampleBatch {
  length = 0
  /** Bit set of `BatchColumn`. */
  columns = 0
  series: Uint32Array
  timestampsMs: Float64Array
  values: Float64Array
  /** Start of the interval an amount is for, ms; 0 = unknown. Valid when `columns & startTimes`. */
  startTimesMs: Float64Array | undefined
  /** Multiplicity of a sample (1 / sample rate). Valid when `columns & weights`. */
  weights: Float64Array | undefined
  /** Bit set of `SampleFlag`. Valid when `columns & flags`. */
  flags: Uint8Array | undefined
  states: BatchStates | undefined

  constructor(capacity = 1024) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`batch capacity must be a whole number of at least 1, got ${capacity}`)
    this.series = new Uint32Array(capacity)
    this.timestampsMs = new Float64Array(capacity)
    this.values = new Float64Array(capacity)
  }

  get capacity(): number {
    return this.series.length
  }

  /** Appends one sample; doubles the arrays when full. Returns its row. */
  push(ref: SeriesRef, timestampMs: number, value: number): number {
    const row = this.length
    if (row === this.series.length) this.#grow(row * 2)
    this.series[row] = ref
    this.timestampsMs[row] = timestampMs
    this.values[row] = value
    this.length = row + 1
    if (this.columns !== 0) {
      if (this.startTimesMs !== undefined) this.startTimesMs[row] = 0
      if (this.weights !== undefined) this.weights[row] = 1
      if (this.flags !== undefined) this.flags[row] = 0
    }
    return row
  }

  setStartTime(row: number, startMs: number): void {
    if ((this.columns & BatchColumn.startTimes) === 0) {
      this.startTimesMs ??= new Float64Array(this.capacity)
      this.startTimesMs.fill(0, 0, this.length)
      this.columns |= BatchColumn.startTimes
    }
    this.startTimesMs![row] = startMs
  }

  setWeight(row: number, weight: number): void {
    if ((this.columns & BatchColumn.weights) === 0) {
      this.weights ??= new Float64Array(this.capacity)
      this.weights.fill(1, 0, this.length)
      this.columns |= BatchColumn.weights
    }
    this.weights![row] = weight
  }

  setFlags(row: number, flags: number): void {
    if ((this.columns & BatchColumn.flags) === 0) {
      this.flags ??= new Uint8Array(this.capacity)
      this.flags.fill(0, 0, this.length)
      this.columns |= BatchColumn.flags
    }
    this.flags![row] = flags
  }

  /**
   * Attaches encoded state bytes to a row. The bytes are copied. Throws `RangeError` for a row that is not in the
   * batch, or not later than the last row that was given a state: each has one at most, set in rising order.
   */
  setState(row: number, bytes: Uint8Array): void {
    if (!Number.isInteger(row) || row < 0 || row >= this.length)
      throw new RangeError(`the batch has ${this.length} rows, so none of index ${row}`)
    if ((this.columns & BatchColumn.states) !== 0 && this.states !== undefined && this.states.count > 0) {
      const lastRow = this.states.rows[this.states.count - 1]!
      if (row === lastRow) throw new RangeError(`row ${row} has a state already`)
      if (row < lastRow) throw new RangeError(`states are set in rising order of rows: ${row} comes after ${lastRow}`)
    }
    this.states ??= { count: 0, rows: new Uint32Array(16), offsets: new Uint32Array(17), bytes: new Uint8Array(1024) }
    this.columns |= BatchColumn.states
    const states = this.states
    const at = states.offsets[states.count]!
    if (states.count === states.rows.length) {
      states.rows = growUint32(states.rows, states.count * 2)
      states.offsets = growUint32(states.offsets, states.count * 2 + 1)
    }
    if (at + bytes.length > states.bytes.length) {
      const grown = new Uint8Array(Math.max(states.bytes.length * 2, at + bytes.length))
      grown.set(states.bytes.subarray(0, at))
      states.bytes = grown
    }
    states.bytes.set(bytes, at)
    states.rows[states.count] = row
    states.count++
    states.offsets[states.count] = at + bytes.length
  }

  /** Forgets all rows, keeps the memory. */
  clear(): void {
    this.length = 0
    this.columns = 0
    if (this.states !== undefined) {
      this.states.count = 0
      this.states.offsets[0] = 0
    }
  }

  #grow(capacity: number): void {
    this.series = growUint32(this.series, capacity)
    this.timestampsMs = growFloat64(this.timestampsMs, capacity)
    this.values = growFloat64(this.values, capacity)
    if (this.startTimesMs !== undefined) this.startTimesMs = growFloat64(this.startTimesMs, capacity)
    if (this.weights !== undefined) this.weights = growFloat64(this.weights, capacity)
    if (this.flags !== undefined) this.flags = growUint8(this.flags, capacity)
  }
}

/** An empty batch with room for `capacity` rows; it grows by doubling. */
export function createSampleBatch(capacity = 1024): SampleBatch {
  return new SampleBatch(capacity)
}
