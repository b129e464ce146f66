/**
 * Arithmetic of half-open windows whose edges are known without looking at samples. Both starts and ends rise from
 * window to window, and each time lies in at least one. Every answer is computed from the plan alone, never from
 * the window before, so nothing can drift. Times are ms since the epoch; `-Infinity` gives `-Infinity`.
 */
export interface WindowScheme {
  /** Equal keys mean equal windows. */
  readonly key: string
  /** The shortest distance between two starts. */
  readonly shortestStepMs: number
  readonly longestStepMs: number
  readonly shortestSizeMs: number
  readonly longestSizeMs: number
  /** Whether every end is also a start. */
  readonly isNested: boolean
  /** Whether every edge lies at a whole second. */
  readonly inWholeSeconds: boolean
  /** Starts and ends, where they repeat for ever; undefined where a calendar decides. */
  readonly periodicEdges?: readonly { readonly everyMs: number; readonly phaseMs: number }[]
  /** Greatest window start at or before `timeMs`. */
  startAt(timeMs: number): number
  /** End of the window that starts at `startMs`, exclusive. */
  endOf(startMs: number): number
  /** Start of the window that ends at `endMs`. */
  startOf(endMs: number): number
  /** The smallest window end after `timeMs`: the end of the first window that holds it. */
  firstEndAfter(timeMs: number): number
  /** Greatest window end at or before `timeMs`. */
  lastEndAt(timeMs: number): number
  /** End of the last window that holds `timeMs`. */
  lastEndHolding(timeMs: number): number
  /** The widest interval around `timeMs` that no window starts or ends inside. */
  paneAround(timeMs: number): { readonly startMs: number; readonly endMs: number }
}
