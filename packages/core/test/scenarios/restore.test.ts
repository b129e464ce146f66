import { expect, test } from 'vitest'
import { createSampleBatch, type Engine, type PolledSource, type WindowResult } from '../../src/index.ts'
import { collect, newest, type Point, planOf, T0 } from '../engine/fixtures.ts'
import { expectOracle, LEVELS, MINUTE_MS, oracleOf, SECOND_MS, scenarioEngine, shapeOf, valueAt } from './fixtures.ts'

const PLAN = planOf({ sizeMs: 10_000, columns: LEVELS })
const RECORDS: readonly Point[] = Array.from({ length: 180 }, (_, second) => {
  const timeMs = T0 + second * SECOND_MS
  return { server: 'a', kind: 'gauge', timeMs, value: valueAt(timeMs) }
})
const SNAPSHOT_MS = T0 + 34 * SECOND_MS
const CRASH_MS = T0 + 57 * SECOND_MS

/** Reads records of a spool that has what was written up to now; the offset is the number of the next record. */
function read(engine: Engine, spool: PolledSource, from: number, most: number): number {
  const written = RECORDS.filter(({ timeMs }) => timeMs <= engine.nowMs()).length
  const records = RECORDS.slice(from, Math.min(from + most, written))
  const next = from + records.length
  const batch = createSampleBatch(Math.max(1, records.length))
  for (const { timeMs, value } of records)
    batch.push(engine.registry.register({ server: 'a', metric: 'm', kind: 'gauge' }), timeMs, value)
  spool.ingest(batch, { backlog: written - next, offset: `${next}` })
  engine.advanceTo(engine.nowMs())
  return next
}

/** The first life, up to a crash some time after its snapshot: what it told, and the snapshot. */
async function firstLife(): Promise<{ readonly rows: WindowResult[]; readonly snapshot: readonly Uint8Array[] }> {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const rows = collect(engine.addQuery('q', PLAN))
  const spool = engine.source('spool', { kind: 'polled' })
  spool.caughtUp()
  let snapshot: readonly Uint8Array[] = []
  let next = 0
  for (let nowMs = T0; nowMs <= CRASH_MS; nowMs += SECOND_MS) {
    engine.advanceTo(nowMs)
    next = read(engine, spool, next, 10)
    if (nowMs === SNAPSHOT_MS) snapshot = [...engine.snapshot()]
  }
  return { rows, snapshot }
}

/** The second life: restores, then reads the spool from `oldest` on, or from where the first life was. */
async function secondLife(
  snapshot: readonly Uint8Array[],
  oldest: number,
  gapUntilMs: number,
): Promise<WindowResult[]> {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 + 90 * SECOND_MS)
  await engine.restore(snapshot, { gapUntilMs })
  const query = engine.query('q')!
  const rows = collect(query)
  const spool = engine.source('spool', { kind: 'polled' })
  expect(spool.offset).toBe('35')
  let next = Math.max(oldest, Number(spool.offset))
  const skipped = next - Number(spool.offset)
  for (let nowMs = engine.nowMs(); nowMs <= T0 + 4 * MINUTE_MS; nowMs += SECOND_MS) {
    engine.advanceTo(nowMs)
    next = read(engine, spool, next, 10)
  }
  const { matched, applied, lateApplied, lateDropped } = query.counters
  expect({ matched, applied: applied + lateApplied, lateDropped }).toEqual({
    matched: RECORDS.length - skipped,
    applied: RECORDS.length - skipped,
    lateDropped: 0,
  })
  return rows
}

test('an engine dies and reads its spool again from a snapshot', async () => {
  const { rows: before, snapshot } = await firstLife()
  const after = await secondLife(snapshot, 0, Number.NEGATIVE_INFINITY)
  expectOracle([...before, ...after], RECORDS, PLAN)
  expect(after.some(({ partial }) => partial)).toBe(false)
  // What was final, or told alike, is not told again; what is told again is newer than all before.
  const told = new Map(newest(before).map((row) => [row.startMs, row.revision]))
  expect(after[0]!.startMs).toBeGreaterThanOrEqual(T0 + 20 * SECOND_MS)
  for (const { startMs, revision } of after) expect(revision).toBeGreaterThan(told.get(startMs) ?? 0)
})

test('a snapshot is older than its spool', async () => {
  const { rows: before, snapshot } = await firstLife()
  const oldest = 45
  const after = await secondLife(snapshot, oldest, RECORDS[oldest]!.timeMs)
  const kept = RECORDS.filter((_, second) => second < 35 || second >= oldest)
  expect(newest(after).map(({ startMs, partial }) => [startMs, partial])).toEqual(
    Array.from({ length: 15 }, (_, i) => T0 + (3 + i) * 10_000).map((startMs) => [
      startMs,
      startMs < RECORDS[oldest]!.timeMs,
    ]),
  )
  expect(shapeOf(newest(after), PLAN)).toEqual(
    oracleOf(kept, PLAN).filter(([startMs]) => startMs >= T0 + 30 * SECOND_MS),
  )
  expect(newest(before).some(({ partial }) => partial)).toBe(false)
})
