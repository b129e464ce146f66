import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, createSampleBatch, type Engine, type QueryPlan, type WindowResult } from '@windrow/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileStateStore } from '../src/file-state/index.ts'
import { memoryAdapter } from '../src/memory/index.ts'

const T0 = Date.UTC(2026, 2, 1)
const HOUR_MS = 3_600_000

interface Sample {
  readonly server: string
  readonly timeMs: number
  readonly value: number
}

function planOf(window: QueryPlan['window'], more: Partial<QueryPlan> = {}): QueryPlan {
  return {
    planVersion: 1,
    text: JSON.stringify([window, more]),
    selector: { metric: 'm', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
    window,
    columns: [
      { name: 'sum', aggregate: { fn: 'sum' } },
      { name: 'min', aggregate: { fn: 'min' } },
      { name: 'p90', aggregate: { fn: 'percentile', rank: { digits: 9, scale: 1 } } },
    ],
    groupBy: [{ kind: 'topology', name: 'server' }],
    ...more,
  }
}

function send(engine: Engine, samples: readonly Sample[]): void {
  const batch = createSampleBatch(Math.max(1, samples.length))
  for (const { server, timeMs, value } of samples)
    batch.push(engine.registry.register({ server, metric: 'm', kind: 'distribution' }), timeMs, value)
  engine.ingest(batch, { source: 'test' })
}

async function all(rows: AsyncIterable<WindowResult>): Promise<WindowResult[]> {
  const list: WindowResult[] = []
  for await (const row of rows) list.push(row)
  return list
}

const identityOf = ({ startMs, group }: WindowResult) => `${startMs} ${group['server']}`
const shape = (rows: Iterable<WindowResult>) =>
  [...rows].map((row) => [identityOf(row), row.endMs, row.count, { ...row.values }]).sort()

/** What a reader who keeps the greatest revision of each row sees. */
function seenBy(rows: readonly WindowResult[]): WindowResult[] {
  const newest = new Map<string, WindowResult>()
  for (const row of rows) {
    const before = newest.get(identityOf(row))
    if (before === undefined || row.revision > before.revision) newest.set(identityOf(row), row)
  }
  return [...newest.values()].filter((row) => row.retracted !== true)
}

const samples = fc.array(
  fc.record({
    server: fc.constantFrom('a', 'b'),
    timeMs: fc.nat(120_000).map((afterMs) => T0 + afterMs),
    value: fc.integer({ min: -1_000, max: 1_000 }),
  }),
  { minLength: 1, maxLength: 40 },
)
const window: fc.Arbitrary<QueryPlan['window']> = fc.oneof(
  fc
    .record({ stepS: fc.integer({ min: 1, max: 20 }), times: fc.integer({ min: 1, max: 3 }) })
    .map(({ stepS, times }) => ({
      ...{ type: 'fixed' as const, offsetMs: 0 },
      ...{ sizeMs: stepS * times * 1_000, stepMs: stepS * 1_000 },
    })),
  fc.constant({ type: 'session' as const, gapMs: 5_000, maxMs: 60_000 }),
  fc.constant({
    ...{ type: 'calendar' as const, unit: 'day' as const, size: 1, step: 1, offsetMs: 0 },
    timeZone: 'Europe/Berlin',
  }),
)
const shown: fc.Arbitrary<Partial<QueryPlan>> = fc.constantFrom(
  {},
  { limit: 1, orderBy: { column: 'sum', descending: true } },
  { minSamples: 2 },
)

test('samples that come hours late reach subscribers and the stored rows, which become those of history', async () => {
  await fc.assert(
    fc.asyncProperty(
      samples,
      fc.array(samples, { minLength: 1, maxLength: 3 }),
      window,
      shown,
      async (first, late, of, how) => {
        const plan = planOf(of, of.type === 'session' && how.limit !== undefined ? {} : how)
        const storage = memoryAdapter({ scanBatchRows: 16 })
        const errors: unknown[] = []
        await using engine = createEngine({ clock: 'manual', storage, onError: (error) => errors.push(error) })
        const startMs = T0 - 48 * HOUR_MS
        engine.advanceTo(startMs)
        // So that nothing after it is from before the storage began.
        send(engine, [{ server: 'first', timeMs: startMs, value: 0 }])
        const rows: WindowResult[] = []
        engine.addQuery('q', plan).subscribe((row) => rows.push(row))
        engine.advanceTo(T0)
        send(engine, first)
        engine.advanceTo(T0 + 48 * HOUR_MS)
        for (const [round, batch] of late.entries()) {
          send(engine, batch)
          // The first makes a run due, the second waits for what storage shows.
          engine.advanceTo(T0 + 49 * HOUR_MS + round * 60_000)
          await engine.flush()
          engine.advanceTo(T0 + 49 * HOUR_MS + round * 60_000 + 30_000)
          await engine.settled()
        }
        expect(errors).toEqual([])
        const range = { fromMs: T0 - 24 * HOUR_MS, toMs: T0 + 24 * HOUR_MS }
        const history = shape(await all(engine.run(plan, range)))
        const inRange = (row: WindowResult) => row.startMs >= range.fromMs && row.startMs < range.toMs
        expect(shape(seenBy(rows).filter(inRange))).toEqual(history)
        const stored = storage.scanResults({ tenant: 'default', query: 'q', ...range })
        expect(shape(await all(stored))).toEqual(history)
        const told = rows.map((row) => `${identityOf(row)} ${row.revision}`)
        expect(new Set(told).size).toBe(told.length)
      },
    ),
    { numRuns: 80 },
  )
})

test('revisions of a second life exceed those of the first, repairs among them', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'windrow-repair-'))
  try {
    const revisions: number[][] = []
    for (let life = 0; life < 2; life++) {
      const stateStore = fileStateStore({ directory })
      await using engine = createEngine({ clock: 'manual', storage: memoryAdapter(), stateStore })
      engine.advanceTo(T0 - 60_000)
      await engine.flush()
      const rows: WindowResult[] = []
      const plan = planOf({ type: 'fixed', sizeMs: 10_000, stepMs: 10_000, offsetMs: 0 })
      engine.addQuery('q', plan).subscribe((row) => rows.push(row))
      send(engine, [{ server: 'a', timeMs: T0, value: 1 }])
      engine.advanceTo(T0 + HOUR_MS)
      send(engine, [{ server: 'a', timeMs: T0 + 1, value: 2 }])
      engine.advanceTo(T0 + HOUR_MS + 1)
      engine.advanceTo(T0 + HOUR_MS + 60_000)
      await engine.settled()
      expect(rows.map((row) => [row.source, row.values['sum']])).toEqual([
        ['live', 1],
        ['backfill', 3],
      ])
      revisions.push(rows.map((row) => Math.floor(row.revision / 65_536)))
    }
    expect(revisions).toEqual([
      [1, 2],
      [3, 4],
    ])
  } finally {
    await rm(directory, { recursive: true })
  }
})
