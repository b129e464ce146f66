import type { WindowPlan } from '@windrow/core'
import type { SessionClause } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { printDuration } from '../duration.ts'
import { fixedLengthMs } from './fixed-length.ts'

/** Longest session where MAX does not say. */
export const DEFAULT_MAX_MS = 86_400_000

type SessionWindow = Extract<WindowPlan, { readonly type: 'session' }>

export function sessionWindow(
  session: SessionClause,
  minWindowMs: number,
  diagnostics: DiagnosticList,
): SessionWindow | undefined {
  const { gap, max } = session
  const gapMs = fixedLengthMs(gap, diagnostics)
  const maxMs = max === undefined ? DEFAULT_MAX_MS : fixedLengthMs(max, diagnostics)
  if (gapMs === undefined || maxMs === undefined) return undefined
  if (gapMs < minWindowMs) {
    const least = printDuration({ unit: 'ms', count: minWindowMs })
    const message = `a session lasts at least its gap, here ${printDuration(gap)}; the shortest window is ${least}`
    diagnostics.error('WINDOW_TOO_SHORT', gap.span, message, `write GAP ${least}`)
  } else if (gapMs > maxMs) {
    const most = max === undefined ? '1d, if MAX does not say more' : printDuration(max)
    const message = `a gap of ${printDuration(gap)} is longer than the longest session of ${most}`
    const hint = `write MAX ${printDuration(gap)} or more`
    diagnostics.error('GAP_LONGER_THAN_MAX', gap.span, message, hint)
  }
  return { type: 'session', gapMs, maxMs }
}
