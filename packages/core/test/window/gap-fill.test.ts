import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ColumnPlan, FillPlan } from '../../src/plan/query-plan.ts'
import type { ResultValue } from '../../src/result/window-result.ts'
import { FixedWindows } from '../../src/window/fixed-windows.ts'
import { GapFill } from '../../src/window/gap-fill.ts'
import type { WindowScheme } from '../../src/window/window-scheme.ts'

const COLUMNS: readonly ColumnPlan[] = [
  { name: 'n', aggregate: { fn: 'count' } },
  { name: 'total', aggregate: { fn: 'sum' } },
  { name: 'high', aggregate: { fn: 'max' } },
  { name: 'p99', aggregate: { fn: 'percentile', rank: { digits: 99, scale: 2 } } },
]

type Values = Readonly<Record<string, ResultValue>>

const valuesOf = (high: ResultValue): Values => Object.freeze({ n: 3, total: 7, high, p99: 6 })

/** Windows of uneven length, as a calendar makes them: month `k` starts at `STARTS[k]`. */
const STARTS = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365].map((day) => day * 10)
const lastOf = (edges: readonly number[], timeMs: number) => edges.findLastIndex((edge) => edge <= timeMs)
const uneven: WindowScheme = {
  key: 'uneven',
  shortestStepMs: 280,
  longestStepMs: 310,
  shortestSizeMs: 280,
  longestSizeMs: 310,
  isNested: true,
  inWholeSeconds: false,
  startAt: (timeMs) => STARTS[lastOf(STARTS, timeMs)]!,
  endOf: (startMs) => STARTS[STARTS.indexOf(startMs) + 1] ?? Number.POSITIVE_INFINITY,
  startOf: (endMs) => STARTS[STARTS.indexOf(endMs) - 1] ?? STARTS[STARTS.length - 1]!,
  firstEndAfter: (timeMs) => STARTS.find((edge) => edge > timeMs) ?? Number.POSITIVE_INFINITY,
  lastEndAt: (timeMs) => STARTS[lastOf(STARTS, timeMs)]!,
  lastEndHolding: (timeMs) => STARTS[lastOf(STARTS, timeMs) + 1] ?? Number.POSITIVE_INFINITY,
  paneAround: (timeMs) => ({ startMs: STARTS[lastOf(STARTS, timeMs)]!, endMs: STARTS[lastOf(STARTS, timeMs) + 1]! }),
}

interface Line {
  readonly scheme: WindowScheme
  /** Starts of the windows the test walks, in order. */
  readonly starts: readonly number[]
  readonly sizes: readonly number[]
}

function fixedLine(sizeMs: number, stepMs: number, windows: number): Line {
  const starts = Array.from({ length: windows }, (_, index) => index * stepMs)
  return {
    scheme: new FixedWindows({ type: 'fixed', sizeMs, stepMs, offsetMs: 0 }),
    starts,
    sizes: starts.map(() => sizeMs),
  }
}

const LINES: readonly Line[] = [
  fixedLine(10, 10, 12),
  fixedLine(30, 10, 12),
  fixedLine(25, 10, 12),
  { scheme: uneven, starts: STARTS.slice(0, -1), sizes: STARTS.slice(1).map((end, index) => end - STARTS[index]!) },
]

const fillPlan: fc.Arbitrary<FillPlan> = fc.oneof(
  fc.constant({ with: 'null' as const }),
  fc.record({ with: fc.constant('value' as const), value: fc.constantFrom(0, -1, 2.5) }),
  fc.record({
    with: fc.constant('previous' as const),
    within: fc.oneof(fc.record({ windows: fc.nat(6) }), fc.record({ ms: fc.nat(900) })),
  }),
)

/** From the definition: all rows there are, looked through from the start. */
function naiveFill(
  { starts, sizes }: Line,
  fill: FillPlan,
  seriesTtlMs: number,
  real: ReadonlyMap<number, Values>,
  window: number,
): Values | undefined {
  let last = -1
  for (let earlier = 0; earlier < window; earlier++) if (real.has(earlier)) last = earlier
  if (last < 0) return undefined
  if (starts[window]! - (starts[last]! + sizes[last]!) >= seriesTtlMs) return undefined
  if (fill.with === 'null') return { n: 0, total: 0, high: null, p99: null }
  if (fill.with === 'value') return { n: 0, total: 0, high: fill.value, p99: fill.value }
  const { within } = fill
  const isNear = 'ms' in within ? starts[window]! - starts[last]! <= within.ms : window - last <= within.windows
  return isNear ? { ...real.get(last)!, n: 0, total: 0 } : { n: 0, total: 0, high: null, p99: null }
}

interface Change {
  readonly slot: number
  readonly window: number
  readonly isGone: boolean
  readonly high: ResultValue
}

