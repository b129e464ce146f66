import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CalendarWindowPlan } from '../../src/plan/query-plan.ts'
import { CalendarWindows } from '../../src/window/calendar-windows.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Antarctica/Troll',
  'Antarctica/Vostok',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Pacific/Kwajalein',
]

interface Interval {
  readonly startMs: number
  readonly endMs: number
}

function plan(
  unit: CalendarWindowPlan['unit'],
  timeZone: string,
  { size = 1, step = size, offsetMs = 0 }: { size?: number; step?: number; offsetMs?: number } = {},
): CalendarWindowPlan {
  return { type: 'calendar', unit, size, step, offsetMs, timeZone }
}

function at(isoTime: string): number {
  return Date.parse(isoTime)
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z')
}

/** Start and end of the window that holds the time, as text. */
function windowAt(windows: CalendarWindows, isoTime: string): string[] {
  const startMs = windows.startAt(at(isoTime))
  return [iso(startMs), iso(windows.endOf(startMs))]
}

function hours(windows: CalendarWindows, isoTime: string): number {
  const startMs = windows.startAt(at(isoTime))
  return (windows.endOf(startMs) - startMs) / HOUR_MS
}

const planArbitrary = fc
  .record({
    unit: fc.constantFrom<CalendarWindowPlan['unit']>('day', 'day', 'week', 'month'),
    timeZone: fc.constantFrom(...ZONES),
    step: fc.constantFrom(1, 1, 2, 3, 12),
    extra: fc.constantFrom(0, 0, 1, 6, 9),
    offsetMs: fc.constantFrom(0, 0, 6 * HOUR_MS, -90 * 60_000, 2.5 * HOUR_MS),
  })
  .map(({ unit, timeZone, step, extra, offsetMs }) => plan(unit, timeZone, { size: step + extra, step, offsetMs }))

/** Any times, and times near one at which a clock was set. */
const timeArbitrary = fc.oneof(
  fc.integer({ min: at('1970-02-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') }),
  fc
    .tuple(
      fc.constantFrom(
        '2011-12-30T10:00:00Z', // Apia leaves out a date
        '1994-12-31T10:00:00Z', // Kiritimati too
        '1993-08-21T12:00:00Z', // Kwajalein too
        '2026-03-29T01:00:00Z', // Berlin sets its clock on
        '2026-10-25T01:00:00Z', // and back
        '2018-11-04T03:00:00Z', // Sao Paulo sets it on at midnight
        '2018-02-18T02:00:00Z',
        '2026-04-04T15:00:00Z', // Lord Howe sets it back by half an hour
        '2024-03-10T02:00:00Z', // Casablanca, for Ramadan
        '1994-01-31T17:00:00Z', // Vostok by seven hours
        '2100-03-01T00:00:00Z', // no leap year
      ),
      fc.integer({ min: -9 * DAY_MS, max: 9 * DAY_MS }),
    )
    .map(([instant, awayMs]) => at(instant) + awayMs),
)

/** Windows near a time, listed with Temporal, without those that a date left out takes away. */
function listedWindows({ unit, size, step, offsetMs, timeZone }: CalendarWindowPlan, timeMs: number): Interval[] {
  const anchor = Temporal.PlainDate.from(unit === 'week' ? '1969-12-29' : '1970-01-01')
  const local = Temporal.Instant.fromEpochMilliseconds(timeMs).toZonedDateTimeISO(timeZone).toPlainDate()
  const units = `${unit}s` as const
  const near = Math.floor(anchor.until(local, { largestUnit: units })[units] / step)
  const edgeMs = (index: number): number =>
    anchor
      .add({ [units]: index })
      .toPlainDateTime()
      .add({ milliseconds: offsetMs })
      .toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds
  const all: Interval[] = []
  const before = Math.ceil(size / step) + 4
  for (let window = near - before; window <= near + 4; window++)
    all.push({ startMs: edgeMs(window * step), endMs: edgeMs(window * step + size) })
  const lengthOf = ({ startMs, endMs }: Interval): number => endMs - startMs
  return all.filter(
    (window) =>
      lengthOf(window) > 0 &&
      !all.some(
        (other) =>
          (other.startMs === window.startMs || other.endMs === window.endMs) && lengthOf(other) > lengthOf(window),
      ),
  )
}

