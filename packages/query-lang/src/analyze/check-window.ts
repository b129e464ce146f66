import type { WindowPlan } from '@windrow/core'
import type { QueryStatement, WindowClause } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { durationMs, printDuration, signedDurationMs, unitOriginMs } from '../duration.ts'

/** Shortest pane an engine keeps. */
const MIN_PANE_MS = 1_000
const MAX_PANES = 4_096

function gcd(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}

function text(ms: number): string {
  return printDuration({ unit: 'ms', count: ms })
}

/** Where windows begin, counted from the epoch, in `[0, stepMs)`. */
export function windowOffsetMs(window: WindowClause): number {
  const step = window.every ?? window.size
  const stepMs = durationMs(step)
  const shiftMs = unitOriginMs(step) + (window.offset === undefined ? 0 : signedDurationMs(window.offset))
  return ((shiftMs % stepMs) + stepMs) % stepMs
}

/** The nearest step that divides the window into whole panes, few and long enough. */
function properStepMs(sizeMs: number, stepMs: number, minPaneMs: number): number {
  const most = Math.max(1, Math.min(MAX_PANES, Math.floor(sizeMs / minPaneMs)))
  const wanted = Math.min(most, Math.max(1, Math.round(sizeMs / stepMs)))
  for (let parts = wanted; parts > 1; parts--) if (sizeMs % parts === 0) return sizeMs / parts
  return sizeMs
}

/** The window, checked against the floor and for panes that are too short or too many. */
export function checkWindow(query: QueryStatement, minWindowMs: number, diagnostics: DiagnosticList): WindowPlan {
  const { size, every } = query.window
  const sizeMs = durationMs(size)
  const stepMs = every === undefined ? sizeMs : durationMs(every)
  const minPaneMs = Math.min(MIN_PANE_MS, minWindowMs)
  const paneMs = gcd(sizeMs, stepMs)
  if (sizeMs < minWindowMs)
    diagnostics.error(
      'WINDOW_TOO_SHORT',
      size.span,
      `a window of ${text(sizeMs)}; the shortest is ${text(minWindowMs)}`,
      `write WINDOW ${text(minWindowMs)}`,
    )
  else if (every !== undefined && stepMs > sizeMs)
    diagnostics.error(
      'STEP_LONGER_THAN_WINDOW',
      every.span,
      `a step of ${printDuration(every)} leaves gaps between windows of ${printDuration(size)}`,
      `samples in the gaps would be lost: write WINDOW ${printDuration(every)}, or a step of at most ${printDuration(size)}`,
    )
  else if (every !== undefined && paneMs < minPaneMs)
    diagnostics.error(
      'PANE_TOO_SHORT',
      every.span,
      `windows of ${printDuration(size)} every ${printDuration(every)} need panes of ${text(paneMs)}; the shortest is ${text(minPaneMs)}`,
      `write EVERY ${text(properStepMs(sizeMs, stepMs, minPaneMs))}`,
    )
  else if (every !== undefined && sizeMs / paneMs > MAX_PANES)
    diagnostics.error(
      'TOO_MANY_PANES',
      every.span,
      `windows of ${printDuration(size)} every ${printDuration(every)} need ${sizeMs / paneMs} panes of ${text(paneMs)}; at most ${MAX_PANES} are kept`,
      `write EVERY ${text(properStepMs(sizeMs, stepMs, minPaneMs))}`,
    )
  return { sizeMs, stepMs, offsetMs: windowOffsetMs(query.window) }
}
