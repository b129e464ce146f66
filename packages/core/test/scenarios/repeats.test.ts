import { expect, test } from 'vitest'
import { planOf, T0 } from '../engine/fixtures.ts'
import {
  type Arrival,
  collectTimed,
  delaysOf,
  expectOracle,
  LEVELS,
  MINUTE_MS,
  oracleOf,
  play,
  SECOND_MS,
  scenarioEngine,
  valueAt,
} from './fixtures.ts'

const PLAN = planOf({ columns: LEVELS })

function gauges(servers: number, fromMs: number, untilMs: number): Arrival[] {
  const arrivals: Arrival[] = []
  for (let timeMs = fromMs; timeMs < untilMs; timeMs += SECOND_MS)
    for (let server = 0; server < servers; server++)
      arrivals.push({
        server: `s${server}`,
        kind: 'gauge',
        timeMs,
        value: valueAt(timeMs, server),
        arrivesMs: timeMs,
      })
  return arrivals
}

test('two gateways send the same samples in other batches', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const query = engine.addQuery('q', PLAN)
  const rows = collectTimed(engine, query)
  const samples = gauges(5, T0, T0 + 2 * MINUTE_MS)
  // One passes on what it gets each second, the other every three seconds what it got since, by server.
  const fast = samples.map((sample) => ({ ...sample, source: 'gateway-1' }))
  const slow = [...samples]
    .sort((a, b) => (a.server! < b.server! ? -1 : a.server! > b.server! ? 1 : a.timeMs - b.timeMs))
    .map((sample) => ({
      ...sample,
      source: 'gateway-2',
      arrivesMs: T0 + (Math.floor((sample.timeMs - T0) / (3 * SECOND_MS)) + 1) * 3 * SECOND_MS - SECOND_MS,
    }))
  play(engine, [...fast, ...slow], { fromMs: T0, untilMs: T0 + 3 * MINUTE_MS })
  expectOracle(
    rows.map(({ row }) => row),
    samples,
    PLAN,
  )
  expect(rows).toHaveLength(oracleOf(samples, PLAN).length)
  expect(engine.stats().tenants[0]!.points).toEqual({
    received: 1_200,
    accepted: 600,
    duplicate: 600,
    shed: 0,
    rejected: {},
    duplicateConflict: 0,
    precisionLost: 0,
  })
})

test('an agent reports at odd milliseconds through two gateways', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const query = engine.addQuery('q', PLAN)
  const rows = collectTimed(engine, query)
  const samples: Arrival[] = Array.from({ length: 60 }, (_, i) => {
    const dueMs = T0 + i * 10 * SECOND_MS
    const value = valueAt(dueMs)
    return { kind: 'gauge', timeMs: dueMs + ((i * 7_919) % 23), value, arrivesMs: dueMs + SECOND_MS, source: 'one' }
  })
  // The other gateway cuts what it gets into batches of five.
  const again = samples.map((sample, i) => ({
    ...sample,
    source: 'other',
    arrivesMs: samples[Math.floor(i / 5) * 5 + 4]!.arrivesMs,
  }))
  play(engine, [...samples, ...again], { fromMs: T0, untilMs: T0 + 12 * MINUTE_MS })
  expectOracle(
    rows.map(({ row }) => row),
    samples,
    PLAN,
  )
  expect(rows).toHaveLength(oracleOf(samples, PLAN).length)
  expect(engine.stats().tenants[0]!.points).toMatchObject({ accepted: 60, duplicate: 60 })
})

test('an exporter sends the last five minutes again', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const query = engine.addQuery('q', PLAN)
  const rows = collectTimed(engine, query)
  const againMs = T0 + 6 * MINUTE_MS
  const live = gauges(5, T0, T0 + 9 * MINUTE_MS)
  const isAgain = ({ timeMs }: Arrival): boolean => timeMs >= againMs - 5 * MINUTE_MS && timeMs < againMs
  // In batches of half a minute, one each second.
  const again = live.filter(isAgain).map((sample) => ({
    ...sample,
    arrivesMs: againMs + 5 * SECOND_MS + Math.floor((sample.timeMs - T0) / (30 * SECOND_MS)) * SECOND_MS,
  }))
  // An agent behind the same exporter was never heard in those minutes; its samples come through now.
  const unheard = again.filter(({ server }) => server === 's0').map((sample) => ({ ...sample, server: 'unheard' }))
  play(engine, [...live, ...again, ...unheard], { fromMs: T0, untilMs: T0 + 10 * MINUTE_MS })
  expect(engine.stats().tenants[0]!.points).toMatchObject({
    duplicate: again.length,
    duplicateConflict: 0,
    rejected: {},
  })
  expect(query.counters).toMatchObject({ applied: live.length, lateApplied: 0, lateDropped: unheard.length })
  expectOracle(
    rows.map(({ row }) => row),
    live,
    PLAN,
  )
  expect(rows).toHaveLength(oracleOf(live, PLAN).length)
  // What is told live is told no later for it.
  const isAfter = (startMs: number): boolean =>
    startMs > againMs + 20 * SECOND_MS && startMs < T0 + 9 * MINUTE_MS - 15 * SECOND_MS
  const delays = delaysOf(rows.filter(({ row }) => isAfter(row.startMs)))
  expect(Math.max(...delays)).toBeLessThanOrEqual(2 * SECOND_MS)
})