describe.skipIf(typeof Temporal === 'undefined')('calendar windows, against windows listed with Temporal', () => {
  test('starts, ends and panes around a time', () => {
    fc.assert(
      fc.property(planArbitrary, fc.array(timeArbitrary, { minLength: 1, maxLength: 5 }), (calendar, times) => {
        const windows = new CalendarWindows(calendar)
        for (const timeMs of times) {
          const all = listedWindows(calendar, timeMs)
          const holding = all.filter(({ startMs, endMs }) => startMs <= timeMs && timeMs < endMs)
          expect(iso(windows.startAt(timeMs))).toBe(iso(holding.at(-1)!.startMs))
          expect(iso(windows.lastEndHolding(timeMs))).toBe(iso(holding.at(-1)!.endMs))
          expect(iso(windows.firstEndAfter(timeMs))).toBe(iso(holding[0]!.endMs))
          expect(iso(windows.lastEndAt(timeMs))).toBe(iso(all.filter(({ endMs }) => endMs <= timeMs).at(-1)!.endMs))
          for (const { startMs, endMs } of holding) {
            expect(windows.startAt(startMs)).toBe(startMs)
            expect(windows.lastEndAt(endMs)).toBe(endMs)
            expect(windows.endOf(startMs)).toBe(endMs)
            expect(windows.startOf(endMs)).toBe(startMs)
          }
          const edges = all.flatMap(({ startMs, endMs }) => [startMs, endMs])
          expect(windows.paneAround(timeMs)).toEqual({
            startMs: Math.max(...edges.filter((edge) => edge <= timeMs)),
            endMs: Math.min(...edges.filter((edge) => edge > timeMs)),
          })
        }
      }),
      { numRuns: 400 },
    )
  })

  test('the windows of seventy years rise one by one, all within the bounds', () => {
    fc.assert(
      fc.property(planArbitrary, (calendar) => {
        const windows = new CalendarWindows(calendar)
        let startMs = windows.startAt(at('1970-06-01T00:00:00Z'))
        let endMs = windows.endOf(startMs)
        for (let count = 0; count < 600 && startMs < at('2040-01-01T00:00:00Z'); count++) {
          const nextMs = nextStart(windows, startMs)
          const nextEndMs = windows.endOf(nextMs)
          expect(windows.startAt(nextMs - 1)).toBe(startMs)
          expect(nextEndMs).toBeGreaterThan(endMs)
          expect(windows.firstEndAfter(endMs)).toBe(nextEndMs)
          expect(windows.startOf(nextEndMs)).toBe(nextMs)
          const sizeMs = nextEndMs - nextMs
          expect(nextMs - startMs).toBeGreaterThanOrEqual(windows.shortestStepMs)
          expect(nextMs - startMs).toBeLessThanOrEqual(windows.longestStepMs)
          expect(sizeMs).toBeGreaterThanOrEqual(windows.shortestSizeMs)
          expect(sizeMs).toBeLessThanOrEqual(windows.longestSizeMs)
          startMs = nextMs
          endMs = nextEndMs
        }
      }),
      { numRuns: 40 },
    )
  })
})

test('a season of weeks in which a zone moved over the date line and set its clocks is within the bounds', () => {
  const windows = new CalendarWindows({
    type: 'calendar',
    unit: 'week',
    size: 16,
    step: 16,
    offsetMs: 0,
    timeZone: 'Pacific/Apia',
  })
  const startMs = windows.startAt(Date.UTC(2011, 10, 1))
  const sizeMs = windows.endOf(startMs) - startMs
  expect(sizeMs).toBe((16 * 7 * 24 - 25) * 3_600_000)
  expect(sizeMs).toBeGreaterThanOrEqual(windows.shortestSizeMs)
})

