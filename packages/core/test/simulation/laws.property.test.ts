import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ColumnPlan,
  createEngine,
  createSampleBatch,
  type Engine,
  type IngestResult,
  type MetricKind,
  type WindowResult,
} from '../../src/index.ts'
import { planOf } from './plan-of.ts'
import type { QuerySpec } from './scenario.ts'

/**
 * Laws of the time of events that need no model to be held: what arrives in another order, ahead of its time or a second
 * time gives the same rows.
 */

const T0 = Date.UTC(2026, 0, 5, 12, 0, 0)
const SPAN_S = 60
const LATENESS_MS = 10_000
const COLUMNS: readonly ColumnPlan[] = [
  { name: 'count', aggregate: { fn: 'count' } },
  { name: 'min', aggregate: { fn: 'min' } },
  { name: 'max', aggregate: { fn: 'max' } },
  { name: 'sum', aggregate: { fn: 'sum' } },
  { name: 'p10', aggregate: { fn: 'percentile', rank: { digits: 10, scale: 2 } } },
  { name: 'p99', aggregate: { fn: 'percentile', rank: { digits: 99, scale: 2 } } },
]

interface Sample {
  readonly server: string
  readonly timeMs: number
  readonly value: number
}

const windowArbitrary = fc
  .tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 4 }), fc.nat(9_999))
  .map(([stepS, times, offsetMs]) => ({
    type: 'fixed' as const,
    sizeMs: stepS * times * 1_000,
    stepMs: stepS * 1_000,
    offsetMs: offsetMs % (stepS * 1_000),
  }))

const specArbitrary: fc.Arbitrary<QuerySpec> = fc.record({
  metric: fc.constant('m'),
  servers: fc.constant([]),
  window: windowArbitrary,
  columns: fc.constant(COLUMNS),
  groupBy: fc.constantFrom('none', 'server'),
  latenessMs: fc.constant(LATENESS_MS),
  late: fc.constant('drop'),
  emit: fc.constantFrom('end', 'final'),
})

const valueArbitrary = fc.oneof(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.constantFrom(0, -0, 1e-300, 1e300))

/** Many at few times, so that windows hold more than a sketch keeps as they are. */
const eventArbitrary: fc.Arbitrary<Sample> = fc.record({
  server: fc.constantFrom('a', 'b'),
  timeMs: fc.nat(SPAN_S * 1_000).map((afterMs) => T0 + afterMs),
  value: valueArbitrary,
})

/** At most one sample a second of each series, always at the same place in the second. */
const levelsArbitrary: fc.Arbitrary<readonly Sample[]> = fc
  .array(fc.record({ server: fc.constantFrom('a', 'b', 'c'), second: fc.nat(SPAN_S), value: valueArbitrary }), {
    minLength: 1,
    maxLength: 80,
  })
  .map((drawn) => [
    ...new Map(
      drawn.map(({ server, second, value }) => {
        const phaseMs = server.charCodeAt(0)
        return [`${server} ${second}`, { server, timeMs: T0 + second * 1_000 + phaseMs, value }]
      }),
    ).values(),
  ])

function send(engine: Engine, kind: MetricKind, samples: readonly Sample[], batchId?: string): IngestResult {
  const batch = createSampleBatch(Math.max(1, samples.length))
  for (const { server, timeMs, value } of samples)
    batch.push(engine.registry.register({ server, metric: 'm', kind }), timeMs, value)
  return engine.ingest(batch, { source: 'gateway', ...(batchId === undefined ? {} : { batchId }) })
}

/** An engine that has listened long before the first sample, with one query; every row is kept. */
function listening(
  spec: QuerySpec,
  options: Parameters<typeof createEngine>[0] = {},
): { engine: Engine; rows: WindowResult[] } {
  const engine = createEngine({ clock: 'manual', ...options })
  engine.advanceTo(T0 - 3_600_000)
  const rows: WindowResult[] = []
  engine.addQuery('q', planOf(spec)).subscribe((row) => rows.push(row))
  return { engine, rows }
}

/** Rows in which the order of arrival must not show, sums aside. */
function lasting(rows: readonly WindowResult[]): unknown[] {
  const newest = new Map<string, WindowResult>()
  for (const row of rows) newest.set(`${row.startMs} ${JSON.stringify(row.group)}`, row)
  return [...newest.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { values, count, seriesSeen, partial, quality }]) => {
      const { sum: _, ...exact } = values
      return [key, exact, count, seriesSeen, partial, quality]
    })
}

