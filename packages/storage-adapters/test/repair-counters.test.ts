import { createEngine, createSampleBatch, type Engine, type QueryPlan, type WindowResult } from '@windrow/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryAdapter } from '../src/memory/index.ts'

const T0 = Date.UTC(2026, 2, 1)
const MINUTE_MS = 60_000

/** Of one server, by time in seconds; values rise with it. */
interface Sample {
  readonly server: string
  readonly at: number
  readonly late: 'no' | 'live' | 'replay'
}

function send(engine: Engine, samples: readonly Sample[], take: (batch: ReturnType<typeof createSampleBatch>) => void) {
  const batch = createSampleBatch(Math.max(1, samples.length))
  for (const { server, at } of samples) {
    const ref = engine.registry.register({ server, metric: 'm', kind: 'counter' })
    batch.push(ref, T0 + at * 1_000, at * at)
  }
  take(batch)
}

function planOf(stepS: number, times: number, reading: 'increase' | 'rate'): QueryPlan {
  return {
    planVersion: 1,
    text: JSON.stringify([stepS, times, reading]),
    selector: { metric: 'm', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
    window: { type: 'fixed', sizeMs: stepS * times * 1_000, stepMs: stepS * 1_000, offsetMs: 0 },
    reading,
    columns: [
      { name: 'sum', aggregate: { fn: 'sum' } },
      { name: 'count', aggregate: { fn: 'count' } },
    ],
    groupBy: [{ kind: 'topology', name: 'server' }],
  }
}

/** What a reader who keeps the greatest revision of each row sees. */
function seenBy(rows: readonly WindowResult[]): unknown[] {
  const newest = new Map<string, WindowResult>()
  for (const row of rows) {
    const identity = `${row.startMs} ${row.group['server']}`
    if (row.revision > (newest.get(identity)?.revision ?? -1)) newest.set(identity, row)
  }
  return shape([...newest.values()].filter((row) => row.retracted !== true))
}

const shape = (rows: readonly WindowResult[]): unknown[] =>
  rows
    .filter((row) => row.startMs >= T0)
    .map((row) => [(row.startMs - T0) / 1_000, row.group['server'], row.count, { ...row.values }])
    .sort()

const samples = fc.uniqueArray(
  fc.record({
    server: fc.constantFrom('a', 'b'),
    // Some a few seconds apart, some minutes.
    at: fc.oneof(fc.integer({ min: 60, max: 120 }), fc.integer({ min: 60, max: 550 })),
    late: fc.constantFrom('no' as const, 'no' as const, 'live' as const, 'replay' as const),
  }),
  { minLength: 2, maxLength: 40, selector: ({ server, at }) => `${server} ${at}` },
)

test('samples of counters that come late, or by a replay, leave the rows that history has', async () => {
  await fc.assert(
    fc.asyncProperty(
      samples,
      fc.record({ stepS: fc.integer({ min: 1, max: 40 }), times: fc.integer({ min: 1, max: 3 }) }),
      fc.constantFrom('increase' as const, 'rate' as const),
      fc.integer({ min: 0, max: 600 }),
      async (all, { stepS, times }, reading, advanced) => {
        const plan = planOf(stepS, times, reading)
        const errors: unknown[] = []
        await using engine = createEngine({
          clock: 'manual',
          storage: memoryAdapter({ scanBatchRows: 7 }),
          onError: (error) => errors.push(error),
        })
        engine.advanceTo(T0 - 10 * MINUTE_MS)
        const rows: WindowResult[] = []
        engine.addQuery('q', plan).subscribe((row) => rows.push(row))
        const live = (batch: ReturnType<typeof createSampleBatch>) => void engine.ingest(batch, { source: 'test' })
        engine.advanceTo(T0)
        send(
          engine,
          all.filter(({ late }) => late === 'no'),
          live,
        )
        // So that what is late for some windows is not for others.
        engine.advanceTo(T0 + 60_000 + advanced * 1_000)
        send(
          engine,
          all.filter(({ late }) => late === 'live'),
          live,
        )
        const replay = engine.replay('import')
        const replayed = all.filter(({ late }) => late === 'replay')
        send(engine, replayed, (batch) => void replay.ingest(batch))
        await replay.finish()
        for (let run = 0; run < 8; run++) {
          engine.advanceTo(T0 + (11 + run) * MINUTE_MS + advanced * 1_000)
          await engine.settled()
        }
        expect(errors).toEqual([])
        const history: WindowResult[] = []
        for await (const row of engine.run(plan, { fromMs: T0, toMs: T0 + 10 * MINUTE_MS })) history.push(row)
        expect(seenBy(rows)).toEqual(shape(history))
      },
    ),
    { numRuns: 150 },
  )
})
