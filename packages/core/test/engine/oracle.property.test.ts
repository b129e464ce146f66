import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ColumnPlan, QueryPlan, WindowResult } from '../../src/index.ts'
import { type NaiveSample, naivePercentile, naiveWindows } from '../../src/testing/index.ts'
import { BY_SERVER, collect, fixedWindow, manualEngine, newest, P50, P99, planOf, STATS, send, T0 } from './fixtures.ts'

/**
 * Laws held here, against the naive reference:
 *  - any slicing into batches and any order within lateness gives the windows of the samples alone;
 *  - a query gives the same rows whoever shares its panes, and whoever comes and goes beside it;
 *  - matched = applied + lateApplied + lateDropped + excluded, and nothing is counted twice;
 *  - a row is never emitted again unchanged, and revisions rise.
 */

const COLUMNS: readonly ColumnPlan[] = [...STATS, P50, P99]
const SPAN_MS = 60_000

const windowArbitrary = fc
  .record({
    stepS: fc.integer({ min: 1, max: 12 }),
    times: fc.integer({ min: 1, max: 4 }),
    extraS: fc.integer({ min: 0, max: 3 }),
    offsetMs: fc.nat(11_999),
  })
  .map(({ stepS, times, extraS, offsetMs }) => ({
    sizeMs: stepS * times * 1_000 + extraS * 1_000,
    stepMs: stepS * 1_000,
    offsetMs: offsetMs % (stepS * 1_000),
  }))

const valueArbitrary = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, -0, 1e300, -1e300, 1e-300, Number.NaN),
)

const sampleArbitrary: fc.Arbitrary<NaiveSample & { readonly delayMs: number }> = fc.record({
  group: fc.constantFrom('a', 'b', 'c'),
  timeMs: fc.nat(SPAN_MS).map((offsetMs) => T0 + offsetMs),
  value: valueArbitrary,
  delayMs: fc.nat(9_999),
})

type Arriving = readonly (NaiveSample & { readonly delayMs: number })[]

/** Sends samples in order of arrival, second by second, moving the clock as it goes. */
async function play(plans: readonly QueryPlan[], samples: Arriving, sources: number): Promise<WindowResult[][]> {
  await using engine = manualEngine()
  // Listening long before the first sample, so that no window is partial.
  engine.advanceTo(T0 - 3_600_000)
  const queries = plans.map((plan, i) => engine.addQuery(`q${i}`, plan))
  const rows = queries.map(collect)
  const arrivals = [...samples].sort((x, y) => x.timeMs + x.delayMs - (y.timeMs + y.delayMs))
  let next = 0
  for (let nowMs = T0; nowMs <= T0 + SPAN_MS + 20_000; nowMs += 1_000) {
    const due: NaiveSample[] = []
    while (next < arrivals.length && arrivals[next]!.timeMs + arrivals[next]!.delayMs <= nowMs)
      due.push(arrivals[next++]!)
    for (let source = 0; source < sources; source++)
      send(
        engine,
        due
          .filter((_, i) => i % sources === source)
          .map(({ group, timeMs, value }) => ({ server: group, timeMs, value })),
        `source-${source}`,
      )
    engine.advanceTo(nowMs)
  }
  engine.advanceTo(T0 + 10 * SPAN_MS)
  for (const [i, query] of queries.entries()) {
    const c = query.counters
    expect(c.matched).toBe(c.applied + c.lateApplied + c.toRepair + c.toSide + c.lateDropped + c.excluded)
    expect(c.matched).toBe(samples.length)
    expect(c.excluded).toBe(samples.filter(({ value }) => Number.isNaN(value)).length)
    expect(c.lateDropped).toBe(0)
    expectNoRepeats(rows[i]!)
  }
  return rows
}

function expectNoRepeats(rows: readonly WindowResult[]): void {
  const last = new Map<string, WindowResult>()
  for (const row of rows) {
    const key = `${row.startMs}|${JSON.stringify(row.group)}`
    const before = last.get(key)
    if (before !== undefined) {
      expect(row.revision).toBe(before.revision + 1)
      expect({ ...row.values, count: row.count, seen: row.seriesSeen, complete: row.completeness }).not.toEqual({
        ...before.values,
        count: before.count,
        seen: before.seriesSeen,
        complete: before.completeness,
      })
    }
    last.set(key, row)
  }
}

function expectOracle(rows: readonly WindowResult[], plan: QueryPlan, samples: readonly NaiveSample[]): void {
  const grouped = plan.groupBy.length > 0
  const expected = naiveWindows(
    samples.map((sample) => (grouped ? sample : { ...sample, group: '' })),
    fixedWindow(plan),
  )
  const actual = newest(rows)
  expect(actual.map((row) => [row.startMs, row.endMs, row.group['server'] ?? ''])).toEqual(
    expected.map((row) => [row.startMs, row.endMs, row.group]),
  )
  for (const [i, row] of actual.entries()) {
    const { values } = row
    const want = expected[i]!
    expect(row.count).toBe(want.count)
    expect(values['count']).toBe(want.count)
    expect(values['min']).toBe(want.min)
    expect(values['max']).toBe(want.max)
    expect(Math.abs(values['sum']! - want.sum)).toBeLessThanOrEqual(1e-12 * want.magnitude)
    expect(Math.abs(values['avg']! - want.avg)).toBeLessThanOrEqual((1e-12 * want.magnitude) / want.count)
    for (const [column, p] of [
      ['p50', '50'],
      ['p99', '99'],
    ] as const) {
      const truth = naivePercentile(want.sorted, p)
      const error = row.quality?.columns?.[column]?.relativeError ?? 0
      expect(Math.abs(values[column]! - truth)).toBeLessThanOrEqual(error * Math.abs(truth) * (1 + 1e-9))
    }
    expect(row.partial).toBe(false)
  }
}

