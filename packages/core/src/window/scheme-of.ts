import type { AlignedWindowPlan } from '../plan/query-plan.ts'
import { CalendarWindows } from './calendar-windows.ts'
import { FixedWindows } from './fixed-windows.ts'
import type { WindowScheme } from './window-scheme.ts'

export function windowScheme(plan: AlignedWindowPlan): WindowScheme {
  return plan.type === 'fixed' ? new FixedWindows(plan) : new CalendarWindows(plan)
}
