import { createEngine, createSampleBatch, type Engine, type QueryPlan, type WindowResult } from '@windrow/core'
import { naiveWindows } from '@windrow/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryAdapter } from '../src/memory/index.ts'

const T0 = Date.UTC(2026, 2, 1)

function planOf(sizeMs: number, stepMs: number, offsetMs: number): QueryPlan {
  return {
    planVersion: 1,
    text: `${sizeMs} ${stepMs} ${offsetMs}`,
    selector: { metric: 'm', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
    window: { type: 'fixed', sizeMs, stepMs, offsetMs },
    columns: [
      { name: 'sum', aggregate: { fn: 'sum' } },
      { name: 'p90', aggregate: { fn: 'percentile', rank: { digits: 9, scale: 1 } } },
    ],
    groupBy: [{ kind: 'topology', name: 'server' }],
  }
}

interface Sample {
  readonly group: string
  readonly timeMs: number
  readonly value: number
}

function send(engine: Engine, samples: readonly Sample[]): void {
  const batch = createSampleBatch(Math.max(1, samples.length))
  for (const { group, timeMs, value } of samples)
    batch.push(engine.registry.register({ server: group, metric: 'm', kind: 'distribution' }), timeMs, value)
  engine.ingest(batch, { source: 'test' })
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const row of rows) list.push(row)
  return list
}

const shape = (rows: readonly WindowResult[]) =>
  rows.map((row) => [row.startMs, row.group['server'], row.count, row.values['sum'], row.values['p90']])

const samplesArbitrary = fc.array(
  fc.record({
    group: fc.constantFrom('a', 'b'),
    timeMs: fc.nat(60_000).map((offsetMs) => T0 + offsetMs),
    value: fc.integer({ min: -1_000, max: 1_000 }),
  }),
  { minLength: 1, maxLength: 200 },
)
const windowArbitrary = fc
  .record({ stepS: fc.integer({ min: 1, max: 10 }), times: fc.integer({ min: 1, max: 3 }), offsetS: fc.nat(9) })
  .map(({ stepS, times, offsetS }) => ({
    sizeMs: stepS * times * 1_000,
    stepMs: stepS * 1_000,
    offsetMs: (offsetS % stepS) * 1_000,
  }))

