import {
  createEngine,
  createSampleBatch,
  type Engine,
  type MetricKind,
  type QueryPlan,
  type SampleBatch,
  type WindowResult,
} from '@windrow/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryAdapter } from '../src/memory/index.ts'

const T0 = Date.UTC(2026, 2, 1, 12)
const SECOND_MS = 1_000
const planFor = (kind: MetricKind): QueryPlan => ({
  planVersion: 1,
  text: kind,
  selector: { metric: 'm', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
  window: { type: 'fixed', sizeMs: 5_000, stepMs: 5_000, offsetMs: 0 },
  columns: [
    { name: 'count', aggregate: { fn: 'count' } },
    { name: 'max', aggregate: { fn: 'max' } },
  ],
  groupBy: [],
  ...(kind === 'counter' ? { reading: 'increase' } : {}),
})

interface Sample {
  readonly server: string
  readonly second: number
  readonly startSecond: number | undefined
  readonly value: number
}

function batchOf(engine: Engine, kind: MetricKind, samples: readonly Sample[]): SampleBatch {
  const batch = createSampleBatch(Math.max(1, samples.length))
  for (const { server, second, startSecond, value } of samples) {
    const ref = engine.registry.register({ server, metric: 'm', kind })
    const row = batch.push(ref, T0 + second * SECOND_MS, value)
    if (startSecond !== undefined) batch.setStartTime(row, T0 + startSecond * SECOND_MS)
  }
  return batch
}

/** Moves the clock on, with room for repairs now and then. */
async function advance(engine: Engine, fromSecond: number, toSecond: number, stepSeconds = 1): Promise<void> {
  for (let second = fromSecond; second <= toSecond; second += stepSeconds) {
    engine.advanceTo(T0 + second * SECOND_MS)
    if (second % 20 === 0) await engine.settled()
  }
  await engine.settled()
}

const shape = (rows: readonly WindowResult[]) =>
  rows.map((row) => [(row.startMs - T0) / SECOND_MS, row.count, row.values['max'], row.completeness])

/** The rows that hold: the greatest revision of each window. */
function newest(rows: readonly WindowResult[]): WindowResult[] {
  const byStart = new Map<number, WindowResult>()
  for (const row of rows) if (row.revision > (byStart.get(row.startMs)?.revision ?? 0)) byStart.set(row.startMs, row)
  return [...byStart.values()].filter(({ retracted }) => retracted !== true).sort((a, b) => a.startMs - b.startMs)
}

async function history(engine: Engine, kind: MetricKind): Promise<WindowResult[]> {
  const rows: WindowResult[] = []
  for await (const row of engine.run(planFor(kind), { fromMs: T0, toMs: T0 + 100 * SECOND_MS })) rows.push(row)
  return rows
}

const samplesOf = (kind: MetricKind) =>
  fc.array(
    fc
      .record({
        server: fc.constantFrom('a', 'b'),
        second: fc.integer({ min: 0, max: 40 }),
        lengthSeconds: fc.constantFrom(undefined, 5, 10),
        value: fc.integer({ min: 1, max: 9 }),
      })
      .map(({ lengthSeconds, second, ...sample }) => {
        const isAmount = kind === 'delta' && lengthSeconds !== undefined
        return { ...sample, second, startSecond: isAmount ? second - lengthSeconds : undefined }
      }),
    { minLength: 1, maxLength: 40 },
  )

describe('a replay changes nothing when its samples were taken live', () => {
  for (const kind of ['gauge', 'counter', 'delta'] as const)
    for (const after of ['ten minutes, while they are remembered', 'an hour, when they are forgotten'] as const)
      test(`${kind}s, after ${after}`, async () => {
        const afterSeconds = after.startsWith('ten') ? 400 : 3_600
        await fc.assert(
          fc.asyncProperty(samplesOf(kind), fc.boolean(), async (samples, isMixed) => {
            await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
            engine.advanceTo(T0)
            const rows: WindowResult[] = []
            engine.addQuery('q', planFor(kind)).subscribe((row) => rows.push(row))
            engine.ingest(batchOf(engine, kind, samples), { source: 'live' })
            await advance(engine, 1, 100)
            // A newer sample makes old ones of them.
            engine.ingest(
              batchOf(
                engine,
                kind,
                ['a', 'b'].map((server) => ({ server, second: afterSeconds, startSecond: undefined, value: 1 })),
              ),
              { source: 'live' },
            )
            await advance(engine, afterSeconds, afterSeconds + 100, 10)
            const [live, before] = [shape(newest(rows)), shape(await history(engine, kind))]
            const replay = engine.replay('file')
            const again = isMixed ? [...samples].reverse() : samples
            const { accepted } = replay.ingest(batchOf(engine, kind, again), {})
            if (afterSeconds < 600) expect(accepted).toBe(0)
            await replay.finish()
            await advance(engine, afterSeconds + 100, afterSeconds + 300, 10)
            expect(shape(newest(rows))).toEqual(live)
            expect(shape(await history(engine, kind))).toEqual(before)
          }),
          { numRuns: 25 },
        )
      })

  test('a replay of some new samples among them adds those alone', async () => {
    await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
    engine.advanceTo(T0)
    const rows: WindowResult[] = []
    engine.addQuery('q', planFor('gauge')).subscribe((row) => rows.push(row))
    const at = (second: number): Sample => ({ server: 'a', second, startSecond: undefined, value: second })
    engine.ingest(batchOf(engine, 'gauge', [0, 2, 4, 6, 8].map(at)), { source: 'live' })
    await advance(engine, 1, 120)
    const replay = engine.replay('file')
    const all = Array.from({ length: 10 }, (_, second) => at(second))
    expect(replay.ingest(batchOf(engine, 'gauge', all), {})).toMatchObject({ accepted: 5, duplicates: 5 })
    await replay.finish()
    await advance(engine, 121, 300)
    expect(newest(rows).map((row) => row.count)).toEqual([5, 5])
    expect((await history(engine, 'gauge')).map((row) => row.count)).toEqual([5, 5])
  })
})
