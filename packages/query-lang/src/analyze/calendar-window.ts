import type { WindowPlan } from '@windrow/core'
import type { WindowClause } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { type DurationValue, printDuration, unitOriginMs } from '../duration.ts'
import { signedLengthMs } from './fixed-length.ts'
import { leastShift } from './panes.ts'
import { checkStep } from './window-lengths.ts'

const DAY_MS = 86_400_000
const DAYS_A_WEEK = 7
/** Of the shortest unit there is: February has 28 days. */
const UNIT_MS = { day: DAY_MS, week: DAYS_A_WEEK * DAY_MS, month: 28 * DAY_MS } as const

/** A February with an hour less, in whole days. */
const MONTH_OFFSET_LIMIT_MS = 27 * DAY_MS

type CalendarWindow = Extract<WindowPlan, { readonly type: 'calendar' }>
type Unit = CalendarWindow['unit']

type UnitFamily = 'fixed' | 'days' | 'months'

function familyOf({ unit }: DurationValue): UnitFamily {
  if (unit === 'ms') return 'fixed'
  return unit === 'month' ? 'months' : 'days'
}

/** The unit that window and step are both whole numbers of. */
function commonUnit(size: DurationValue, step: DurationValue): Unit {
  if (size.unit === 'month') return 'month'
  const inWeeks = size.unit === 'week' || size.count % DAYS_A_WEEK === 0
  return step.unit === 'week' && inWeeks ? 'week' : 'day'
}

function countIn(unit: Unit, duration: DurationValue): number {
  if (unit === 'day' && duration.unit === 'week') return duration.count * DAYS_A_WEEK
  return unit === 'week' && duration.unit === 'day' ? duration.count / DAYS_A_WEEK : duration.count
}

/** Says why window and step do not go together, unless they do. */
function mixesUnits(window: WindowClause, diagnostics: DiagnosticList): boolean {
  const { size, every, timeZone } = window
  const [sizeFamily, stepFamily] = [familyOf(size), familyOf(every ?? size)]
  if (every !== undefined && sizeFamily !== stepFamily) {
    const unitOf = { fixed: '1s', days: size.unit === 'week' ? '1w' : '1d', months: '1mo' }
    const withoutZone = timeZone !== undefined && size.unit !== 'month' && every.unit !== 'month'
    const hint = `write a step like EVERY ${unitOf[sizeFamily]}${withoutZone ? ', or leave TZ out' : ''}`
    const message = `windows of ${printDuration(size)} cannot begin every ${printDuration(every)}`
    diagnostics.error('MIXED_UNITS', every.span, message, hint)
    return true
  }
  if (sizeFamily !== 'fixed' || timeZone === undefined) return false
  const message = `${printDuration(size)} is as long in every time zone`
  diagnostics.error('MIXED_UNITS', timeZone.span, message, 'leave TZ out, or write days, weeks or months: WINDOW 1d')
  return true
}

/** How far the edges are shifted on the local clock, apart from what the unit itself brings. */
function shiftMs(window: WindowClause, step: number, unit: Unit, diagnostics: DiagnosticList): number {
  if (window.offset === undefined) return 0
  const offsetMs = signedLengthMs(window.offset, diagnostics) ?? 0
  // Months differ in length, so a longer offset could not be brought into one step.
  if (unit !== 'month') return offsetMs
  const limitMs = step * MONTH_OFFSET_LIMIT_MS
  if (Math.abs(offsetMs) < limitMs) return offsetMs
  const hint = `write less than ${limitMs / DAY_MS} days either way`
  diagnostics.error('OFFSET_TOO_LONG', window.offset.span, 'an offset as long as the step', hint)
  return 0
}

/** Windows whose edges are midnights of a zone. Undefined and a diagnostic when their units do not go together. */
export function calendarWindow(
  window: WindowClause,
  timeZone: string,
  minWindowMs: number,
  diagnostics: DiagnosticList,
): CalendarWindow | undefined {
  if (mixesUnits(window, diagnostics)) return undefined
  const every = window.every ?? window.size
  const unit = commonUnit(window.size, every)
  const [size, step] = [countIn(unit, window.size), countIn(unit, every)]
  if (size * UNIT_MS[unit] < minWindowMs) {
    const least = printDuration({ unit: 'ms', count: minWindowMs })
    const message = `a window of ${printDuration(window.size)}; the shortest is ${least}`
    diagnostics.error('WINDOW_TOO_SHORT', window.size.span, message, 'write a longer window')
  } else checkStep(window, { size, step, leastPane: 1, inUnit: (count) => ({ unit, count }) }, diagnostics)
  const ownShiftMs = shiftMs(window, step, unit, diagnostics)
  const offsetMs =
    unit === 'month' ? ownShiftMs : leastShift(originShiftMs(every, unit) + ownShiftMs, step * UNIT_MS[unit])
  return { type: 'calendar', unit, size, step, offsetMs, timeZone }
}

/** Steps of weeks are counted from a Monday, also where the plan counts in days. */
export function originShiftMs(every: DurationValue, unit: Unit): number {
  return unit === 'day' ? unitOriginMs(every) : 0
}
