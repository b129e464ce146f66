/**
 * What a chunk costs beside its columns: the object, one buffer, two views, measured on V8 with 20,000 series.
 */
export const CHUNK_OVERHEAD_BYTES = 560
const COLUMN_OVERHEAD_BYTES = 200
const NO_STATE = 0

/** Encoded states of a chunk's rows. `starts[i]` is 1 + the offset in `pool`, 0 = the row has no state. */
interface ChunkStates {
  starts: Uint32Array
  lengths: Uint32Array
  pool: Uint8Array
  poolLength: number
}

/**
 * Rows of one series in time order, as columns; rows of equal time stay in order of arrival. Columns beside
 * time and value exist only from the first row on that needs them.
 */
export class Chunk {
  length = 0
  capacity: number
  times: Float64Array
  values: Float64Array
  #startTimesMs: Float64Array | undefined
  #weights: Float64Array | undefined
  #flags: Uint8Array | undefined
  #states: ChunkStates | undefined
  /** True when every row is just a time and a value. */
  plain = true

  constructor(capacity: number) {
    this.capacity = capacity
    const buffer = new ArrayBuffer(capacity * 16)
    this.times = new Float64Array(buffer, 0, capacity)
    this.values = new Float64Array(buffer, capacity * 8, capacity)
  }

  get firstMs(): number {
    return this.times[0]!
  }

  get lastMs(): number {
    return this.times[this.length - 1]!
  }

  /** Allocated bytes. */
  get bytes(): number {
    let bytes = CHUNK_OVERHEAD_BYTES + this.capacity * 16
    if (this.#startTimesMs !== undefined) bytes += COLUMN_OVERHEAD_BYTES + this.capacity * 8
    if (this.#weights !== undefined) bytes += COLUMN_OVERHEAD_BYTES + this.capacity * 8
    if (this.#flags !== undefined) bytes += COLUMN_OVERHEAD_BYTES + this.capacity
    if (this.#states !== undefined) bytes += 3 * COLUMN_OVERHEAD_BYTES + this.capacity * 8 + this.#states.pool.length
    return bytes
  }

  /** Number of rows earlier than `timeMs`, looking from row `from` on. */
  lowerBound(timeMs: number, from = 0): number {
    const { times } = this
    let low = from
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (times[middle]! < timeMs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Number of rows not later than `timeMs`. */
  upperBound(timeMs: number): number {
    const { times } = this
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (times[middle]! <= timeMs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Puts a row before row `at`. The caller keeps the order and sees to room. */
  insert(at: number, timeMs: number, value: number): void {
    const { length } = this
    if (at < length) {
      this.times.copyWithin(at + 1, at, length)
      this.values.copyWithin(at + 1, at, length)
    }
    this.times[at] = timeMs
    this.values[at] = value
    this.length = length + 1
    if (!this.plain) this.#shiftOptional(at, length)
  }

  setStartTime(row: number, startMs: number): void {
    this.#startTimesMs ??= new Float64Array(this.capacity)
    this.#startTimesMs[row] = startMs
    this.plain = false
  }

  setWeight(row: number, weight: number): void {
    this.#weights ??= new Float64Array(this.capacity).fill(1)
    this.#weights[row] = weight
    this.plain = false
  }

  setFlags(row: number, flags: number): void {
    this.#flags ??= new Uint8Array(this.capacity)
    this.#flags[row] = flags
    this.plain = false
  }

  /** Copies the bytes into the chunk. */
  setState(row: number, bytes: Uint8Array): void {
    this.#states ??= {
      starts: new Uint32Array(this.capacity),
      lengths: new Uint32Array(this.capacity),
      pool: new Uint8Array(Math.max(64, bytes.length)),
      poolLength: 0,
    }
    this.plain = false
    const states = this.#states
    const end = states.poolLength + bytes.length
    if (end > states.pool.length) {
      const grown = new Uint8Array(Math.max(states.pool.length * 2, end))
      grown.set(states.pool.subarray(0, states.poolLength))
      states.pool = grown
    }
    states.pool.set(bytes, states.poolLength)
    states.starts[row] = states.poolLength + 1
    states.lengths[row] = bytes.length
    states.poolLength = end
  }

  startTimeMs(row: number): number {
    return this.#startTimesMs?.[row] ?? 0
  }

  weight(row: number): number {
    return this.#weights?.[row] ?? 1
  }

  flags(row: number): number {
    return this.#flags?.[row] ?? 0
  }

  /** A view into the chunk, valid until the chunk is next written to; undefined = no state. */
  state(row: number): Uint8Array | undefined {
    const states = this.#states
    if (states === undefined || states.starts[row] === NO_STATE) return undefined
    const start = states.starts[row]! - 1
    return states.pool.subarray(start, start + states.lengths[row]!)
  }

  /** Rows `[from, to)` in a chunk of its own. */
  slice(from: number, to: number, capacity: number): Chunk {
    const copy = new Chunk(capacity)
    copy.times.set(this.times.subarray(from, to))
    copy.values.set(this.values.subarray(from, to))
    copy.length = to - from
    if (this.plain) return copy
    for (let row = from; row < to; row++) copy.#copyOptional(row - from, this, row)
    return copy
  }

  #copyOptional(row: number, source: Chunk, sourceRow: number): void {
    const startMs = source.startTimeMs(sourceRow)
    if (startMs !== 0) this.setStartTime(row, startMs)
    const weight = source.weight(sourceRow)
    if (weight !== 1) this.setWeight(row, weight)
    const flags = source.flags(sourceRow)
    if (flags !== 0) this.setFlags(row, flags)
    const state = source.state(sourceRow)
    if (state !== undefined) this.setState(row, state)
  }

  #shiftOptional(at: number, length: number): void {
    if (this.#startTimesMs !== undefined) {
      this.#startTimesMs.copyWithin(at + 1, at, length)
      this.#startTimesMs[at] = 0
    }
    if (this.#weights !== undefined) {
      this.#weights.copyWithin(at + 1, at, length)
      this.#weights[at] = 1
    }
    if (this.#flags !== undefined) {
      this.#flags.copyWithin(at + 1, at, length)
      this.#flags[at] = 0
    }
    if (this.#states !== undefined) {
      this.#states.starts.copyWithin(at + 1, at, length)
      this.#states.lengths.copyWithin(at + 1, at, length)
      this.#states.starts[at] = NO_STATE
    }
  }
}
