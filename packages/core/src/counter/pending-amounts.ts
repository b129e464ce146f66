import { growFloat64, growUint32 } from '../internal/grow.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

/**
 * `ref`: a `SeriesRef`. `amount` is undefined when the sample is only a base line, or of an overlapping writer. It is for
 * readers that know all that happened from `sinceMs` on; for the others the sample is a base line. `Infinity`: for all.
 */
export type EmitAmount = (ref: number, timeMs: number, amount: number | undefined, sinceMs: number) => void

/** Amounts that are known but not handed on yet, in the order in which they came to be known. */
export class PendingAmounts {
  #length = 0
  #refs: Uint32Array = new Uint32Array(0)
  #timesMs: Float64Array = new Float64Array(0)
  /** NaN = none. */
  #amounts: Float64Array = new Float64Array(0)
  #sincesMs: Float64Array = new Float64Array(0)

  get bytes(): number {
    return this.#refs.length * 28
  }

  push(ref: number, timeMs: number, amount: number, sinceMs: number): void {
    const at = this.#length++
    if (at === this.#refs.length) this.#grow(Math.max(16, at * 2))
    this.#refs[at] = ref
    this.#timesMs[at] = timeMs
    this.#amounts[at] = amount
    this.#sincesMs[at] = sinceMs
  }

  release(emit: EmitAmount): void {
    const length = this.#length
    this.#length = 0
    for (let at = 0; at < length; at++) {
      const amount = this.#amounts[at]!
      emit(this.#refs[at]!, this.#timesMs[at]!, amountOrNone(amount), this.#sincesMs[at]!)
    }
  }

  /** Forgets those of one series. */
  drop(ref: number): void {
    let kept = 0
    for (let at = 0; at < this.#length; at++) {
      if (this.#refs[at] === ref) continue
      this.#refs[kept] = this.#refs[at]!
      this.#timesMs[kept] = this.#timesMs[at]!
      this.#amounts[kept] = this.#amounts[at]!
      this.#sincesMs[kept] = this.#sincesMs[at]!
      kept++
    }
    this.#length = kept
  }

  save(writer: StateWriter): void {
    writer.row(this.#refs, 0, this.#length)
    writer.row(this.#timesMs, 0, this.#length)
    writer.row(this.#amounts, 0, this.#length)
    writer.row(this.#sincesMs, 0, this.#length)
  }

  /** Reads what `save` wrote, of series below `seriesCount`. */
  load(reader: StateReader, seriesCount: number): void {
    const { offset } = reader
    const refs = reader.u32s('series of amounts')
    const timesMs = reader.f64s('times of amounts')
    const amounts = reader.f64s('amounts')
    const sincesMs = reader.f64s('beginnings of amounts')
    if ([timesMs, amounts, sincesMs].some((row) => row.length !== refs.length))
      reader.corrupt('columns of amounts are not of one length', offset)
    if (refs.some((ref) => ref >= seriesCount) || timesMs.some((timeMs) => !Number.isFinite(timeMs)))
      reader.corrupt('amount of no series or no time', offset)
    this.#refs = refs
    this.#timesMs = timesMs
    this.#amounts = amounts
    this.#sincesMs = sincesMs
    this.#length = refs.length
  }

  #grow(capacity: number): void {
    this.#refs = growUint32(this.#refs, capacity)
    this.#timesMs = growFloat64(this.#timesMs, capacity)
    this.#amounts = growFloat64(this.#amounts, capacity)
    this.#sincesMs = growFloat64(this.#sincesMs, capacity)
  }
}

/** NaN is how a column of amounts says that there is none. */
export function amountOrNone(amount: number): number | undefined {
  return Number.isNaN(amount) ? undefined : amount
}
