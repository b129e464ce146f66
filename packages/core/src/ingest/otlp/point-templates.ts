import { growInt32, growUint8, growUint32 } from '../../internal/grow.ts'
import type { NumberLayout } from './wire-points.ts'

const INITIAL_SERIES = 256
const INITIAL_BYTES = 16_384
/** Longer ranges are read anew each time. */
const MAX_LENGTH = 4096
/** Start time, time, value: 8 bytes each, all that differs from one report of a series to the next. */
const HOLES = 3
const HOLE_BYTES = 8

/**
 * What the bytes of a series' point looked like last time, apart from its times and its value. A sender's
 * next report has the same bytes in the same order, so every series remembers the one that came after it:
 * a comparison by words then stands for reading the message. Bytes that match have been read before, in
 * full, and are well-formed.
 *
 * A range is a whole metric or one point; `context` is a number for all that lies around it.
 */
export class PointTemplates {
  #arena: Uint8Array = new Uint8Array(INITIAL_BYTES)
  #view = new DataView(this.#arena.buffer)
  #used = 0
  // Per series.
  #starts: Uint32Array = new Uint32Array(INITIAL_SERIES)
  #lengths: Uint32Array = new Uint32Array(INITIAL_SERIES)
  #capacities: Uint32Array = new Uint32Array(INITIAL_SERIES)
  #contexts: Uint32Array = new Uint32Array(INITIAL_SERIES)
  #streams: Uint32Array = new Uint32Array(INITIAL_SERIES)
  /** Where the holes are, in rising order, from the start of the range; the length of the range = none. */
  #holes: Uint32Array = new Uint32Array(INITIAL_SERIES * HOLES)
  /** Where start time, time and value are, from the start of the range; -1 = absent. */
  #roles: Int32Array = new Int32Array(INITIAL_SERIES * HOLES)
  #integers: Uint8Array = new Uint8Array(INITIAL_SERIES)
  #next: Int32Array = new Int32Array(INITIAL_SERIES).fill(-1)
  #previous = -1

  /** Of the last range that matched: its stream, and where its fields are in the payload (-1 = absent). */
  streamId = 0
  startAt = -1
  timeAt = -1
  valueAt = -1
  isInteger = false

  get sizeBytes(): number {
    return this.#arena.length + this.#starts.length * 49
  }

  /** The series whose bytes these are, if it is the one that followed the last one before; else -1. */
  match(context: number, view: DataView, start: number, end: number): number {
    if (this.#previous < 0) return -1
    const id = this.#next[this.#previous]!
    if (id < 0 || this.#lengths[id] !== end - start || this.#contexts[id] !== context) return -1
    const at = this.#starts[id]!
    const hole = id * HOLES
    const first = this.#holes[hole]!
    const second = this.#holes[hole + 1]!
    const third = this.#holes[hole + 2]!
    const length = end - start
    if (
      !this.#equals(view, start, at, 0, first) ||
      !this.#equals(view, start, at, first + HOLE_BYTES, second) ||
      !this.#equals(view, start, at, second + HOLE_BYTES, third) ||
      !this.#equals(view, start, at, third + HOLE_BYTES, length)
    )
      return -1
    this.#previous = id
    this.streamId = this.#streams[id]!
    const startOffset = this.#roles[hole]!
    this.startAt = startOffset < 0 ? -1 : start + startOffset
    this.timeAt = start + this.#roles[hole + 1]!
    this.valueAt = start + this.#roles[hole + 2]!
    this.isInteger = this.#integers[id] !== 0
    return id
  }

  /** A point of this series was read the long way; the layout is that of the payload. */
  learn(
    id: number,
    streamId: number,
    context: number,
    view: DataView,
    start: number,
    end: number,
    { startAt, timeAt, valueAt, isInteger }: NumberLayout,
  ): void {
    const length = end - start
    if (timeAt < 0 || valueAt < 0 || length > MAX_LENGTH) return
    if (id >= this.#starts.length) this.#growSeries(Math.max(id + 1, this.#starts.length * 2))
    if (this.#capacities[id]! < length) this.#allocate(id, length)
    this.#arena.set(new Uint8Array(view.buffer, view.byteOffset + start, length), this.#starts[id]!)
    this.#lengths[id] = length
    this.#contexts[id] = context
    this.#streams[id] = streamId
    this.#integers[id] = isInteger ? 1 : 0
    const hole = id * HOLES
    this.#roles[hole] = startAt < 0 ? -1 : startAt - start
    this.#roles[hole + 1] = timeAt - start
    this.#roles[hole + 2] = valueAt - start
    const holes = this.#holes.subarray(hole, hole + HOLES)
    holes[0] = startAt < 0 ? length : startAt - start
    holes[1] = timeAt - start
    holes[2] = valueAt - start
    holes.sort()
    if (this.#previous >= 0) this.#next[this.#previous] = id
    this.#previous = id
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#arena = new Uint8Array(INITIAL_BYTES)
    this.#view = new DataView(this.#arena.buffer)
    this.#used = 0
    this.#starts = new Uint32Array(INITIAL_SERIES)
    this.#lengths = new Uint32Array(INITIAL_SERIES)
    this.#capacities = new Uint32Array(INITIAL_SERIES)
    this.#contexts = new Uint32Array(INITIAL_SERIES)
    this.#streams = new Uint32Array(INITIAL_SERIES)
    this.#holes = new Uint32Array(INITIAL_SERIES * HOLES)
    this.#roles = new Int32Array(INITIAL_SERIES * HOLES)
    this.#integers = new Uint8Array(INITIAL_SERIES)
    this.#next = new Int32Array(INITIAL_SERIES).fill(-1)
    this.#previous = -1
  }

  #equals(view: DataView, start: number, at: number, from: number, to: number): boolean {
    const arena = this.#view
    let offset = from
    for (; offset + 4 <= to; offset += 4)
      if (view.getInt32(start + offset, true) !== arena.getInt32(at + offset, true)) return false
    for (; offset < to; offset++) if (view.getUint8(start + offset) !== arena.getUint8(at + offset)) return false
    return true
  }

  #allocate(id: number, length: number): void {
    if (this.#used + length > this.#arena.length) {
      this.#arena = growUint8(this.#arena, Math.max(this.#arena.length * 2, this.#used + length))
      this.#view = new DataView(this.#arena.buffer)
    }
    this.#starts[id] = this.#used
    this.#capacities[id] = length
    this.#used += length
  }

  #growSeries(capacity: number): void {
    this.#starts = growUint32(this.#starts, capacity)
    this.#lengths = growUint32(this.#lengths, capacity)
    this.#capacities = growUint32(this.#capacities, capacity)
    this.#contexts = growUint32(this.#contexts, capacity)
    this.#streams = growUint32(this.#streams, capacity)
    this.#holes = growUint32(this.#holes, capacity * HOLES)
    this.#roles = growInt32(this.#roles, capacity * HOLES)
    this.#integers = growUint8(this.#integers, capacity)
    this.#next = growInt32(this.#next, capacity, -1)
  }
}
