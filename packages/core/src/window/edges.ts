import type { WindowPlan } from '../plan/query-plan.ts'

/**
 * Arithmetic of half-open windows `[startMs, startMs + sizeMs)` with starts at `offsetMs + k * stepMs`.
 * Everything is counted from the epoch, never from the window before, so nothing can drift.
 * Plans guarantee whole milliseconds and `stepMs <= sizeMs`.
 */

/** Greatest window start at or before `timeMs`. */
export function windowStartAt(window: WindowPlan, timeMs: number): number {
  return Math.floor((timeMs - window.offsetMs) / window.stepMs) * window.stepMs + window.offsetMs
}

/** End of the first window that holds `timeMs`: the smallest window end after it. */
export function firstEndAfter(window: WindowPlan, timeMs: number): number {
  const phaseMs = window.offsetMs + window.sizeMs
  return (Math.floor((timeMs - phaseMs) / window.stepMs) + 1) * window.stepMs + phaseMs
}

/** Greatest window end at or before `timeMs`. */
export function lastEndAt(window: WindowPlan, timeMs: number): number {
  const phaseMs = window.offsetMs + window.sizeMs
  return Math.floor((timeMs - phaseMs) / window.stepMs) * window.stepMs + phaseMs
}

/** End of the last window that holds `timeMs`. */
export function lastEndHolding(window: WindowPlan, timeMs: number): number {
  return windowStartAt(window, timeMs) + window.sizeMs
}

/** The widest interval around `timeMs` that no window of any plan starts or ends inside. */
export function paneBounds(windows: readonly WindowPlan[], timeMs: number): { startMs: number; endMs: number } {
  let startMs = Number.NEGATIVE_INFINITY
  let endMs = Number.POSITIVE_INFINITY
  for (const window of windows) {
    const start = windowStartAt(window, timeMs)
    const end = firstEndAfter(window, timeMs)
    startMs = Math.max(startMs, start, end - window.stepMs)
    endMs = Math.min(endMs, start + window.stepMs, end)
  }
  return { startMs, endMs }
}

/** The shortest distance between two edges (starts and ends) of the plans' windows; `stepMs` for a lone tumbling one. */
export function shortestPaneMs(windows: readonly WindowPlan[]): number {
  // Many queries have equal windows, and equal edges are one edge.
  const distinct = new Map(windows.map((window) => [`${window.sizeMs},${window.stepMs},${window.offsetMs}`, window]))
  const edges = [...distinct.values()].flatMap((window) => [
    { everyMs: window.stepMs, phaseMs: window.offsetMs },
    { everyMs: window.stepMs, phaseMs: window.offsetMs + window.sizeMs },
  ])
  let shortest = Number.POSITIVE_INFINITY
  for (const [i, a] of edges.entries())
    for (const b of edges.slice(i)) {
      const period = gcd(a.everyMs, b.everyMs)
      const distance = mod(a.phaseMs - b.phaseMs, period)
      shortest = Math.min(shortest, distance === 0 ? period : Math.min(distance, period - distance))
    }
  return shortest
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b
}
