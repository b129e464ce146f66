import { expect, onTestFinished, test, vi } from 'vitest'
import { createEngine, createSampleBatch, type Engine, type EngineStats, type PolledSource } from '../../src/index.ts'
import { type Point, planOf, send, T0 } from '../engine/fixtures.ts'
import {
  type Arrival,
  collectTimed,
  delaysOf,
  expectOracle,
  HOUR_MS,
  LEVELS,
  MINUTE_MS,
  oracleOf,
  play,
  SECOND_MS,
  scenarioEngine,
  shapeOf,
  type TimedRow,
  valueAt,
} from './fixtures.ts'

type SourceOfStats = EngineStats['tenants'][number]['sources'][number]

const PLAN = planOf({ columns: LEVELS })

/** A gauge, once a second, that arrives at once. */
function everySecond(server: string, fromMs: number, untilMs: number, source = 'gateway'): Arrival[] {
  const arrivals: Arrival[] = []
  for (let timeMs = fromMs; timeMs < untilMs; timeMs += SECOND_MS)
    arrivals.push({ server, kind: 'gauge', timeMs, value: valueAt(timeMs, server.length), arrivesMs: timeMs, source })
  return arrivals
}

function sourceOf(engine: Engine, name: string): SourceOfStats | undefined {
  return engine
    .stats()
    .tenants.flatMap(({ sources }) => sources)
    .find(({ source }) => source === name)
}

/** What a poll of a partition brings: records in order of time, and how many are left. */
function poll(
  engine: Engine,
  partition: PolledSource,
  records: readonly Point[],
  backlog: number,
  tenant?: string,
): void {
  const batch = createSampleBatch(Math.max(1, records.length))
  for (const { server = 'p', metric = 'm', kind = 'gauge', timeMs, value } of records)
    batch.push(
      engine.registry.register({ server, metric, kind, ...(tenant === undefined ? {} : { tenant }) }),
      timeMs,
      value,
    )
  partition.ingest(batch, { backlog })
}

test('every source is silent for ten minutes', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const query = engine.addQuery('q', PLAN)
  const rows = collectTimed(engine, query)
  const resumesMs = T0 + 11 * MINUTE_MS
  const samples = ['a', 'bb'].flatMap((server) => [
    ...everySecond(server, T0, T0 + MINUTE_MS, server),
    ...everySecond(server, resumesMs, resumesMs + MINUTE_MS, server),
  ])
  let mostBehindMs = 0
  play(engine, samples, {
    fromMs: T0,
    untilMs: resumesMs + 2 * MINUTE_MS,
    at: (nowMs) => {
      mostBehindMs = Math.max(mostBehindMs, nowMs - query.progress().watermarkMs)
      if (nowMs === T0 + 5 * MINUTE_MS) {
        expect(rows).toHaveLength(12)
        expect(query.progress().finalThroughMs).toBe(nowMs - 20 * SECOND_MS)
        expect(engine.explainLag('q').holding).toBeUndefined()
      }
    },
  })
  expectOracle(
    rows.map(({ row }) => row),
    samples,
    PLAN,
  )
  expect(Math.max(...delaysOf(rows))).toBe(10 * SECOND_MS)
  expect(mostBehindMs).toBe(10 * SECOND_MS)
  expect(query.counters).toMatchObject({ applied: 240, lateApplied: 0, lateDropped: 0 })
})

test('one of fifty agents is 3 s or 9 s fast', async () => {
  for (const fastMs of [3 * SECOND_MS, 9 * SECOND_MS]) {
    await using engine = scenarioEngine()
    engine.advanceTo(T0 - MINUTE_MS)
    const query = engine.addQuery('q', PLAN)
    const rows = collectTimed(engine, query)
    const samples: Arrival[] = []
    for (let agent = 0; agent < 50; agent++)
      for (let timeMs = T0; timeMs < T0 + MINUTE_MS; timeMs += SECOND_MS)
        samples.push({
          server: `agent-${agent}`,
          kind: 'gauge',
          timeMs: timeMs + (agent === 7 ? fastMs : 0),
          value: valueAt(timeMs, agent),
          arrivesMs: timeMs + (agent % 10) * 150,
        })
    play(engine, samples, { fromMs: T0, untilMs: T0 + 2 * MINUTE_MS, stepMs: 50 })
    expectOracle(
      rows.map(({ row }) => row),
      samples,
      PLAN,
    )
    // Each window was told once, whole.
    expect(rows).toHaveLength(oracleOf(samples, PLAN).length)
    expect(query.counters).toMatchObject({ applied: 3_000, lateApplied: 0, lateDropped: 0 })
  }
})

