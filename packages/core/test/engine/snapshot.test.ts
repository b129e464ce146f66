import { describe, expect, test } from 'vitest'
import { createSampleBatch, type Engine, type WindowResult } from '../../src/index.ts'
import { BY_SERVER, collect, manualEngine, newest, P99, type Point, planOf, STATS, send, T0 } from './fixtures.ts'

const PLANS = {
  tumbling: planOf({ columns: [...STATS, P99], groupBy: BY_SERVER }),
  sliding: planOf({ sizeMs: 60_000, stepMs: 1_000 }),
  sessions: planOf({ groupBy: BY_SERVER }, { window: { type: 'session', gapMs: 4_000, maxMs: 86_400_000 } }),
  filled: planOf({}, { fill: { with: 'previous', within: { windows: 3 } } }),
  rate: planOf({ metric: 'requests', sizeMs: 10_000 }, { reading: 'rate' }),
}

/** Points of one second, some of them late, some silent stretches between. */
function pointsAt(second: number): Point[] {
  const points: Point[] = []
  for (const [i, server] of ['a', 'b', 'c'].entries()) {
    if ((second + 7 * i) % 20 > 12) continue
    const lateS = second % 5 === i ? 7 : 0
    points.push({ server, timeMs: T0 + (second - lateS) * 1_000, value: second * (i + 1) })
    points.push({ server, metric: 'requests', kind: 'counter', timeMs: T0 + second * 1_000, value: (second % 50) * 10 })
  }
  return points
}

function play(engine: Engine, fromS: number, toS: number): void {
  for (let second = fromS; second < toS; second++) {
    send(engine, pointsAt(second), 'gateway', `b${second}`)
    engine.advanceTo(T0 + second * 1_000)
  }
}

/** What a reader has at the end; revisions and the order of a life do not matter. */
function held(rows: readonly WindowResult[]): unknown[] {
  return newest(rows)
    .filter(({ retracted }) => retracted !== true)
    .map(({ query, group, startMs, endMs, values, count, partial }) => [
      query,
      group,
      startMs,
      endMs,
      values,
      count,
      partial,
    ])
}

function addAll(engine: Engine): Map<string, WindowResult[]> {
  return new Map(Object.entries(PLANS).map(([name, plan]) => [name, collect(engine.addQuery(name, plan))]))
}

async function restored(bytes: Iterable<Uint8Array>, gapUntilMs?: number): Promise<Engine> {
  const engine = manualEngine()
  await engine.restore(bytes, gapUntilMs === undefined ? {} : { gapUntilMs })
  return engine
}

