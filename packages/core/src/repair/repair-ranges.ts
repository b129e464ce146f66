import type { QueryPlan } from '../plan/query-plan.ts'
import { SERIES_TTL_MS } from '../window/gap-fill.ts'
import { windowScheme } from '../window/scheme-of.ts'

/** A window, or a cell of sessions, to compute anew. */
export interface RepairWindow {
  readonly startMs: number
  readonly endMs: number
}

/** Windows by start that one scan serves. */
export interface RepairRange {
  readonly fromMs: number
  readonly toMs: number
  readonly windows: readonly RepairWindow[]
}

/** Windows that touch or overlap make one range; cells of sessions stay apart, as no session goes over their edges. */
export function rangesOf(windows: readonly RepairWindow[], plan: QueryPlan): RepairRange[] {
  const ranges: { fromMs: number; toMs: number; windows: RepairWindow[] }[] = []
  for (const window of [...windows].sort((a, b) => a.startMs - b.startMs)) {
    const last = ranges[ranges.length - 1]
    if (last === undefined || window.startMs > last.toMs || plan.window.type === 'session')
      ranges.push({ fromMs: window.startMs, toMs: window.endMs, windows: [window] })
    else {
      last.toMs = Math.max(last.toMs, window.endMs)
      last.windows.push(window)
    }
  }
  return ranges
}

/** The windows and, where a query has FILL, those after them that may be filled otherwise now. */
export function withFilledAfter(windows: readonly RepairWindow[], plan: QueryPlan): readonly RepairWindow[] {
  if (plan.fill === undefined || plan.window.type === 'session') return windows
  const scheme = windowScheme(plan.window)
  const waiting = new Set(windows.map(({ startMs }) => startMs))
  const byStart = new Map(windows.map((window) => [window.startMs, window]))
  for (const window of windows) {
    const filledBeforeMs = window.endMs + SERIES_TTL_MS
    let startMs = scheme.startOf(scheme.firstEndAfter(window.endMs))
    // What follows a window that waits itself is reached from there.
    while (startMs < filledBeforeMs && !waiting.has(startMs)) {
      const endMs = scheme.endOf(startMs)
      byStart.set(startMs, { startMs, endMs })
      startMs = scheme.startOf(scheme.firstEndAfter(endMs))
    }
  }
  return [...byStart.values()]
}