describe('windows equal the naive reference', () => {
  test('with samples late within lateness, from several sources, grouped and not', async () => {
    await fc.assert(
      fc.asyncProperty(
        windowArbitrary,
        fc.array(sampleArbitrary, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (window, samples, sources, grouped) => {
          const plan = planOf({ ...window, columns: COLUMNS, groupBy: grouped ? BY_SERVER : [] })
          const [rows] = await play([plan], samples, sources)
          expectOracle(rows!, plan, samples)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('for every one of several queries that share their panes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(windowArbitrary, { minLength: 2, maxLength: 4 }),
        fc.array(sampleArbitrary, { minLength: 1, maxLength: 150 }),
        async (windows, samples) => {
          const plans = windows.map((window, i) =>
            planOf({ ...window, columns: i === 0 ? STATS : COLUMNS, latenessMs: 10_000 + i }),
          )
          const rows = await play(plans, samples, 1)
          for (const [i, plan] of plans.entries()) if (plan.columns === COLUMNS) expectOracle(rows[i]!, plan, samples)
        },
      ),
      { numRuns: 80 },
    )
  })

  test('whatever queries come and go beside them', async () => {
    await fc.assert(
      fc.asyncProperty(
        windowArbitrary,
        fc.array(fc.record({ window: windowArbitrary, fromS: fc.nat(70), forS: fc.nat(30) }), { maxLength: 5 }),
        fc.array(sampleArbitrary, { minLength: 1, maxLength: 150 }),
        async (window, visitors, samples) => {
          await using engine = manualEngine()
          engine.advanceTo(T0 - 3_600_000)
          const plan = planOf({ ...window, columns: COLUMNS })
          const rows = collect(engine.addQuery('own', plan))
          const arrivals = [...samples].sort((x, y) => x.timeMs + x.delayMs - (y.timeMs + y.delayMs))
          for (let s = 0; s <= 80; s++) {
            for (const [i, visitor] of visitors.entries()) {
              if (visitor.fromS === s) engine.addQuery(`v${i}`, planOf({ ...visitor.window, columns: COLUMNS }))
              if (visitor.fromS + visitor.forS + 1 === s) engine.removeQuery(`v${i}`)
            }
            const nowMs = T0 + s * 1_000
            const due = arrivals.filter(
              ({ timeMs, delayMs }) => timeMs + delayMs <= nowMs && timeMs + delayMs > nowMs - 1_000,
            )
            send(
              engine,
              due.map(({ group, timeMs, value }) => ({ server: group, timeMs, value })),
            )
            engine.advanceTo(nowMs)
          }
          engine.advanceTo(T0 + 10 * SPAN_MS)
          expectOracle(rows, plan, samples)
        },
      ),
      { numRuns: 80 },
    )
  })

  test('of a query added later: every window it does not call partial is whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        windowArbitrary,
        windowArbitrary,
        fc.integer({ min: 1, max: 50 }),
        fc.array(
          sampleArbitrary.map((sample) => ({ ...sample, delayMs: 0 })),
          { minLength: 1, maxLength: 150 },
        ),
        async (first, second, atS, samples) => {
          await using engine = manualEngine()
          engine.advanceTo(T0 - 3_600_000)
          engine.addQuery('first', planOf({ ...first, columns: COLUMNS }))
          const plan = planOf({ ...second, columns: COLUMNS })
          const rows: WindowResult[] = []
          const arrivals = [...samples].sort((x, y) => x.timeMs - y.timeMs)
          for (let s = 0; s <= 80; s++) {
            if (s === atS) engine.addQuery('second', plan).subscribe((row) => rows.push(row))
            const nowMs = T0 + s * 1_000
            const due = arrivals.filter(({ timeMs }) => timeMs <= nowMs && timeMs > nowMs - 1_000)
            send(
              engine,
              due.map(({ group, timeMs, value }) => ({ server: group, timeMs, value })),
            )
            engine.advanceTo(nowMs)
          }
          engine.advanceTo(T0 + 10 * SPAN_MS)
          const whole = newest(rows).filter((row) => !row.partial)
          const expected = new Map(
            naiveWindows(
              samples.map((sample) => ({ ...sample, group: '' })),
              fixedWindow(plan),
            ).map((row) => [row.startMs, row]),
          )
          for (const row of whole) expect(row.count).toBe(expected.get(row.startMs)!.count)
          // Nothing is called partial without need: windows that start two windows after the query came are whole.
          for (const row of rows)
            if (row.startMs > T0 + atS * 1_000 + second.sizeMs + first.sizeMs) expect(row.partial).toBe(false)
        },
      ),
      { numRuns: 100 },
    )
  })
})
