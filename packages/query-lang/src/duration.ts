import type { DurationNode } from './ast.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** The first Monday not after the epoch, 1969-12-29: weeks are counted from it. */
const FIRST_MONDAY_MS = -3 * DAY_MS
/** A hundred years of 365.25 days. */
const MAX_DURATION_MS = 36_525 * DAY_MS
const MAX_MONTHS = 1_200

const FIXED_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]
/** Falling order, the fixed ones after the calendar ones. */
const UNIT_ORDER = ['y', 'mo', 'w', 'd', 'h', 'm', 's', 'ms']
/** Units that can stand in one duration. */
const FAMILIES: Readonly<Record<string, 'months' | 'days' | 'fixed'>> = {
  y: 'months',
  mo: 'months',
  w: 'days',
  d: 'days',
}

const UNIT_MS = { ms: 1, day: DAY_MS, week: WEEK_MS } as const

export type DurationValue = Pick<DurationNode, 'unit' | 'count'>
/** Of one length wherever it stands. */
export type FixedDuration = DurationValue & { readonly unit: 'ms' | 'day' | 'week' }

/** Whether it has a length in milliseconds: months have not. */
export function isFixedDuration<T extends DurationValue>(duration: T): duration is T & FixedDuration {
  return duration.unit !== 'month'
}

/** Length in UTC, where every day has 86,400,000 ms. */
export function durationMs(duration: FixedDuration): number {
  return duration.count * UNIT_MS[duration.unit]
}

/** Where counting in this unit begins, relative to the epoch. */
export function unitOriginMs(duration: DurationValue): number {
  return duration.unit === 'week' ? FIRST_MONDAY_MS : 0
}

export type DurationReading =
  | { readonly ok: true; readonly value: DurationValue }
  | { readonly ok: false; readonly message: string; readonly hint?: string }

function invalid(message: string, hint?: string): DurationReading {
  return { ok: false, message, ...(hint === undefined ? {} : { hint }) }
}

/** Reads a duration token, one or more `<integer><unit>`. */
export function readDuration(image: string): DurationReading {
  const parts = [...image.matchAll(/(\d+)(ms|mo|[smhdwy])/g)].map((part) => ({
    count: Number(part[1]),
    unit: part[2] as string,
    order: UNIT_ORDER.indexOf(part[2] as string),
  }))
  for (let i = 1; i < parts.length; i++) {
    const [previous, part] = [parts[i - 1], parts[i]]
    if (previous === undefined || part === undefined) break
    if (part.order === previous.order)
      return invalid(`${image}: the unit ${part.unit} stands twice`, 'write each unit once')
    if (part.order < previous.order)
      return invalid(`${image}: ${part.unit} after ${previous.unit}`, 'write the larger unit first: 1h30m')
  }
  const families = new Set(parts.map(({ unit }) => FAMILIES[unit] ?? 'fixed'))
  if (families.size > 1) return mixedUnits(image, families)
  if (families.has('months')) {
    const months = parts.reduce((sum, { count, unit }) => sum + count * (unit === 'y' ? 12 : 1), 0)
    return within(image, months, MAX_MONTHS) ?? { ok: true, value: { unit: 'month', count: months } }
  }
  const lengthMs = parts.reduce((sum, part) => sum + part.count * unitMs(part.unit), 0)
  const wrong = within(image, lengthMs, MAX_DURATION_MS)
  if (wrong !== undefined) return wrong
  if (families.has('fixed')) return { ok: true, value: { unit: 'ms', count: lengthMs } }
  return parts.every((part) => part.unit === 'w')
    ? { ok: true, value: { unit: 'week', count: lengthMs / WEEK_MS } }
    : { ok: true, value: { unit: 'day', count: lengthMs / DAY_MS } }
}

function within(image: string, length: number, most: number): DurationReading | undefined {
  if (length === 0) return invalid(`${image}: a duration is longer than nothing`)
  return length <= most ? undefined : invalid(`${image}: longer than 100 years`)
}

function mixedUnits(image: string, families: ReadonlySet<string>): DurationReading {
  if (families.has('fixed'))
    return invalid(
      `${image}: mixes calendar units (d, w, mo, y) with fixed units (ms, s, m, h)`,
      'a day is a calendar unit; write hours instead, or days alone',
    )
  return invalid(
    `${image}: mixes months (mo, y) with days (d, w)`,
    'a month has no fixed number of days; write months alone, or days alone',
  )
}

function unitMs(unit: string): number {
  if (unit === 'w') return WEEK_MS
  if (unit === 'd') return DAY_MS
  return FIXED_UNITS.find(([name]) => name === unit)?.[1] ?? Number.NaN
}

/**
 * Canonical text: `90s` is `1m30s`, `18mo` is `1y6mo`. Weeks stay weeks and days days, since they are counted from
 * different days.
 */
export function printDuration(duration: DurationValue): string {
  if (duration.unit === 'month') {
    const years = Math.floor(duration.count / 12)
    const months = duration.count % 12
    return `${years === 0 ? '' : `${years}y`}${months === 0 ? '' : `${months}mo`}`
  }
  if (duration.unit === 'week') return `${duration.count}w`
  if (duration.unit === 'day') return `${duration.count}d`
  let rest = duration.count
  let text = ''
  for (const [unit, ms] of FIXED_UNITS) {
    const count = Math.floor(rest / ms)
    rest -= count * ms
    if (count > 0) text += `${count}${unit}`
  }
  return text
}

const UNIT_WORDS: Readonly<Record<string, string>> = {
  millis: 'ms',
  millisecond: 'ms',
  milliseconds: 'ms',
  msec: 'ms',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
  wk: 'w',
  week: 'w',
  weeks: 'w',
  month: 'mo',
  months: 'mo',
  year: 'y',
  years: 'y',
}

/** What a word such as `5min` or `10S` was meant to be, or undefined. */
export function suggestDuration(image: string): string | undefined {
  const parts = /^(\d+)([A-Za-z]+)$/.exec(image)
  if (parts === null) return undefined
  const word = (parts[2] as string).toLowerCase()
  const unit = UNIT_ORDER.includes(word) ? word : Object.hasOwn(UNIT_WORDS, word) ? UNIT_WORDS[word] : undefined
  return unit === undefined ? undefined : `${parts[1]}${unit}`
}