describe('snapshot and restore', () => {
  test('restoring and replaying what came after gives what would have come without the break', async () => {
    const whole = manualEngine()
    whole.advanceTo(T0)
    const expected = addAll(whole)
    play(whole, 1, 200)

    const first = manualEngine()
    first.advanceTo(T0)
    const rows = addAll(first)
    play(first, 1, 90)
    const snapshot = [...first.snapshot()]
    play(first, 90, 110)
    await first.close()

    const second = await restored(snapshot, Number.NEGATIVE_INFINITY)
    const later = new Map(second.queries().map((query) => [query.name, collect(query)]))
    play(second, 90, 200)
    for (const name of Object.keys(PLANS))
      expect([name, held([...rows.get(name)!, ...later.get(name)!])]).toEqual([name, held(expected.get(name)!)])
  })

  test('rows after a restore have greater revisions than all before', async () => {
    const first = manualEngine()
    first.advanceTo(T0)
    const before = collect(first.addQuery('q', PLANS.tumbling))
    play(first, 1, 40)
    const snapshot = [...first.snapshot()]
    play(first, 40, 60)
    const second = await restored(snapshot)
    const after = collect(second.query('q')!)
    play(second, 40, 90)
    expect(Math.min(...after.map(({ revision }) => revision))).toBeGreaterThan(
      Math.max(...before.map(({ revision }) => revision)),
    )
  })

  test('what was not replayed is a gap: windows that start before its end are partial', async () => {
    const first = manualEngine()
    first.advanceTo(T0)
    first.addQuery('q', PLANS.tumbling)
    play(first, 1, 40)
    const second = await restored([...first.snapshot()], T0 + 63_000)
    const rows = collect(second.query('q')!)
    play(second, 63, 120)
    const partial = new Set(rows.filter((row) => row.partial).map(({ startMs }) => (startMs - T0) / 1_000))
    const whole = new Set(rows.filter((row) => !row.partial).map(({ startMs }) => (startMs - T0) / 1_000))
    expect([...partial].every((startS) => startS < 63)).toBe(true)
    expect(Math.min(...whole)).toBe(65)
  })

  test('batches and samples taken before the snapshot are duplicates after it', async () => {
    const first = manualEngine()
    first.advanceTo(T0)
    first.addQuery('q', PLANS.tumbling)
    play(first, 1, 40)
    const second = await restored([...first.snapshot()])
    expect(send(second, pointsAt(39), 'gateway', 'b39')).toMatchObject({ accepted: 0, duplicates: pointsAt(39).length })
    const counters = pointsAt(39).filter(({ kind }) => kind === 'counter')
    expect(send(second, counters, 'other')).toMatchObject({ accepted: 0, duplicates: counters.length })
  })

  test('versions and paused queries go on', async () => {
    const first = manualEngine()
    first.advanceTo(T0)
    first.addQuery('q', PLANS.tumbling)
    first.alterQuery('q', PLANS.sliding)
    first.addQuery('paused', PLANS.tumbling, { paused: true })
    first.addQuery('gone', PLANS.tumbling)
    first.removeQuery('gone')
    const second = await restored(first.snapshot())
    expect(second.query('q')).toMatchObject({ queryVersion: 2, state: 'running' })
    expect(second.query('paused')).toMatchObject({ queryVersion: 1, state: 'paused' })
    expect(second.addQuery('gone', PLANS.tumbling).queryVersion).toBe(2)
  })

  test('a polled source reads on where the snapshot was, and holds the watermark until it has', async () => {
    const first = manualEngine()
    first.advanceTo(T0)
    const before = first.source('partition', { kind: 'polled' })
    expect(before.offset).toBeUndefined()
    const batch = createSampleBatch()
    batch.push(first.registry.register({ server: 'a', metric: 'm' }), T0 + 19_000, 1)
    before.ingest(batch, { backlog: 0, offset: '17' })
    first.advanceTo(T0 + 20_000)

    const second = await restored(first.snapshot())
    const partition = second.source('partition', { kind: 'polled' })
    expect(partition.offset).toBe('17')
    second.advanceTo(T0 + 50_000)
    // As far as it had read, less its disorder.
    expect(second.stats().tenants[0]!.watermarkMs).toBe(T0 + 17_000)
    partition.caughtUp()
    second.advanceTo(T0 + 50_001)
    expect(second.stats().tenants[0]!.watermarkMs).toBeGreaterThan(T0 + 39_000)
  })

  test('a cut snapshot is refused and closes the engine', async () => {
    const first = manualEngine()
    first.advanceTo(T0)
    play(first, 1, 20)
    const [chunk] = [...first.snapshot()]
    const engine = manualEngine()
    await expect(engine.restore([chunk!.subarray(0, 20)])).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
    expect(() => engine.advanceTo(T0)).toThrow(expect.objectContaining({ code: 'ENGINE_CLOSED' }))
  })

  test('an engine in which something was done takes none', async () => {
    const first = manualEngine()
    first.advanceTo(T0)
    play(first, 1, 20)
    const engine = manualEngine()
    send(engine, [{ timeMs: T0, value: 1 }])
    await expect(engine.restore(first.snapshot())).rejects.toThrow(TypeError)
  })
})
