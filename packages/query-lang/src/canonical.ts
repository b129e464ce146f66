import type { WindowPlan } from '@windrow/core'
import { originShiftMs } from './analyze/calendar-window.ts'
import { leastShift, modulo } from './analyze/panes.ts'
import { DEFAULT_MAX_MS } from './analyze/session-window.ts'
import type { QueryStatement, SessionClause, WindowClause } from './ast.ts'
import { type DurationValue, durationMs, isFixedDuration, unitOriginMs } from './duration.ts'
import { print } from './print.ts'

const DAY_MS = 86_400_000

/** Whether both are one length, counted from one origin. */
function sameSteps(a: DurationValue, b: DurationValue): boolean {
  if (a.unit === b.unit) return a.count === b.count
  if (!isFixedDuration(a) || !isFixedDuration(b)) return false
  return durationMs(a) === durationMs(b) && unitOriginMs(a) === unitOriginMs(b)
}

/** The offset of a plan without what the unit of its step brings. */
function ownOffsetMs(step: DurationValue, plan: Exclude<WindowPlan, { readonly type: 'session' }>): number {
  if (plan.type === 'fixed') return modulo(plan.offsetMs - unitOriginMs(step), plan.stepMs)
  const shiftMs = originShiftMs(step, plan.unit)
  return shiftMs === 0 ? plan.offsetMs : leastShift(plan.offsetMs - shiftMs, plan.step * DAY_MS)
}

/** The same windows in the fewest words: no EVERY of the window's own length, no TZ of UTC, the least offset. */
function canonicalWindow(window: WindowClause | SessionClause, plan: WindowPlan): WindowClause | SessionClause {
  const { span } = window
  if (window.type === 'session' || plan.type === 'session') {
    if (window.type !== 'session' || plan.type !== 'session' || plan.maxMs !== DEFAULT_MAX_MS) return window
    return { type: 'session', gap: window.gap, span }
  }
  const { size, every } = window
  const offsetMs = ownOffsetMs(every ?? size, plan)
  const duration = { type: 'duration', unit: 'ms', count: Math.abs(offsetMs), span } as const
  const zone = plan.type === 'fixed' || plan.timeZone === 'UTC' ? undefined : plan.timeZone
  return {
    type: 'window',
    size,
    ...(every === undefined || sameSteps(every, size) ? {} : { every }),
    ...(offsetMs === 0 ? {} : { offset: { type: 'signed-duration', sign: offsetMs < 0 ? -1 : 1, duration, span } }),
    ...(zone === undefined ? {} : { timeZone: { type: 'string', value: zone, span } }),
    span,
  }
}

/**
 * The text under which equal queries are found: canonical print without what says nothing (FILL NONE, EMIT ON END)
 * and without SINCE and UNTIL, which say when a query is asked and not what it asks.
 */
export function identityText(query: QueryStatement, plan: WindowPlan): string {
  const { range: _, fill, emit, ...rest } = query
  return print({
    ...rest,
    window: canonicalWindow(query.window, plan),
    ...(fill === undefined || fill.with === 'none' ? {} : { fill }),
    ...(emit === undefined || emit.at === 'end' ? {} : { emit }),
  })
}
