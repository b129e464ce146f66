import { growFloat64, growInt32, growUint8 } from '../internal/grow.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

const NONE = -1

/**
 * Samples that wait, per slot in time order. All slots share one pool of nodes, linked through `#next`: a waiting
 * sample costs 28 bytes whatever its series, and a series without any costs 9.
 */
export class HeldSamples {
  /** By node. */
  timesMs: Float64Array = new Float64Array(0)
  values: Float64Array = new Float64Array(0)
  startsMs: Float64Array = new Float64Array(0)
  #next: Int32Array = new Int32Array(0)
  #free = NONE
  /** Samples held, by slot. */
  counts: Uint8Array = new Uint8Array(0)
  /** Node of the earliest and of the latest sample, by slot; only read where there is one. */
  #heads: Int32Array = new Int32Array(0)
  #tails: Int32Array = new Int32Array(0)

  get bytes(): number {
    return this.timesMs.length * 28 + this.counts.length * 9
  }

  ensureSlots(capacity: number): void {
    this.counts = growUint8(this.counts, capacity)
    this.#heads = growInt32(this.#heads, capacity)
    this.#tails = growInt32(this.#tails, capacity)
  }

  /** False when the slot holds a sample of that time already. */
  insert(slot: number, timeMs: number, value: number, startMs: number): boolean {
    const { timesMs } = this
    let before = NONE
    let after = NONE
    if (this.counts[slot]! > 0) {
      const tail = this.#tails[slot]!
      if (timesMs[tail]! < timeMs) before = tail
      else {
        after = this.#heads[slot]!
        while (timesMs[after]! < timeMs) {
          before = after
          after = this.#next[after]!
        }
        if (timesMs[after] === timeMs) return false
      }
    }
    const node = this.#newNode()
    this.timesMs[node] = timeMs
    this.values[node] = value
    this.startsMs[node] = startMs
    this.#next[node] = after
    if (before === NONE) this.#heads[slot] = node
    else this.#next[before] = node
    if (after === NONE) this.#tails[slot] = node
    this.counts[slot]! += 1
    return true
  }

  /** Node of the earliest sample of a slot that holds one. */
  first(slot: number): number {
    return this.#heads[slot]!
  }

  /** Lets go of the earliest sample; what its node holds is good until the next `insert`. */
  dropFirst(slot: number): void {
    const node = this.#heads[slot]!
    this.#heads[slot] = this.#next[node]!
    this.#next[node] = this.#free
    this.#free = node
    this.counts[slot]! -= 1
  }

  dropAll(slot: number): void {
    while (this.counts[slot]! > 0) this.dropFirst(slot)
  }

  /** Writes what a slot holds. */
  save(writer: StateWriter, slot: number): void {
    const count = this.counts[slot]!
    writer.varint(count)
    if (count === 0) return
    let node = this.#heads[slot]!
    for (let left = count; left > 0; left--) {
      writer.f64(this.timesMs[node]!)
      writer.f64(this.values[node]!)
      writer.f64(this.startsMs[node]!)
      node = this.#next[node]!
    }
  }

  /** Reads what `save` wrote, at most `most` samples, into a slot that holds none. */
  load(reader: StateReader, slot: number, most: number): void {
    const { offset } = reader
    let beforeMs = Number.NEGATIVE_INFINITY
    for (let left = reader.index('samples held', most + 1); left > 0; left--) {
      const timeMs = reader.f64('time of a sample held')
      if (!(timeMs > beforeMs && Number.isFinite(timeMs)))
        reader.corrupt('samples held are not in the order of their times', offset)
      this.insert(slot, timeMs, reader.f64('value of a sample held'), reader.f64('start time of a sample held'))
      beforeMs = timeMs
    }
  }

  #newNode(): number {
    if (this.#free === NONE) this.#growPool()
    const node = this.#free
    this.#free = this.#next[node]!
    return node
  }

  #growPool(): void {
    const from = this.timesMs.length
    const capacity = Math.max(64, from * 2)
    this.timesMs = growFloat64(this.timesMs, capacity)
    this.values = growFloat64(this.values, capacity)
    this.startsMs = growFloat64(this.startsMs, capacity)
    this.#next = growInt32(this.#next, capacity)
    for (let node = from; node < capacity - 1; node++) this.#next[node] = node + 1
    this.#next[capacity - 1] = NONE
    this.#free = from
  }
}
