import { expect, test } from 'vitest'
import { createSampleBatch } from '../../src/index.ts'
import { createOtlpDecoder } from '../../src/ingest/otlp/index.ts'
import { collect, newest, type Point, planOf, STATS, send, T0 } from '../engine/fixtures.ts'
import {
  type Arrival,
  expectOracle,
  HOUR_MS,
  MINUTE_MS,
  oracleOf,
  play,
  SECOND_MS,
  scenarioEngine,
  shapeOf,
  valueAt,
} from './fixtures.ts'

function every(stepMs: number, fromMs: number, untilMs: number): Arrival[] {
  const arrivals: Arrival[] = []
  for (let timeMs = fromMs; timeMs < untilMs; timeMs += stepMs)
    arrivals.push({ server: 'a', timeMs, value: valueAt(timeMs), arrivesMs: timeMs })
  return arrivals
}

test('a sample lies on the boundary of two windows', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const columns = [{ name: 'sum', aggregate: { fn: 'sum' } }] as const
  const tumbling = collect(engine.addQuery('tumbling', planOf({ sizeMs: 5_000, columns })))
  const sliding = collect(engine.addQuery('sliding', planOf({ sizeMs: 10_000, stepMs: 5_000, columns })))
  send(engine, [
    { timeMs: T0, value: 1 },
    { timeMs: T0 + 4_999, value: 10 },
    { timeMs: T0 + 5_000, value: 100 },
    { timeMs: T0 + 9_999, value: 1_000 },
    { timeMs: T0 + 10_000, value: 10_000 },
  ])
  engine.advanceTo(T0 + MINUTE_MS)
  const sums = (rows: typeof tumbling): unknown[] => rows.map((row) => [row.startMs - T0, row.values['sum']])
  expect(sums(tumbling)).toEqual([
    [0, 11],
    [5_000, 1_100],
    [10_000, 10_000],
  ])
  expect(sums(sliding)).toEqual([
    [-5_000, 11],
    [0, 1_111],
    [5_000, 11_100],
    [10_000, 10_000],
  ])
})

test('a day has 23 or 25 hours', async () => {
  const days = [
    // The clocks of Berlin go to summer time at 01:00 UTC on the 29th.
    { startMs: Date.UTC(2026, 2, 28, 23), endMs: Date.UTC(2026, 2, 29, 22), hours: 23 },
    // And back at 01:00 UTC on the 25th.
    { startMs: Date.UTC(2026, 9, 24, 22), endMs: Date.UTC(2026, 9, 25, 23), hours: 25 },
  ]
  for (const { startMs, endMs, hours } of days) {
    await using engine = scenarioEngine()
    engine.advanceTo(startMs - 48 * HOUR_MS)
    const columns = [{ name: 'count', aggregate: { fn: 'count' } }] as const
    const plan = planOf(
      { columns },
      { window: { type: 'calendar', unit: 'day', size: 1, step: 1, offsetMs: 0, timeZone: 'Europe/Berlin' } },
    )
    const rows = collect(engine.addQuery('q', plan))
    play(engine, every(10 * MINUTE_MS, startMs - 24 * HOUR_MS, endMs + 24 * HOUR_MS), {
      fromMs: startMs - 24 * HOUR_MS,
      untilMs: endMs + 25 * HOUR_MS,
      stepMs: 10 * MINUTE_MS,
    })
    expect(newest(rows).map((row) => [row.startMs, row.endMs, row.values['count']])).toEqual([
      [startMs - 24 * HOUR_MS, startMs, 24 * 6],
      [startMs, endMs, hours * 6],
      [endMs, endMs + 24 * HOUR_MS, 24 * 6],
    ])
  }
})

