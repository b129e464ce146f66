import type { WindowPlan } from '@windrow/core'
import type { WindowClause } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { durationMs, type FixedDuration, printDuration, unitOriginMs } from '../duration.ts'
import { signedLengthMs } from './fixed-length.ts'
import { modulo } from './panes.ts'
import { checkStep } from './window-lengths.ts'

/** Shortest pane an engine keeps. */
const MIN_PANE_MS = 1_000

type FixedWindow = Extract<WindowPlan, { readonly type: 'fixed' }>

/** Windows of one length in UTC, checked against the floor and for panes that are too short or too many. */
export function fixedWindow(
  window: WindowClause & { readonly size: FixedDuration; readonly every?: FixedDuration },
  minWindowMs: number,
  diagnostics: DiagnosticList,
): FixedWindow {
  const step = window.every ?? window.size
  const [sizeMs, stepMs] = [durationMs(window.size), durationMs(step)]
  const inUnit = (count: number) => ({ unit: 'ms', count }) as const
  if (sizeMs < minWindowMs) {
    const [size, least] = [printDuration(inUnit(sizeMs)), printDuration(inUnit(minWindowMs))]
    const message = `a window of ${size}; the shortest is ${least}`
    diagnostics.error('WINDOW_TOO_SHORT', window.size.span, message, `write WINDOW ${least}`)
  } else {
    const leastPane = Math.min(MIN_PANE_MS, minWindowMs)
    checkStep(window, { size: sizeMs, step: stepMs, leastPane, inUnit }, diagnostics)
  }
  const shiftMs = window.offset === undefined ? 0 : (signedLengthMs(window.offset, diagnostics) ?? 0)
  return { type: 'fixed', sizeMs, stepMs, offsetMs: modulo(unitOriginMs(step) + shiftMs, stepMs) }
}
