import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { QueryPlan, WindowResult } from '../../src/index.ts'
import { type NaiveSample, naivePercentile, naiveWindows } from '../../src/testing/index.ts'
import {
  BY_SERVER,
  collect,
  fixedWindow,
  manualEngine,
  newest,
  P99,
  planOf,
  STATS,
  send,
  T0,
} from '../engine/fixtures.ts'

/** Laws: windows of hundreds of panes equal the naive reference, whoever shares the panes and comes and goes. */

const SPAN_S = 400

const longWindow = fc
  .record({ stepS: fc.constantFrom(1, 1, 2, 5), panes: fc.integer({ min: 60, max: 600 }), offsetS: fc.nat(4) })
  .map(({ stepS, panes, offsetS }) => ({
    sizeMs: Math.min(panes, 600) * stepS * 1_000,
    stepMs: stepS * 1_000,
    offsetMs: (offsetS % stepS) * 1_000,
  }))
const shortWindow = fc
  .integer({ min: 1, max: 20 })
  .map((stepS) => ({ sizeMs: stepS * 3_000, stepMs: stepS * 1_000, offsetMs: 0 }))

interface Arriving extends NaiveSample {
  readonly atMs: number
}

const arriving: fc.Arbitrary<Arriving> = fc
  .record({
    group: fc.constantFrom('a', 'b', 'c'),
    timeMs: fc.nat(SPAN_S * 1_000).map((offsetMs) => T0 + offsetMs),
    value: fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(0, 1e300, -1e300, Number.NaN)),
    delayMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(9_999)),
  })
  .map(({ delayMs, ...sample }) => ({ ...sample, atMs: sample.timeMs + delayMs }))

function expectNaive(rows: readonly WindowResult[], plan: QueryPlan, samples: readonly NaiveSample[]): void {
  const expected = naiveWindows(samples, fixedWindow(plan))
  const actual = newest(rows)
  expect(actual.map((row) => `${row.startMs} ${row.group['server']}`)).toEqual(
    expected.map((row) => `${row.startMs} ${row.group}`),
  )
  for (const [i, { count, values, quality }] of actual.entries()) {
    const want = expected[i]!
    const [value] = [values['p99']!]
    const truth = naivePercentile(want.sorted, '99')
    const allowed = (quality?.columns?.['p99']?.relativeError ?? 0) * Math.abs(truth) * (1 + 1e-9)
    const right =
      count === want.count &&
      values['min'] === want.min &&
      values['max'] === want.max &&
      Math.abs(values['sum']! - want.sum) <= 1e-12 * want.magnitude &&
      Math.abs(value - truth) <= allowed
    if (!right) expect({ count, ...values }).toEqual({ ...want, p99: truth })
  }
}

describe('windows of many panes', () => {
  test('equal the naive reference beside other queries that stay, come and go', async () => {
    await fc.assert(
      fc.asyncProperty(
        longWindow,
        longWindow,
        shortWindow,
        fc.array(fc.record({ window: fc.oneof(longWindow, shortWindow), fromS: fc.nat(500), forS: fc.nat(200) }), {
          maxLength: 2,
        }),
        fc.array(arriving, { minLength: 50, maxLength: 400 }),
        async (first, second, short, visitors, samples) => {
          await using engine = manualEngine()
          engine.advanceTo(T0 - 3_600_000)
          const plans = [first, second, short].map((window) =>
            planOf({ ...window, columns: [...STATS, P99], groupBy: BY_SERVER }),
          )
          const rows = plans.map((plan, i) => collect(engine.addQuery(`q${i}`, plan)))
          const arrivals = [...samples].sort((x, y) => x.atMs - y.atMs)
          let next = 0
          for (let s = 0; s <= 720; s++) {
            for (const [i, { window, fromS, forS }] of visitors.entries()) {
              if (fromS === s)
                engine.addQuery(`v${i}`, planOf({ ...window, columns: [...STATS, P99], groupBy: BY_SERVER }))
              if (fromS + forS + 1 === s) engine.removeQuery(`v${i}`)
            }
            const nowMs = T0 + s * 1_000
            const due: Arriving[] = []
            while (next < arrivals.length && arrivals[next]!.atMs <= nowMs) due.push(arrivals[next++]!)
            send(
              engine,
              due.map(({ group, timeMs, value }) => ({ server: group, timeMs, value })),
            )
            engine.advanceTo(nowMs)
          }
          engine.advanceTo(T0 + 3_600_000 * 2)
          for (const [i, plan] of plans.entries()) expectNaive(rows[i]!, plan, samples)
        },
      ),
      { numRuns: 6 },
    )
  }, 60_000)
})
