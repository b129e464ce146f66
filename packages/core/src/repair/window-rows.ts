/** An interval whose rows are counted. */
export interface CountedWindow {
  readonly startMs: number
  readonly endMs: number
}

/**
 * Counts the rows of windows that may overlap while a scan goes through them in rising time, by the intervals between
 * their edges, so that a row is counted once however many windows hold it.
 */
export class WindowRows<Window extends CountedWindow> {
  readonly #windows: readonly Window[]
  readonly #edges: readonly number[]
  readonly #indexOfEdge: ReadonlyMap<number, number>
  /** Rows before each edge, good up to the interval the scan has reached. */
  readonly #before: Float64Array
  #rows = 0
  /** Number of edges at or before the newest row. */
  #reached = 0
  /** The first window that does not end before the scan's place. */
  #firstOpen = 0

  /** Starts and ends rise from window to window. */
  constructor(windows: readonly Window[]) {
    this.#windows = windows
    this.#edges = [...new Set(windows.flatMap(({ startMs, endMs }) => [startMs, endMs]))].sort((a, b) => a - b)
    this.#indexOfEdge = new Map(this.#edges.map((edge, index) => [edge, index]))
    this.#before = new Float64Array(this.#edges.length)
  }

  /** Counts times, none of which is before the greatest of the earlier calls; returns a window of more than `maxRows`. */
  add(timesMs: ArrayLike<number>, length: number, maxRows: number): Window | undefined {
    if (length === 0) return undefined
    let minMs = Number.POSITIVE_INFINITY
    let maxMs = Number.NEGATIVE_INFINITY
    for (let i = 0; i < length; i++) {
      const timeMs = timesMs[i]!
      if (timeMs < minMs) minMs = timeMs
      if (timeMs > maxMs) maxMs = timeMs
    }
    const first = this.#edgesThrough(minMs)
    const last = this.#edgesThrough(maxMs)
    const counts = new Float64Array(last - first + 1)
    if (first === last) counts[0] = length
    else for (let i = 0; i < length; i++) counts[this.#edgesThrough(timesMs[i]!) - first]!++
    let rows = this.#rows
    this.#before.fill(rows, this.#reached, first)
    for (let edge = first; edge <= last; edge++) {
      rows += counts[edge - first]!
      if (edge < last) this.#before[edge] = rows
    }
    this.#rows = rows
    this.#reached = last
    return this.#firstAbove(maxRows, minMs, maxMs)
  }

  #firstAbove(maxRows: number, minMs: number, maxMs: number): Window | undefined {
    const windows = this.#windows
    while (this.#firstOpen < windows.length && windows[this.#firstOpen]!.endMs <= minMs) this.#firstOpen++
    for (let i = this.#firstOpen; i < windows.length && windows[i]!.startMs <= maxMs; i++) {
      const { startMs, endMs } = windows[i]!
      const end = this.#indexOfEdge.get(endMs)!
      const through = end < this.#reached ? this.#before[end]! : this.#rows
      if (through - this.#before[this.#indexOfEdge.get(startMs)!]! > maxRows) return windows[i]
    }
    return undefined
  }

  /** Number of edges at or before the time. */
  #edgesThrough(timeMs: number): number {
    let low = 0
    let high = this.#edges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#edges[middle]! <= timeMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
