import v8 from 'node:v8'
import vm from 'node:vm'
import { expect, test } from 'vitest'
import { createSampleBatch, type Engine, type MetricKind, type QueryPlan, type SeriesRef } from '../../src/index.ts'
import { BY_SERVER, manualEngine, P99, type PlanOptions, planOf, STATS, T0 } from '../engine/fixtures.ts'

/** Simulated days; a week in the long run. */
const DAYS = Number(process.env['WINDROW_SOAK_DAYS'] ?? 2)
const DAY_S = 86_400
const TICK_S = 5
const SERVERS = 4

v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc') as () => void

interface Measure {
  readonly heapBytes: number
  readonly stateBytes: number
  readonly panes: number
  readonly series: number
}

function measure(engine: Engine): Measure {
  collectGarbage()
  const { stateBytes, paneCount, seriesCount } = engine.stats()
  return { heapBytes: process.memoryUsage().heapUsed, stateBytes, panes: paneCount, series: seriesCount }
}

const LEVELS = STATS.filter(({ name }) => name !== 'sum')

function cpu(options: PlanOptions, more: Partial<QueryPlan> = {}): QueryPlan {
  return planOf({ metric: 'cpu', columns: LEVELS, ...options }, more)
}

/** Plans of every form there is. */
function plans(): readonly QueryPlan[] {
  const minute = { type: 'fixed', sizeMs: 60_000, stepMs: 60_000, offsetMs: 0 } as const
  return [
    cpu({ sizeMs: 5_000 }),
    cpu({ sizeMs: 3_600_000, stepMs: 60_000, columns: [...LEVELS, P99], groupBy: BY_SERVER }),
    cpu({ sizeMs: 86_400_000 }),
    cpu({ latenessMs: 300_000, groupBy: BY_SERVER }, { window: minute, emit: { at: 'final' } }),
    cpu(
      { groupBy: BY_SERVER },
      {
        window: minute,
        fill: { with: 'previous', within: { windows: 3 } },
        limit: 2,
        orderBy: { column: 'max', descending: true },
      },
    ),
    planOf({ metric: 'requests', groupBy: BY_SERVER }, { window: minute, reading: 'rate' }),
    planOf(
      { metric: 'latency', groupBy: BY_SERVER, columns: [...STATS, P99] },
      { window: { type: 'session', gapMs: 30_000, maxMs: 86_400_000 } },
    ),
    cpu(
      {},
      {
        window: { type: 'calendar', unit: 'day', size: 1, step: 1, offsetMs: 0, timeZone: 'Europe/Berlin' },
        emit: { at: 'every', everyMs: 60_000 },
      },
    ),
  ]
}

test(`memory stays flat over ${DAYS} simulated days with late samples, repeats, replays and queries that come and go`, () => {
  const engine = manualEngine()
  engine.advanceTo(T0)
  let rows = 0
  const add = (name: string, plan: QueryPlan): void => {
    engine.addQuery(name, plan).subscribe(() => rows++)
  }
  for (const [i, plan] of plans().entries()) add(`q${i}`, plan)
  const refs = (metric: string, kind: MetricKind): SeriesRef[] =>
    Array.from({ length: SERVERS }, (_, server) => engine.registry.register({ server: `s${server}`, metric, kind }))
  const series = {
    cpu: refs('cpu', 'gauge'),
    requests: refs('requests', 'counter'),
    latency: refs('latency', 'distribution'),
  }
  const batch = createSampleBatch()
  const fill = (second: number): void => {
    for (const [server, ref] of series.cpu.entries()) batch.push(ref, T0 + second * 1_000, (second * 7 + server) % 100)
    if (second % 15 === 0)
      for (const [server, ref] of series.requests.entries())
        batch.push(ref, T0 + second * 1_000, (second % 7_200) * (server + 1))
    // Ten minutes of events, five of silence.
    if (second % 900 < 600)
      for (const ref of series.latency) batch.push(ref, T0 + second * 1_000 + 137, 1 + (second % 250))
  }
  const measures: Measure[] = []
  for (let second = 0; second < DAYS * DAY_S; second += TICK_S) {
    batch.clear()
    for (let s = second; s < second + TICK_S; s++) fill(s)
    // A sample in twenty minutes that is late, and one that is too late.
    if (second % 1_200 === 0)
      for (const lateS of [8, 700]) batch.push(series.latency[0]!, T0 + (second - lateS) * 1_000, 1)
    engine.ingest(batch, { source: `gateway-${second % 2}`, batchId: `b${second}` })
    if (second % 60 === 0) engine.ingest(batch, { source: 'gateway-0', batchId: `b${second}` })
    if (second % 21_600 === 0) {
      const replay = engine.replay('yesterday')
      replay.ingest(batch)
      void replay.finish()
    }
    if (second % 3_600 === 0) {
      add(`visitor${second}`, plans()[(second / 3_600) % plans().length]!)
      if (second >= 3 * 3_600) engine.removeQuery(`visitor${second - 3 * 3_600}`)
      engine.alterQuery('q0', cpu({ sizeMs: second % 7_200 === 0 ? 5_000 : 10_000 }))
    }
    engine.advanceTo(T0 + (second + TICK_S) * 1_000)
    if ((second + TICK_S) % DAY_S === 0) measures.push(measure(engine))
  }
  expect(rows).toBeGreaterThan(DAYS * 17_000)
  const first = measures[0]!
  for (const later of measures.slice(1)) {
    expect(later.series).toBe(first.series)
    expect(later.panes).toBeLessThanOrEqual(first.panes * 1.05)
    expect(later.stateBytes).toBeLessThanOrEqual(first.stateBytes * 1.05)
    expect(later.heapBytes).toBeLessThanOrEqual(first.heapBytes + 3 * 1024 * 1024)
  }
}, 600_000)