test('the clock of the engine is an hour ahead for a minute', async () => {
  vi.useFakeTimers({ now: T0 })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  await using engine = createEngine()
  const query = engine.addQuery('q', PLAN)
  const whole: Point[] = []
  const rows: TimedRow[] = []
  const beganMs = performance.now()
  query.subscribe((row) => rows.push({ row, atMs: T0 + performance.now() - beganMs }))
  for (let elapsedMs = 0; elapsedMs <= 4 * MINUTE_MS; elapsedMs += SECOND_MS) {
    if (elapsedMs === MINUTE_MS) vi.setSystemTime(Date.now() + HOUR_MS)
    if (elapsedMs === 2 * MINUTE_MS) vi.setSystemTime(Date.now() - HOUR_MS)
    const point: Point = { server: 'a', kind: 'gauge', timeMs: T0 + elapsedMs, value: valueAt(T0 + elapsedMs) }
    whole.push(point)
    expect(send(engine, [point])).toMatchObject({ accepted: 1 })
    vi.advanceTimersByTime(SECOND_MS)
  }
  vi.advanceTimersByTime(MINUTE_MS)
  expectOracle(
    rows.map(({ row }) => row),
    whole,
    PLAN,
  )
  expect(query.counters).toMatchObject({ applied: whole.length, lateApplied: 0, lateDropped: 0 })
  // Each window was told as on any other day.
  const delays = delaysOf(rows)
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...delays)).toBeLessThanOrEqual(10 * SECOND_MS)
})

test('the system time is an hour ahead or behind for twenty minutes', async () => {
  for (const stepMs of [HOUR_MS, -HOUR_MS]) {
    vi.useFakeTimers({ now: T0 })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    await using engine = createEngine()
    const query = engine.addQuery('q', PLAN)
    const rows: TimedRow[] = []
    const beganMs = performance.now()
    const elapsedMs = (): number => Math.round(performance.now() - beganMs)
    query.subscribe((row) => rows.push({ row, atMs: T0 + elapsedMs() }))
    const whole: Point[] = []
    while (elapsedMs() < 22 * MINUTE_MS) {
      if (elapsedMs() === MINUTE_MS) vi.setSystemTime(Date.now() + stepMs)
      if (elapsedMs() === 21 * MINUTE_MS) vi.setSystemTime(Date.now() - stepMs)
      const timeMs = T0 + elapsedMs()
      const point: Point = { server: 'a', kind: 'gauge', timeMs, value: valueAt(timeMs) }
      whole.push(point)
      expect(send(engine, [point])).toMatchObject({ accepted: 1 })
      vi.advanceTimersByTime(SECOND_MS)
      const isAway = elapsedMs() > MINUTE_MS && elapsedMs() <= 21 * MINUTE_MS
      expect(Math.round(engine.stats().clockStepMs)).toBe(isAway ? stepMs : 0)
    }
    vi.advanceTimersByTime(MINUTE_MS)
    expectOracle(
      rows.map(({ row }) => row),
      whole,
      PLAN,
    )
    expect(rows).toHaveLength(oracleOf(whole, PLAN).length)
    expect(query.counters).toMatchObject({ applied: whole.length, lateApplied: 0, lateDropped: 0 })
    const delays = delaysOf(rows)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...delays)).toBeLessThanOrEqual(10 * SECOND_MS)
  }
})

test('a partition joins 3 s after the gateway', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const query = engine.addQuery('q', PLAN)
  const rows = collectTimed(engine, query)
  const pushed = everySecond('pushed', T0, T0 + MINUTE_MS)
  const records = everySecond('read', T0, T0 + MINUTE_MS)
  let partition: PolledSource | undefined
  let read = 0
  play(engine, pushed, {
    fromMs: T0,
    untilMs: T0 + 90 * SECOND_MS,
    at: (nowMs) => {
      const second = (nowMs - T0) / SECOND_MS
      if (second === 3) partition = engine.source('partition-0', { kind: 'polled' })
      // The consumer needs a while to start; then it reads two seconds of records each second.
      if (second < 25 || partition === undefined) return
      const due = records.slice(read, Math.min(read + 2, second))
      read += due.length
      poll(engine, partition, due, Math.min(second, records.length) - read)
      if (second < 27) {
        expect(rows).toHaveLength(0)
        expect(engine.explainLag('q').holding).toMatchObject({ source: 'partition-0', state: 'catching-up' })
      }
    },
  })
  expectOracle(
    rows.map(({ row }) => row),
    [...pushed, ...records],
    PLAN,
  )
  expect(rows).toHaveLength(12)
  expect(query.counters).toMatchObject({ applied: 120, lateApplied: 0, lateDropped: 0 })
  expect(sourceOf(engine, 'partition-0')).toMatchObject({ backlog: 0 })
})

