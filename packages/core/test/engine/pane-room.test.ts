import { expect, test } from 'vitest'
import { createSampleBatch, type Engine, type PolledSource } from '../../src/index.ts'
import { manualEngine, planOf, T0 } from './fixtures.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const COUNT = [{ name: 'count', aggregate: { fn: 'count' } }] as const

/** One event a second, up to `untilSecond`. */
function flow(engine: Engine, fromSecond: number, untilSecond: number, source?: PolledSource): void {
  const batch = createSampleBatch(untilSecond - fromSecond)
  const ref = engine.registry.register({ server: source === undefined ? 'a' : 'b', metric: 'm', kind: 'distribution' })
  for (let second = fromSecond; second < untilSecond; second++) batch.push(ref, T0 + second * SECOND_MS, 1)
  if (source === undefined) engine.ingest(batch, { source: 'gateway' })
  else source.ingest(batch, { backlog: 1_000 })
}

test('windows that would need 5,412 panes together do not share them', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  engine.addQuery('hour', planOf({ sizeMs: HOUR_MS, stepMs: 1_000, columns: COUNT }))
  engine.addQuery('two hours', planOf({ sizeMs: 2 * HOUR_MS, stepMs: 2_000, offsetMs: 1_000, columns: COUNT }))
  engine.addQuery('half an hour', planOf({ sizeMs: HOUR_MS / 2, stepMs: 1_000, columns: COUNT }))
  for (let second = 0; second < 8_000; second += 20) {
    flow(engine, second, second + 20)
    engine.advanceTo(T0 + (second + 20) * SECOND_MS)
  }
  const [tenant] = engine.stats().tenants
  const [hour, twoHours, halfAnHour] = tenant!.queries.map(({ stateItems }) => stateItems)
  expect(hour).toBeGreaterThan(3_600)
  expect(hour).toBeLessThan(3_640)
  expect(twoHours).toBeGreaterThan(3_600)
  expect(twoHours).toBeLessThan(3_640)
  // Its edges are all edges of the hour.
  expect(tenant!.stateItems).toBe(hour! + twoHours!)
  expect(halfAnHour).toBe(hour)
})

test('a partition a minute behind is waited for, however many panes a query needs anyway', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  engine.addQuery('hour', planOf({ sizeMs: HOUR_MS, stepMs: 1_000, columns: COUNT }))
  for (let second = 0; second < 4_000; second += 20) {
    flow(engine, second, second + 20)
    engine.advanceTo(T0 + (second + 20) * SECOND_MS)
  }
  expect(engine.stats().paneCount).toBeGreaterThan(0.8 * 4_096)
  const partition = engine.source('partition', { kind: 'polled' })
  for (let second = 4_000; second < 4_030; second++) {
    flow(engine, second, second + 1)
    flow(engine, second - 60, second - 59, partition)
    engine.advanceTo(T0 + (second + 1) * SECOND_MS)
  }
  expect(engine.stats().tenants[0]!.sources.find(({ source }) => source === 'partition')).toMatchObject({
    state: 'catching-up',
  })
  expect(engine.stats().tenants[0]!.watermarkMs).toBeLessThan(T0 + 4_000 * SECOND_MS)
})

test('a partition for whose sake panes pile up is waited for no longer', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  engine.addQuery('seconds', planOf({ sizeMs: 1_000, columns: COUNT }))
  const partition = engine.source('partition', { kind: 'polled' })
  let stalledAt = 0
  for (let second = 0; second < 5_000 && stalledAt === 0; second += 20) {
    flow(engine, second, second + 20)
    // It gets on, at a tenth of the pace of time.
    flow(engine, second / 10, second / 10 + 1, partition)
    engine.advanceTo(T0 + (second + 20) * SECOND_MS)
    const { state, reason } = engine.stats().tenants[0]!.sources.find(({ source }) => source === 'partition')!
    if (state === 'stalled') {
      stalledAt = second
      expect(reason).toBe('pane-limit')
    }
  }
  expect(engine.stats().paneCount).toBeLessThan(4_096)
  // 80 % of the panes that it does not need anyway, at nine in ten seconds.
  expect(stalledAt).toBeGreaterThan((0.8 * 4_096) / 0.95)
  expect(stalledAt).toBeLessThan((0.8 * 4_096) / 0.85)
})
