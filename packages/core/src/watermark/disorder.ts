import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

const BINS = 64
/** Delays of the last five minutes count: two halves, the older one dropped when the newer is full. */
const HALF_MS = 150_000
/** Fewer delays than this say nothing yet. */
const ENOUGH = 1_000
const QUANTILE = 0.99
const SAMPLED_ROWS = 32

/**
 * How far behind its newest event a source's samples still come: the 99th percentile of (arrival - event time) over
 * the last five minutes, once enough is known. Delays beyond `maxMs` are resends, not disorder, and left out.
 */
export class Disorder {
  readonly #initialMs: number
  readonly #maxMs: number
  #newer: Uint32Array = new Uint32Array(BINS)
  #older: Uint32Array = new Uint32Array(BINS)
  #newerSinceMs = Number.NEGATIVE_INFINITY
  #valueMs: number
  /** Where sampling of the next batch begins: no row of a batch is left out for good because of its place. */
  #phase = 0

  constructor(initialMs: number, maxMs: number) {
    this.#initialMs = Math.min(initialMs, maxMs)
    this.#maxMs = maxMs
    this.#valueMs = this.#initialMs
  }

  get ms(): number {
    return this.#valueMs
  }

  /** Learns from some rows of a batch that arrived at `nowMs`; cost does not grow with the batch. */
  observe(timestampsMs: Float64Array, length: number, nowMs: number): void {
    if (length === 0 || !Number.isFinite(nowMs) || this.#maxMs === 0) return
    if (nowMs - this.#newerSinceMs >= HALF_MS) this.#turn(nowMs)
    const stride = Math.max(1, Math.floor(length / SAMPLED_ROWS))
    for (let row = this.#phase++ % stride; row < length; row += stride) {
      const delayMs = nowMs - timestampsMs[row]!
      if (delayMs > this.#maxMs) continue
      const bin = Math.floor((Math.max(0, delayMs) / this.#maxMs) * BINS)
      this.#newer[Math.min(BINS - 1, bin)]!++
    }
  }

  save(writer: StateWriter): void {
    writer.f64(this.#maxMs)
    writer.f64(this.#newerSinceMs)
    writer.f64(this.#valueMs)
    writer.varint(this.#phase)
    writer.row(this.#newer)
    writer.row(this.#older)
  }

  /** Takes on what `save` wrote, unless it was learned under another bound: then it is learned anew. */
  load(reader: StateReader): void {
    const { offset } = reader
    const maxMs = reader.f64('greatest disorder')
    const newerSinceMs = reader.f64('time of the newer delays')
    const valueMs = reader.f64('disorder')
    const phase = reader.varint('phase')
    const [newer, older] = [reader.u32s('newer delays'), reader.u32s('older delays')]
    if (newer.length !== BINS || older.length !== BINS || !(valueMs >= 0 && valueMs <= maxMs))
      reader.corrupt('delays of a source cannot be', offset)
    if (maxMs !== this.#maxMs) return
    this.#newerSinceMs = newerSinceMs
    this.#valueMs = valueMs
    this.#phase = phase
    this.#newer = newer
    this.#older = older
  }

  /** Takes what was learned into account; called once a tick, not once a batch. */
  settle(): void {
    let total = 0
    for (let bin = 0; bin < BINS; bin++) total += this.#newer[bin]! + this.#older[bin]!
    if (total < ENOUGH) {
      this.#valueMs = this.#initialMs
      return
    }
    let seen = 0
    for (let bin = 0; bin < BINS; bin++) {
      seen += this.#newer[bin]! + this.#older[bin]!
      if (seen < QUANTILE * total) continue
      this.#valueMs = ((bin + 1) / BINS) * this.#maxMs
      return
    }
  }

  #turn(nowMs: number): void {
    const spent = this.#older
    this.#older = nowMs - this.#newerSinceMs >= 2 * HALF_MS ? spent.fill(0) : this.#newer
    this.#newer = this.#older === spent ? this.#newer.fill(0) : spent.fill(0)
    this.#newerSinceMs = nowMs
  }
}