test('a partition is stuck for two hours', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const query = engine.addQuery('q', PLAN)
  const rows = collectTimed(engine, query)
  const partition = engine.source('partition-0', { kind: 'polled' })
  const stuckMs = T0 + MINUTE_MS
  const freeMs = stuckMs + 2 * HOUR_MS
  const endMs = freeMs + 5 * MINUTE_MS
  const pushed: Arrival[] = []
  for (let timeMs = T0; timeMs < endMs; timeMs += 5 * SECOND_MS)
    pushed.push({ server: 'pushed', kind: 'gauge', timeMs, value: valueAt(timeMs), arrivesMs: timeMs })
  const records: Point[] = pushed.map(({ timeMs, value }) => ({ server: 'read', timeMs, value: value + 1 }))
  let read = 0
  let mostPanes = 0
  play(engine, pushed, {
    fromMs: T0,
    untilMs: endMs + MINUTE_MS,
    stepMs: 5 * SECOND_MS,
    at: (nowMs) => {
      const written = records.filter(({ timeMs }) => timeMs <= nowMs).length
      const most = nowMs >= stuckMs && nowMs < freeMs ? 0 : 100
      const due = records.slice(read, Math.min(read + most, written))
      read += due.length
      poll(engine, partition, due, written - read)
      mostPanes = Math.max(mostPanes, engine.stats().paneCount)
      if (nowMs === freeMs - MINUTE_MS) {
        expect(sourceOf(engine, 'partition-0')).toMatchObject({ state: 'stalled' })
        expect(engine.explainLag('q').notWaitedFor.map(({ source }) => source)).toEqual(['partition-0'])
      }
    },
  })
  expect(sourceOf(engine, 'partition-0')).toMatchObject({ backlog: 0 })
  // Waited for a minute, then told without it.
  expect(Math.max(...delaysOf(rows))).toBeLessThanOrEqual(75 * SECOND_MS)
  expect(mostPanes).toBeLessThan(25)
  const late = query.counters.lateDropped
  expect(late).toBeGreaterThan((2 * HOUR_MS - 5 * MINUTE_MS) / (5 * SECOND_MS))
  expect(query.counters.applied + query.counters.lateApplied + late).toBe(pushed.length + records.length)
  // What it read before, and once it had caught up, is in.
  const isWhole = (startMs: number): boolean => startMs < stuckMs - 10 * SECOND_MS || startMs > freeMs + MINUTE_MS
  const told = shapeOf(
    rows.map(({ row }) => row),
    PLAN,
  ).filter(([startMs]) => isWhole(startMs))
  expect(told).toEqual(oracleOf([...pushed, ...records], PLAN).filter(([startMs]) => isWhole(startMs)))
})

test('one tenant catches up while another is live', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const slow = engine.addQuery('q', PLAN, { tenant: 'slow' })
  const live = engine.addQuery('q', PLAN, { tenant: 'live' })
  const rowsOfSlow = collectTimed(engine, slow)
  const rowsOfLive = collectTimed(engine, live)
  const partition = engine.source('partition-0', { kind: 'polled', tenant: 'slow' })
  const samples = everySecond('s', T0, T0 + 5 * MINUTE_MS)
  let read = 0
  play(engine, [], {
    fromMs: T0,
    untilMs: T0 + 6 * MINUTE_MS,
    at: (nowMs) => {
      const written = Math.min(samples.length, (nowMs - T0) / SECOND_MS + 1)
      const batch = createSampleBatch(1)
      if (nowMs < T0 + 5 * MINUTE_MS) {
        const { timeMs, value } = samples[written - 1]!
        batch.push(engine.registry.register({ server: 's', metric: 'm', kind: 'gauge', tenant: 'live' }), timeMs, value)
        engine.ingest(batch, { source: 'gateway', tenant: 'live' })
      }
      // For three minutes the reader of the other tenant manages one record in two seconds.
      const most = nowMs < T0 + 3 * MINUTE_MS ? (nowMs / SECOND_MS) % 2 : 20
      const due = samples.slice(read, Math.min(read + most, written))
      read += due.length
      poll(engine, partition, due, written - read, 'slow')
      if (nowMs === T0 + 2 * MINUTE_MS) {
        expect(engine.explainLag('q', { tenant: 'slow' }).holding).toMatchObject({ source: 'partition-0' })
        expect(engine.explainLag('q', { tenant: 'live' }).holding).toMatchObject({ source: 'gateway' })
      }
    },
  })
  for (const rows of [rowsOfLive, rowsOfSlow])
    expect(
      shapeOf(
        rows.map(({ row }) => row),
        PLAN,
      ),
    ).toEqual(oracleOf(samples, PLAN))
  expect(Math.max(...delaysOf(rowsOfLive))).toBeLessThanOrEqual(10 * SECOND_MS)
  expect(delaysOf(rowsOfLive)[10]).toBe(2 * SECOND_MS)
  expect(Math.max(...delaysOf(rowsOfSlow))).toBeGreaterThan(MINUTE_MS)
})