const change: fc.Arbitrary<Change> = fc.record({
  slot: fc.nat(2),
  window: fc.nat(11),
  isGone: fc.boolean(),
  high: fc.constantFrom(null, 1, 2, 3),
})

const story = fc.record({
  line: fc.constantFrom(...LINES),
  fill: fillPlan,
  ttlWindows: fc.double({ min: 0, max: 8, noNaN: true }),
  changes: fc.array(change, { maxLength: 25 }),
})

type Rows = Map<number, Values>

function tell(gaps: GapFill, { starts }: Line, rows: Rows, { slot, window, isGone, high }: Change): void {
  if (isGone) {
    gaps.removeRow(slot, starts[window]!)
    rows.delete(window)
  } else {
    gaps.noteRow(slot, starts[window]!, valuesOf(high))
    rows.set(window, valuesOf(high))
  }
}

const plain = (values: Values | undefined) => values && { ...values }

describe('an empty window', () => {
  test('is filled from the rows before it, whatever the order in which they are told', () => {
    fc.assert(
      fc.property(story, ({ line, fill, ttlWindows, changes }) => {
        const seriesTtlMs = Math.round(ttlWindows * line.sizes[0]!)
        const gaps = new GapFill({ fill, columns: COLUMNS, scheme: line.scheme, seriesTtlMs })
        const rowsOf: readonly Rows[] = [new Map(), new Map(), new Map()]
        for (const told of changes) tell(gaps, line, rowsOf[told.slot]!, told)
        for (const [slot, rows] of rowsOf.entries())
          for (const [window, startMs] of line.starts.entries()) {
            if (rows.has(window)) continue
            const expected = naiveFill(line, fill, seriesTtlMs, rows, window)
            expect(plain(gaps.valuesAt(slot, startMs))).toEqual(expected)
            if (expected !== undefined) expect(startMs).toBeLessThan(gaps.fillsBeforeMs)
          }
      }),
      { numRuns: 1_000 },
    )
  })

  test('that can still be asked for is filled alike after what lies before it was forgotten', () => {
    fc.assert(
      fc.property(story, fc.array(fc.nat(11), { maxLength: 4 }), ({ line, fill, ttlWindows, changes }, cuts) => {
        const seriesTtlMs = Math.round(ttlWindows * line.sizes[0]!)
        const gaps = new GapFill({ fill, columns: COLUMNS, scheme: line.scheme, seriesTtlMs })
        const rowsOf: readonly Rows[] = [new Map(), new Map(), new Map()]
        let from = 0
        // What lies before the line can change no more.
        const rounds = cuts
          .sort((a, b) => a - b)
          .map((cut, index) => ({ cut, told: changes.slice(index * 6, index * 6 + 6) }))
        for (const { cut, told } of rounds) {
          for (const each of told) if (each.window >= from) tell(gaps, line, rowsOf[each.slot]!, each)
          from = cut
          gaps.forget(line.starts[from]!)
        }
        for (const [slot, rows] of rowsOf.entries())
          for (let window = from; window < line.starts.length; window++) {
            if (rows.has(window)) continue
            const startMs = line.starts[window]!
            const expected = naiveFill(line, fill, seriesTtlMs, rows, window)
            expect(plain(gaps.valuesAt(slot, startMs))).toEqual(expected)
            if (expected !== undefined) expect(startMs).toBeLessThan(gaps.fillsBeforeMs)
          }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('dependents', () => {
  test('name every window that a change fills otherwise, and none beyond the next row', () => {
    fc.assert(
      fc.property(story, change, ({ line, fill, ttlWindows, changes }, last) => {
        const seriesTtlMs = Math.round(ttlWindows * line.sizes[0]!)
        const gaps = new GapFill({ fill, columns: COLUMNS, scheme: line.scheme, seriesTtlMs })
        const rowsOf: readonly Rows[] = [new Map(), new Map(), new Map()]
        for (const told of changes) tell(gaps, line, rowsOf[told.slot]!, told)

        const rows = rowsOf[last.slot]!
        const before = new Map(rows)
        const startMs = line.starts[last.window]!
        const isNewOrGone = rows.has(last.window) === last.isGone || !rows.has(last.window)
        const range = gaps.dependents(last.slot, startMs, isNewOrGone)
        tell(gaps, line, rows, last)
        expect(gaps.dependents(last.slot, startMs, isNewOrGone)).toEqual(range)

        for (const [window, at] of line.starts.entries()) {
          const isNamed = range !== undefined && at >= range.fromMs && at < range.untilMs
          if (window === last.window) expect(isNamed).toBe(false)
          else if (rows.has(window)) expect(isNamed).toBe(false)
          else if (!isNamed)
            expect(naiveFill(line, fill, seriesTtlMs, rows, window)).toEqual(
              naiveFill(line, fill, seriesTtlMs, before, window),
            )
        }
      }),
      { numRuns: 2_000 },
    )
  })

  const scheme = new FixedWindows({ type: 'fixed', sizeMs: 10, stepMs: 10, offsetMs: 0 })
  const filled = (fill: FillPlan) => new GapFill({ fill, columns: COLUMNS, scheme, seriesTtlMs: 60 })

  test('of a correction reach as far as the row is carried', () => {
    const gaps = filled({ with: 'previous', within: { windows: 2 } })
    gaps.noteRow(0, 0, valuesOf(1))
    expect(gaps.dependents(0, 0, false)).toEqual({ fromMs: 1, untilMs: 21 })
    gaps.noteRow(0, 20, valuesOf(1))
    expect(gaps.dependents(0, 0, false)).toEqual({ fromMs: 1, untilMs: 20 })
  })

  test('are none when a correction cannot be seen', () => {
    const gaps = filled({ with: 'value', value: 0 })
    gaps.noteRow(0, 0, valuesOf(1))
    expect(gaps.dependents(0, 0, false)).toBeUndefined()
    // A new row only prolongs what the row before fills anyway.
    expect(gaps.dependents(0, 20, true)).toEqual({ fromMs: 70, untilMs: 90 })
  })
})

describe('a group', () => {
  const scheme = new FixedWindows({ type: 'fixed', sizeMs: 10_000, stepMs: 10_000, offsetMs: 0 })

  test('is filled for 15 minutes after the window of its last sample unless told otherwise', () => {
    const gaps = new GapFill({ fill: { with: 'null' }, columns: COLUMNS, scheme })
    gaps.noteRow(0, 0, valuesOf(1))
    expect(gaps.fillsBeforeMs).toBe(910_000)
    expect(gaps.valuesAt(0, 900_000)).toBeDefined()
    expect(gaps.valuesAt(0, 910_000)).toBeUndefined()
    expect(gaps.valuesAt(1, 10_000)).toBeUndefined()
  })

  test('carries its last row whole: null stays null though an older row had a value', () => {
    const gaps = new GapFill({ fill: { with: 'previous', within: { windows: 5 } }, columns: COLUMNS, scheme })
    gaps.noteRow(0, 0, valuesOf(1))
    gaps.noteRow(0, 10_000, valuesOf(null))
    expect(plain(gaps.valuesAt(0, 20_000))).toEqual({ n: 0, total: 0, high: null, p99: 6 })
    gaps.noteRow(0, 10_000, valuesOf(5))
    expect(plain(gaps.valuesAt(0, 20_000))).toEqual({ n: 0, total: 0, high: 5, p99: 6 })
  })

  test('is filled otherwise from its known rows once FILL is altered', () => {
    const gaps = new GapFill({ fill: { with: 'null' }, columns: COLUMNS, scheme })
    gaps.noteRow(0, 0, valuesOf(1))
    expect([gaps.hasRow(0, 0), gaps.hasRow(0, 10_000), gaps.hasRow(1, 0)]).toEqual([true, false, false])
    expect(plain(gaps.valuesAt(0, 20_000))).toEqual({ n: 0, total: 0, high: null, p99: null })
    gaps.alter({ with: 'previous', within: { windows: 1 } })
    expect(plain(gaps.valuesAt(0, 10_000))).toEqual({ n: 0, total: 0, high: 1, p99: 6 })
    expect(plain(gaps.valuesAt(0, 20_000))).toEqual({ n: 0, total: 0, high: null, p99: null })
    gaps.alter({ with: 'value', value: 7 })
    expect(plain(gaps.valuesAt(0, 10_000))).toEqual({ n: 0, total: 0, high: 7, p99: 7 })
  })

  test('that ran out is dropped, and of the others only what is needed is kept', () => {
    const gaps = new GapFill({ fill: { with: 'null' }, columns: COLUMNS, scheme, seriesTtlMs: 20_000 })
    gaps.noteRow(0, 0, valuesOf(1))
    gaps.noteRow(1, 20_000, valuesOf(1))
    gaps.forget(20_000)
    expect(gaps.rowCount).toBe(2)
    gaps.forget(30_000)
    expect(gaps.rowCount).toBe(1)
    expect(gaps.fillsBeforeMs).toBe(50_000)
    gaps.forget(50_000)
    expect(gaps.rowCount).toBe(0)
    expect(gaps.fillsBeforeMs).toBe(Number.NEGATIVE_INFINITY)
  })

  test('costs the same however many of its rows went by', () => {
    const gaps = new GapFill({ fill: { with: 'previous', within: { windows: 5 } }, columns: COLUMNS, scheme })
    for (let window = 0; window < 1_000; window++) {
      gaps.noteRow(0, window * 10_000, valuesOf(1))
      gaps.forget((window - 1) * 10_000)
      expect(gaps.rowCount).toBeLessThanOrEqual(3)
    }
  })
})
