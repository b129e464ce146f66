import { expect, test } from 'vitest'
import { createSampleBatch, type Engine, type QueryPlan, type WindowResult } from '../../src/index.ts'
import { collect, manualEngine, newest, planOf, T0 } from './fixtures.ts'

const SECOND_MS = 1_000
const SUM = [{ name: 'sum', aggregate: { fn: 'sum' } }] as const

function growthPlan(sizeMs: number): QueryPlan {
  return planOf({ sizeMs, columns: SUM }, { reading: 'increase' })
}

/** Sends a total of a counter that began `startSecond` seconds after the start of all, or nobody knows when. */
function total(engine: Engine, server: string, second: number, value: number, startSecond?: number): void {
  const batch = createSampleBatch(1)
  const row = batch.push(
    engine.registry.register({ server, metric: 'm', kind: 'counter' }),
    T0 + second * SECOND_MS,
    value,
  )
  if (startSecond !== undefined) batch.setStartTime(row, T0 + startSecond * SECOND_MS)
  engine.ingest(batch, { source: 'test' })
}

test('a query added later does not take a total that began before it, and takes none from the one before', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const before = collect(engine.addQuery('before', growthPlan(60_000)))
  total(engine, 'known', 49, 0)
  engine.advanceTo(T0 + 50 * SECOND_MS)
  const added = engine.addQuery('added', growthPlan(60_000))
  expect(added.coversFromMs).toBe(T0 + 49_001)
  const after = collect(added)
  total(engine, 'began before it', 100, 1_000, 5)
  total(engine, 'began after it', 101, 30, 70)
  engine.advanceTo(T0 + 300 * SECOND_MS)
  const sums = (rows: readonly WindowResult[]): unknown[] =>
    newest(rows).map((row) => [(row.startMs - T0) / SECOND_MS, row.values['sum'], row.partial])
  // The first window held a base line alone, which is no growth.
  expect(sums(before).slice(-1)).toEqual([[60, 1_030, false]])
  expect(sums(after).slice(-1)).toEqual([[60, 30, false]])
})

test('queries on growth that begin together share what they hold', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  engine.addQuery('a', growthPlan(10_000))
  engine.addQuery('b', growthPlan(5_000))
  for (let second = 1; second < 20; second++) total(engine, 's', second, second)
  engine.addQuery('c', growthPlan(5_000))
  engine.addQuery('d', growthPlan(10_000))
  engine.advanceTo(T0 + 20 * SECOND_MS)
  for (let second = 20; second < 40; second++) total(engine, 's', second, second)
  engine.advanceTo(T0 + 40 * SECOND_MS)
  const [tenant] = engine.stats().tenants
  const items = tenant!.queries.map(({ stateItems }) => stateItems)
  expect(tenant!.stateItems).toBe(items[0]! + items[2]!)
})

test('what pairing comes upon is told: resets, writers that overlap, totals that say nothing', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  engine.addQuery('a', growthPlan(10_000))
  engine.addQuery('b', planOf({ sizeMs: 60_000, columns: SUM }, { reading: 'rate' }))
  for (const [second, value] of [
    [1, 10],
    [2, 3],
    [3, 4],
    [4, 1],
    [5, -1],
  ] as const)
    total(engine, 'reset', second, value)
  total(engine, 'two writers', 1, 10, 0.25)
  total(engine, 'two writers', 2, 5, 0.5)
  total(engine, 'two writers', 3, 11, 0.25)
  for (let ms = 0; ms < 20; ms++) total(engine, 'quick', 6 + ms / 1_000, ms)
  engine.advanceTo(T0 + 30 * SECOND_MS)
  expect(engine.stats().tenants[0]!.counterPairs).toEqual({ resets: 3, overlaps: 2, indeterminate: 1, pairedEarly: 4 })
})
