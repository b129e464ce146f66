import type { WindowPlan } from '@windrow/core'
import type { SessionClause, WindowClause } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { type FixedDuration, isFixedDuration } from '../duration.ts'
import { calendarWindow } from './calendar-window.ts'
import { fixedWindow } from './fixed-window.ts'
import { sessionWindow } from './session-window.ts'
import { resolveTimeZone } from './time-zone.ts'

type FixedClause = WindowClause & { readonly size: FixedDuration; readonly every?: FixedDuration }

function isFixedClause(window: WindowClause): window is FixedClause {
  return isFixedDuration(window.size) && (window.every === undefined || isFixedDuration(window.every))
}

/** The windows of a query, checked; undefined and a diagnostic where they make no sense at all. */
export function checkWindow(
  window: WindowClause | SessionClause,
  minWindowMs: number,
  diagnostics: DiagnosticList,
): WindowPlan | undefined {
  if (window.type === 'session') return sessionWindow(window, minWindowMs, diagnostics)
  const zone = window.timeZone === undefined ? 'UTC' : resolveTimeZone(window.timeZone, diagnostics)
  if (zone === undefined) return undefined
  // In UTC every day has 24 hours.
  if (zone === 'UTC' && isFixedClause(window)) return fixedWindow(window, minWindowMs, diagnostics)
  return calendarWindow(window, zone, minWindowMs, diagnostics)
}

/** The shortest a window of the plan can be; of sessions the longest they can be. */
export function windowLengthMs(plan: WindowPlan): number {
  switch (plan.type) {
    case 'fixed':
      return plan.sizeMs
    case 'session':
      return plan.maxMs
    case 'calendar':
      return plan.size * { day: 1, week: 7, month: 28 }[plan.unit] * 86_400_000
  }
}