function nextStart(windows: CalendarWindows, startMs: number): number {
  let low = startMs
  let high = startMs + windows.longestStepMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (windows.startAt(middle) > startMs) high = middle
    else low = middle
  }
  return windows.startAt(high)
}

describe('calendar windows', () => {
  test('a day has 23 or 25 hours where the clock is set', () => {
    const berlin = new CalendarWindows(plan('day', 'Europe/Berlin'))
    expect(windowAt(berlin, '2026-03-29T12:00:00Z')).toEqual(['2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'])
    expect(windowAt(berlin, '2026-10-25T12:00:00Z')).toEqual(['2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'])
    expect(hours(new CalendarWindows(plan('day', 'Australia/Lord_Howe')), '2026-04-05T00:00:00Z')).toBe(24.5)
    expect(hours(new CalendarWindows(plan('day', 'UTC')), '2026-03-29T12:00:00Z')).toBe(24)
  })

  test('the offset is read off the local clock, on every day of the year', () => {
    const windows = new CalendarWindows(plan('day', 'Europe/Berlin', { offsetMs: 6 * HOUR_MS }))
    expect(windowAt(windows, '2026-01-10T12:00:00Z')[0]).toBe('2026-01-10T05:00:00Z')
    expect(windowAt(windows, '2026-07-10T12:00:00Z')[0]).toBe('2026-07-10T04:00:00Z')
    expect(windowAt(windows, '2026-03-29T00:00:00Z')).toEqual(['2026-03-28T05:00:00Z', '2026-03-29T04:00:00Z'])
  })

  test('an edge the clock leaves out is moved on, one it shows twice is the earlier', () => {
    const atHalfPastTwo = new CalendarWindows(plan('day', 'Europe/Berlin', { offsetMs: 2.5 * HOUR_MS }))
    // 02:30 is not shown: 03:30 summer time.
    expect(windowAt(atHalfPastTwo, '2026-03-29T12:00:00Z')[0]).toBe('2026-03-29T01:30:00Z')
    // 02:30 is shown in summer time, then again in winter time.
    expect(windowAt(atHalfPastTwo, '2026-10-25T12:00:00Z')[0]).toBe('2026-10-25T00:30:00Z')
    // In Sao Paulo there was no midnight on 2018-11-04.
    const saoPaulo = new CalendarWindows(plan('day', 'America/Sao_Paulo'))
    expect(windowAt(saoPaulo, '2018-11-04T12:00:00Z')).toEqual(['2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'])
  })

  test('weeks begin on Monday, months and quarters with the year', () => {
    expect(windowAt(new CalendarWindows(plan('week', 'UTC')), '2026-01-08T00:00:00Z')).toEqual([
      '2026-01-05T00:00:00Z',
      '2026-01-12T00:00:00Z',
    ])
    expect(windowAt(new CalendarWindows(plan('month', 'America/New_York')), '2026-03-15T00:00:00Z')).toEqual([
      '2026-03-01T05:00:00Z',
      '2026-04-01T04:00:00Z',
    ])
    expect(windowAt(new CalendarWindows(plan('month', 'UTC', { size: 3 })), '2024-02-29T12:00:00Z')).toEqual([
      '2024-01-01T00:00:00Z',
      '2024-04-01T00:00:00Z',
    ])
    expect(windowAt(new CalendarWindows(plan('month', 'UTC', { size: 12 })), '2026-10-01T00:00:00Z')).toEqual([
      '2026-01-01T00:00:00Z',
      '2027-01-01T00:00:00Z',
    ])
    expect(windowAt(new CalendarWindows(plan('month', 'UTC')), '1969-12-31T00:00:00Z')[0]).toBe('1969-12-01T00:00:00Z')
  })

  test('windows of two weeks count from the first Monday', () => {
    const windows = new CalendarWindows(plan('week', 'UTC', { size: 2 }))
    expect(windows.startAt(0)).toBe(at('1969-12-29T00:00:00Z'))
    expect(windows.endOf(windows.startAt(0))).toBe(at('1970-01-12T00:00:00Z'))
  })

  test('seven days, a new one each day', () => {
    const windows = new CalendarWindows(plan('day', 'Europe/Berlin', { size: 7, step: 1 }))
    const timeMs = at('2026-03-31T12:00:00Z')
    expect(iso(windows.startAt(timeMs))).toBe('2026-03-30T22:00:00Z')
    expect(iso(windows.firstEndAfter(timeMs))).toBe('2026-03-31T22:00:00Z')
    expect(iso(windows.startOf(windows.firstEndAfter(timeMs)))).toBe('2026-03-24T23:00:00Z')
    expect(iso(windows.lastEndHolding(timeMs))).toBe('2026-04-06T22:00:00Z')
    expect([windows.isNested, windows.inWholeSeconds]).toEqual([true, true])
  })

  test('a date that was left out has no window', () => {
    const days = new CalendarWindows(plan('day', 'Pacific/Apia'))
    const before = days.startAt(at('2011-12-30T09:59:59Z'))
    // 2011-12-29 ends where 2011-12-31 begins.
    expect([iso(before), iso(days.endOf(before))]).toEqual(['2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'])
    expect(windowAt(days, '2011-12-30T10:00:00Z')).toEqual(['2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'])
    expect(iso(days.firstEndAfter(at('2011-12-30T10:00:00Z')))).toBe('2011-12-31T10:00:00Z')
  })

  test('of windows that a date left out brings together the longer one is there', () => {
    const weeks = new CalendarWindows(plan('day', 'Pacific/Apia', { size: 7, step: 1 }))
    const startMs = at('2011-12-30T10:00:00Z')
    // From 12-31 for seven days, not from 12-30 for what would be six.
    expect(iso(weeks.endOf(startMs))).toBe('2012-01-06T10:00:00Z')
    // From 12-23 on, not from 12-24.
    expect(iso(weeks.startOf(startMs))).toBe('2011-12-23T10:00:00Z')
    expect(iso(weeks.startAt(startMs - 5.5 * DAY_MS))).toBe('2011-12-23T10:00:00Z')
    expect(iso(weeks.startAt(startMs - 4.5 * DAY_MS))).toBe('2011-12-25T10:00:00Z')
  })

  test('before and after all time there is nothing but it', () => {
    const windows = new CalendarWindows(plan('day', 'Europe/Berlin', { size: 7, step: 1 }))
    for (const endless of [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) {
      for (const edge of [windows.startAt, windows.endOf, windows.startOf, windows.firstEndAfter, windows.lastEndAt])
        expect(edge.call(windows, endless)).toBe(endless)
      expect(windows.lastEndHolding(endless)).toBe(endless)
      expect(windows.paneAround(endless)).toEqual({ startMs: endless, endMs: endless })
    }
  })

  test('equal plans have equal keys, and no others', () => {
    const key = (of: CalendarWindowPlan): string => new CalendarWindows(of).key
    const base = plan('day', 'UTC', { size: 7, step: 1 })
    expect(key({ ...base })).toBe(key(base))
    const others = [
      plan('day', 'UTC', { size: 7 }),
      plan('week', 'UTC'),
      plan('month', 'UTC'),
      plan('day', 'UTC', { size: 7, step: 1, offsetMs: 1_000 }),
      plan('day', 'Europe/Berlin', { size: 7, step: 1 }),
    ]
    expect(new Set([base, ...others].map(key)).size).toBe(6)
  })

  test('a zone that is not known is refused', () => {
    expect(() => new CalendarWindows(plan('day', 'Europe/Atlantis'))).toThrow(RangeError)
  })

  test('edges off whole seconds are known', () => {
    expect(new CalendarWindows(plan('day', 'UTC', { offsetMs: 500 })).inWholeSeconds).toBe(false)
    expect(new CalendarWindows(plan('month', 'UTC', { size: 3, step: 2 })).isNested).toBe(false)
  })
})
