import type { WindowResult } from '../result/window-result.ts'
import type { DelayNumbers } from '../telemetry/engine-numbers.ts'

/** How long after its end each window of a query was first emitted in full. */
export class FireDelay {
  /** End of the newest window emitted in full, ms. */
  newestEndMs: number = Number.NEGATIVE_INFINITY
  #count = 0
  #sum = 0
  #max = 0
  #last = 0

  get numbers(): DelayNumbers {
    return { count: this.#count, sum: this.#sum, max: this.#max, last: this.#last }
  }

  /** Takes a live row; only the first of each window counts, and windows come in order of their ends. */
  take(row: WindowResult, nowMs: number): void {
    if (row.source !== 'live' || row.early === true || row.retracted === true || row.endMs <= this.newestEndMs) return
    this.newestEndMs = row.endMs
    const delayMs = Math.max(0, nowMs - row.endMs)
    this.#count++
    this.#sum += delayMs
    this.#max = Math.max(this.#max, delayMs)
    this.#last = delayMs
  }
}