test('a delta ends on a boundary', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const columns = [{ name: 'sum', aggregate: { fn: 'sum' } }] as const
  const deltas = collect(engine.addQuery('deltas', planOf({ metric: 'requests', sizeMs: 10_000, columns })))
  const levels = collect(
    engine.addQuery(
      'levels',
      planOf({ metric: 'queue', sizeMs: 10_000, columns: [{ name: 'max', aggregate: { fn: 'max' } }] }),
    ),
  )
  const nanos = (second: number): string => `${BigInt(T0 + second * SECOND_MS) * 1_000_000n}`
  const dataPoints = (values: readonly number[]): object[] =>
    values.map((value, i) => ({
      startTimeUnixNano: nanos(i * 10),
      timeUnixNano: nanos((i + 1) * 10),
      asDouble: value,
    }))
  const body = {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'host.name', value: { stringValue: 'web-1' } }] },
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'requests',
                sum: { dataPoints: dataPoints([7, 70]), aggregationTemporality: 1, isMonotonic: true },
              },
              { name: 'queue', gauge: { dataPoints: dataPoints([7, 70]) } },
            ],
          },
        ],
      },
    ],
  }
  const batch = createSampleBatch(8)
  const { rejected } = createOtlpDecoder(engine.registry).decode(
    new TextEncoder().encode(JSON.stringify(body)),
    batch,
    { contentType: 'application/json' },
  )
  expect(rejected).toEqual([])
  engine.ingest(batch, { source: 'gateway' })
  engine.advanceTo(T0 + MINUTE_MS)
  // (T0, T0 + 10 s] is what happened before the boundary; a level is what is there at it.
  expect(deltas.map((row) => [row.startMs - T0, row.values['sum']])).toEqual([
    [0, 7],
    [10_000, 70],
  ])
  expect(levels.map((row) => [row.startMs - T0, row.values['max']])).toEqual([
    [10_000, 7],
    [20_000, 70],
  ])
})

test('a query is added twenty minutes into an hour', async () => {
  await using engine = scenarioEngine()
  const hourMs = T0
  engine.advanceTo(hourMs - MINUTE_MS)
  const plan = planOf({ sizeMs: HOUR_MS })
  const arrivals = every(10 * SECOND_MS, hourMs, hourMs + 2 * HOUR_MS)
  const addedMs = hourMs + 20 * MINUTE_MS
  const rows: Parameters<typeof newest>[0][number][] = []
  play(engine, arrivals, {
    fromMs: hourMs,
    untilMs: hourMs + 2 * HOUR_MS + MINUTE_MS,
    stepMs: 10 * SECOND_MS,
    at: (nowMs) => {
      if (nowMs !== addedMs) return
      const query = engine.addQuery('q', plan)
      query.subscribe((row) => rows.push(row))
      expect(query.coversFromMs).toBe(addedMs - 10 * SECOND_MS + 1)
    },
  })
  // The hour under way holds what came after the query, and says so; the next one is whole.
  const seen: Point[] = arrivals.filter(({ timeMs }) => timeMs >= addedMs)
  expect(shapeOf(newest(rows), plan)).toEqual(oracleOf(seen, plan))
  expect(newest(rows).map((row) => [row.startMs, row.count, row.partial])).toEqual([
    [hourMs, 240, true],
    [hourMs + HOUR_MS, 360, false],
  ])
})

test('a window of 5 s stands beside one of a day', async () => {
  await using engine = scenarioEngine()
  const dayMs = Date.UTC(2026, 0, 6)
  engine.advanceTo(dayMs - MINUTE_MS)
  const short = planOf({ sizeMs: 5_000, columns: STATS })
  const long = planOf({ sizeMs: 24 * HOUR_MS, columns: STATS })
  const shortRows = collect(engine.addQuery('short', short))
  const longRows = collect(engine.addQuery('long', long))
  const arrivals = every(10 * SECOND_MS, dayMs, dayMs + 25 * HOUR_MS)
  let mostPanes = 0
  play(engine, arrivals, {
    fromMs: dayMs,
    untilMs: dayMs + 24 * HOUR_MS + MINUTE_MS,
    stepMs: 10 * SECOND_MS,
    at: () => {
      mostPanes = Math.max(mostPanes, engine.stats().paneCount)
    },
  })
  expectOracle(
    longRows,
    arrivals.filter(({ timeMs }) => timeMs < dayMs + 24 * HOUR_MS),
    long,
  )
  const toldUntilMs = shortRows[shortRows.length - 1]!.endMs
  expect(toldUntilMs).toBeGreaterThan(dayMs + 24 * HOUR_MS)
  expectOracle(
    shortRows,
    arrivals.filter(({ timeMs }) => timeMs < toldUntilMs),
    short,
  )
  expect(mostPanes).toBeLessThanOrEqual(20)
})
