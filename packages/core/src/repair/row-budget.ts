import { orAborted } from './or-aborted.ts'

/** Waits shorter than this are not worth a timer; they are made up for by a later one. */
const SHORTEST_WAIT_MS = 10

/** Keeps scans to a number of rows a second of real time, so that repairs leave the machine to live data. */
export class RowBudget {
  readonly #rowsPerSecond: number
  /** When what was taken so far is paid for, on the monotonic clock. */
  #paidAtMs = Number.NEGATIVE_INFINITY

  constructor(rowsPerSecond: number) {
    this.#rowsPerSecond = rowsPerSecond
  }

  /** Takes rows that were read already and waits until the next ones may be. Rejects with `ABORTED` on the signal. */
  async take(rows: number, signal: AbortSignal): Promise<void> {
    const nowMs = performance.now()
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs) + (rows * 1_000) / this.#rowsPerSecond
    const waitMs = this.#paidAtMs - nowMs
    if (waitMs < SHORTEST_WAIT_MS) return
    let timer: NodeJS.Timeout | undefined
    const paid = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs)
    })
    try {
      await orAborted(paid, signal)
    } finally {
      clearTimeout(timer)
    }
  }
}