/** Second by second, each sample `delayMs` after its time. */
async function play(spec: QuerySpec, samples: readonly (Sample & { readonly delayMs: number })[]): Promise<unknown[]> {
  const { engine, rows } = listening(spec)
  await using _ = engine
  const arriving = [...samples].sort((a, b) => a.timeMs + a.delayMs - (b.timeMs + b.delayMs))
  for (let nowMs = T0; arriving.length > 0; nowMs += 1_000) {
    const due = arriving.findIndex(({ timeMs, delayMs }) => timeMs + delayMs > nowMs)
    send(engine, 'distribution', arriving.splice(0, due < 0 ? arriving.length : due))
    engine.advanceTo(nowMs)
  }
  engine.advanceTo(T0 + 600_000)
  return lasting(rows)
}

describe('what is promised to be bit-equal', () => {
  test('does not show in which order samples came within the lateness', async () => {
    await fc.assert(
      fc.asyncProperty(
        specArbitrary,
        fc.array(fc.tuple(eventArbitrary, fc.nat(LATENESS_MS - 1_000)), { minLength: 1, maxLength: 300 }),
        async (spec, drawn) => {
          const samples = drawn.map(([sample]) => ({ ...sample, delayMs: 0 }))
          const late = drawn.map(([sample, delayMs]) => ({ ...sample, delayMs }))
          expect(await play(spec, late)).toEqual(await play(spec, samples))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a stamp from the future', () => {
  test('moves no watermark, whatever the limits', async () => {
    await fc.assert(
      fc.asyncProperty(
        specArbitrary,
        fc.array(fc.record({ atS: fc.nat(SPAN_S), aheadMs: fc.integer({ min: 1, max: 7_200_000 }) }), {
          maxLength: 20,
        }),
        fc.constantFrom({}, { futureHoldMs: 10_000 }, { maxFutureMs: 300_000, futureHoldMs: 10_000 }),
        async (spec, stamps, options) => {
          const { engine, rows } = listening(spec, options)
          await using _ = engine
          for (let second = 0; second <= SPAN_S; second++) {
            const nowMs = T0 + second * 1_000
            engine.advanceTo(nowMs)
            expect(engine.query('q')!.progress().watermarkMs).toBeLessThanOrEqual(nowMs)
            const wrong = stamps.filter(({ atS }) => atS === second)
            send(engine, 'distribution', [
              { server: 'right', timeMs: nowMs, value: 1 },
              ...wrong.map(({ aheadMs }) => ({ server: 'wrong', timeMs: nowMs + aheadMs, value: 2 })),
            ])
          }
          engine.advanceTo(T0 + 86_400_000)
          // Samples of the right clock are in their windows, each as often as windows overlap there.
          const { lateDropped, lateApplied } = engine.query('q')!.counters
          expect([lateDropped, lateApplied]).toEqual([0, 0])
          expect(rows.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('everything sent a second time', () => {
  test('under the same batch ids changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        specArbitrary,
        fc.array(fc.array(eventArbitrary, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 }),
        async (spec, batches) => {
          const { engine, rows } = listening(spec)
          await using _ = engine
          engine.advanceTo(T0)
          const sendAll = (): number[] =>
            batches.map((samples, i) => send(engine, 'distribution', samples, `batch-${i}`).accepted)
          expect(sendAll()).toEqual(batches.map((samples) => samples.length))
          expect(sendAll()).toEqual(batches.map(() => 0))
          const counters = { ...engine.query('q')!.counters }
          engine.advanceTo(T0 + 300_000)
          const before = rows.length
          expect(sendAll()).toEqual(batches.map(() => 0))
          engine.advanceTo(T0 + 330_000)
          expect(rows).toHaveLength(before)
          expect(engine.query('q')!.counters).toEqual(counters)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('in batches cut anew, in any order, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        specArbitrary,
        levelsArbitrary,
        fc.infiniteStream(fc.nat(1_000)),
        async (spec, samples, numbers) => {
          const { engine, rows } = listening(spec)
          await using _ = engine
          engine.advanceTo(T0)
          const shuffled = (): Sample[] =>
            samples
              .map((sample) => ({ sample, place: numbers.next().value }))
              .sort((a, b) => a.place - b.place)
              .map(({ sample }) => sample)
          const sendAll = (prefix: string): number => {
            let accepted = 0
            const left = shuffled()
            for (let i = 0; left.length > 0; i++)
              accepted += send(
                engine,
                'delta',
                left.splice(0, 1 + (numbers.next().value % 10)),
                `${prefix}-${i}`,
              ).accepted
            return accepted
          }
          expect(sendAll('first')).toBe(samples.length)
          expect(sendAll('again')).toBe(0)
          engine.advanceTo(T0 + 300_000)
          const told = lasting(rows)
          const before = rows.length
          expect(sendAll('late')).toBe(0)
          engine.advanceTo(T0 + 330_000)
          expect(rows).toHaveLength(before)
          expect(told.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 60 },
    )
  })
})