describe('a run over stored samples', () => {
  test('equals the live rows and the naive reference, samples that came hours late included', async () => {
    await fc.assert(
      fc.asyncProperty(samplesArbitrary, samplesArbitrary, windowArbitrary, async (onTime, late, window) => {
        await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
        engine.advanceTo(T0 - 3_600_000)
        const plan = planOf(window.sizeMs, window.stepMs, window.offsetMs)
        const live: WindowResult[] = []
        engine.addQuery('q', plan).subscribe((row) => live.push(row))
        send(engine, onTime)
        engine.advanceTo(T0 + 7_200_000)
        const before = await all(engine.run(plan, { fromMs: T0 - 60_000, toMs: T0 + 120_000 }))
        expect(shape(before)).toEqual(shape(live))
        send(engine, late)
        engine.advanceTo(T0 + 7_300_000)
        expect(shape(live)).toEqual(shape(before))
        const after = await all(engine.run(plan, { fromMs: T0 - 60_000, toMs: T0 + 120_000 }))
        const expected = naiveWindows([...onTime, ...late], window)
        expect(after.map((row) => [row.startMs, row.group['server'], row.count, row.values['sum']])).toEqual(
          expected.map((row) => [row.startMs, row.group, row.count, row.sum]),
        )
        expect(after.every((row) => row.source === 'backfill' && row.completeness === null)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('over sliding windows, scanned in many batches, gives the windows of the range alone, all whole', async () => {
    await using engine = createEngine({ clock: 'manual', storage: memoryAdapter({ scanBatchRows: 50 }) })
    engine.advanceTo(T0)
    const samples = Array.from({ length: 1_080 }, (_, i) => ({ group: 'a', timeMs: T0 + i * 10_000, value: i }))
    send(engine, samples)
    engine.advanceTo(T0 + 4 * 3_600_000)
    const plan = planOf(3_600_000, 60_000, 0)
    const rows = await all(engine.run(plan, { fromMs: T0 + 3_600_000, toMs: T0 + 3_720_000 }))
    expect(rows.map((row) => [row.startMs - T0, row.count, row.partial])).toEqual([
      [3_600_000, 360, false],
      [3_660_000, 360, false],
    ])
  })

  test('covers every window that starts in the range, whole, and says which are not over', async () => {
    await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
    engine.advanceTo(T0)
    send(
      engine,
      [-5, 0, 5, 9, 10, 19, 20].map((second) => ({ group: 'a', timeMs: T0 + second * 1_000, value: second })),
    )
    engine.advanceTo(T0 + 25_000)
    const rows = await all(engine.run(planOf(10_000, 10_000, 0), { fromMs: T0 + 3_000, toMs: T0 + 21_000 }))
    expect(rows.map((row) => [row.startMs - T0, row.values['sum'], row.early ?? false, row.partial])).toEqual([
      [0, 14, false, false],
      [10_000, 29, false, false],
      [20_000, 20, true, false],
    ])
  })

  test('marks windows that began before the first stored sample', async () => {
    await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
    engine.advanceTo(T0)
    send(engine, [
      { group: 'a', timeMs: T0 + 4_000, value: 1 },
      { group: 'a', timeMs: T0 + 14_000, value: 1 },
    ])
    engine.advanceTo(T0 + 60_000)
    const rows = await all(engine.run(planOf(10_000, 10_000, 0), { fromMs: T0 }))
    expect(rows.map((row) => row.partial)).toEqual([true, false])
  })

  test('takes its range from SINCE and UNTIL, and is refused without one', async () => {
    await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
    engine.advanceTo(T0)
    send(
      engine,
      [0, 10, 20, 30].map((second) => ({ group: 'a', timeMs: T0 + second * 1_000, value: second })),
    )
    engine.advanceTo(T0 + 60_000)
    const plan = planOf(10_000, 10_000, 0)
    const range = {
      since: { kind: 'now', offsetMs: -50_000 },
      until: { kind: 'absolute', epochMs: T0 + 30_000 },
    } as const
    const rows = await all(engine.run({ ...plan, range }))
    expect(rows.map((row) => row.values['sum'])).toEqual([10, 20])
    await expect(all(engine.run(plan))).rejects.toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
  })

  test('ends with ABORTED when its signal does', async () => {
    await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
    engine.advanceTo(T0)
    send(engine, [{ group: 'a', timeMs: T0, value: 1 }])
    const run = engine.run(planOf(10_000, 10_000, 0), { fromMs: T0, toMs: T0 + 1, signal: AbortSignal.abort() })
    await expect(all(run)).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }))
  })

  test('needs a storage and says so', async () => {
    await using engine = createEngine({ clock: 'manual' })
    expect(() => engine.run(planOf(10_000, 10_000, 0), { fromMs: T0 })).toThrow(
      expect.objectContaining({ code: 'STORAGE_MISSING' }),
    )
  })
})

describe('results', () => {
  test('are stored with their newest revision', async () => {
    const storage = memoryAdapter()
    await using engine = createEngine({ clock: 'manual', storage })
    engine.advanceTo(T0)
    engine.addQuery('q', planOf(10_000, 10_000, 0))
    send(engine, [{ group: 'a', timeMs: T0, value: 1 }])
    engine.advanceTo(T0 + 20_000)
    send(engine, [{ group: 'a', timeMs: T0 + 1, value: 10 }])
    engine.advanceTo(T0 + 60_000)
    await engine.flush()
    const rows = await all(storage.scanResults({ tenant: 'default', query: 'q', fromMs: T0, toMs: T0 + 60_000 }))
    expect(rows.map((row) => [row.values['sum'], row.lateApplied, row.revision])).toEqual([[11, 1, 65_538]])
  })
})

describe('a replay', () => {
  test('keeps its own time, reaches the stored queries and leaves the live watermark alone', async () => {
    await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
    engine.advanceTo(T0)
    const plan = planOf(10_000, 10_000, 0)
    const rows: WindowResult[] = []
    engine.addQuery('q', plan).subscribe((row) => rows.push(row))
    const past = T0 - 10 * 365 * 86_400_000
    const pastStart = past - (past % 10_000)
    const replay = engine.replay('file')
    const batch = createSampleBatch(3)
    const ref = engine.registry.register({ server: 'replay', metric: 'm', kind: 'delta' })
    for (const second of [0, 10, 20]) batch.push(ref, pastStart + second * 1_000, second)
    const watermarkMs = engine.stats().tenants[0]!.watermarkMs
    expect(replay.ingest(batch, { batchId: 'file:0' })).toMatchObject({ accepted: 3, rejected: [] })
    expect(replay.ingest(batch, { batchId: 'file:0' })).toMatchObject({ accepted: 0, duplicates: 3 })
    await replay.finish()
    expect(rows.map((row) => [row.startMs - pastStart, row.values['sum'], row.source, row.partial])).toEqual([
      [0, 0, 'replay', false],
      [10_000, 10, 'replay', false],
      [20_000, 20, 'replay', false],
    ])
    expect(engine.stats().tenants[0]!.watermarkMs).toBe(watermarkMs)
    const history = await all(engine.run(plan, { fromMs: pastStart, toMs: pastStart + 30_000 }))
    expect(history.map((row) => row.values['sum'])).toEqual([0, 10, 20])
    expect(engine.stats().tenants[0]!.points).toMatchObject({ received: 6, accepted: 3, duplicate: 3 })
  })
})
