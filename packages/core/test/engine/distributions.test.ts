import { expect, test } from 'vitest'
import type { DistributionState } from '../../src/aggregate/distribution-state.ts'
import { encodeDistribution } from '../../src/aggregate/state-codec.ts'
import { createSampleBatch, type Engine, type Temporality } from '../../src/index.ts'
import { collect, manualEngine, P50, P99, planOf, STATS, T0 } from './fixtures.ts'

function sendState(
  engine: Engine,
  state: DistributionState,
  { timeMs, startMs = 0, temporality = 'delta' }: { timeMs: number; startMs?: number; temporality?: Temporality },
) {
  const batch = createSampleBatch(1)
  const ref = engine.registry.register({ server: 's', metric: 'm', kind: 'distribution', temporality, unit: 's' })
  const row = batch.push(ref, timeMs, state.sum)
  if (startMs > 0) batch.setStartTime(row, startMs)
  batch.setState(row, encodeDistribution(state, 0))
  return engine.ingest(batch, { source: 'test' })
}

const exponential: DistributionState = {
  type: 'exponential',
  count: 4,
  sum: 20,
  min: 2.5,
  max: 8,
  cumulative: false,
  scale: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  positive: { offset: 1, counts: [3, 1] },
  negative: { offset: 0, counts: [] },
}

const buckets: DistributionState = {
  type: 'buckets',
  count: 4,
  sum: 20,
  min: Number.NaN,
  max: Number.NaN,
  cumulative: true,
  bounds: [1, 4, 16],
  counts: [0, 3, 1, 0],
}

test('an exponential histogram counts its events and keeps its recorded extremes', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ columns: [...STATS, P50] })))
  expect(sendState(engine, exponential, { timeMs: T0 }).accepted).toBe(1)
  expect(sendState(engine, exponential, { timeMs: T0 + 1 }).accepted).toBe(1)
  engine.advanceTo(T0 + 20_000)
  const { values, count, quality, seriesExpected } = rows[0]!
  expect({ ...values, p50: 0 }).toEqual({ count: 8, sum: 40, min: 2.5, max: 8, avg: 5, p50: 0 })
  expect(count).toBe(8)
  expect(seriesExpected).toBe(0)
  // The bin is (2, 4]; recorded extremes narrow it to [2.5, 4].
  const { relativeError, sketch } = quality!.columns!['p50']!
  expect(sketch).toBe('exponential')
  for (const truth of [2.5, 3, 4])
    expect(Math.abs(values['p50']! - truth)).toBeLessThanOrEqual(relativeError! * truth * (1 + 1e-9))
})

test('a running explicit-bucket histogram becomes amounts, with bounds for extremes', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ columns: [...STATS, P99] })))
  const report = (timeMs: number, times: number) =>
    sendState(
      engine,
      { ...buckets, count: 4 * times, sum: 20 * times, counts: [0, 3 * times, times, 0] },
      { timeMs, startMs: T0 - 60_000, temporality: 'cumulative' },
    )
  report(T0, 1)
  report(T0 + 1_000, 3)
  expect(report(T0 + 1_000, 3).duplicates).toBe(1)
  expect(report(T0 + 500, 2).rejected).toMatchObject([{ index: 0, reason: 'out-of-order' }])
  engine.advanceTo(T0 + 20_000)
  const { values, quality } = rows[0]!
  expect({ ...values, p99: 0 }).toEqual({ count: 12, sum: 60, min: 1, max: 16, avg: 5, p99: 0 })
  expect(quality!.columns!['min']).toEqual({ sketch: 'buckets' })
  expect(quality!.columns!['p99']!.sketch).toBe('buckets')
  const error = quality!.columns!['p99']!.relativeError!
  for (const truth of [4.01, 10, 16]) expect(Math.abs(values['p99']! - truth)).toBeLessThanOrEqual(error * truth)
})

test('a histogram without a sum counts, and leaves sum and avg unknown', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf()))
  sendState(engine, exponential, { timeMs: T0 })
  sendState(engine, { ...exponential, sum: Number.NaN }, { timeMs: T0 + 1 })
  engine.advanceTo(T0 + 20_000)
  expect(rows[0]!.values).toEqual({ count: 8, sum: null, min: 2.5, max: 8, avg: null })
})

test('percentiles of several servers merge, not average', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ columns: [P50, P99] })))
  const batch = createSampleBatch(1_000)
  for (let i = 1; i <= 1_000; i++) {
    const server = i <= 990 ? 'quick' : 'slow'
    batch.push(
      engine.registry.register({ server, metric: 'm', kind: 'distribution' }),
      T0,
      server === 'quick' ? 1 : 100,
    )
  }
  engine.ingest(batch, { source: 'test' })
  engine.advanceTo(T0 + 20_000)
  const { values, quality } = rows[0]!
  const error = quality!.columns!['p99']!.relativeError!
  expect(Math.abs(values['p50']! - 1)).toBeLessThanOrEqual(error)
  expect(Math.abs(values['p99']! - 1)).toBeLessThanOrEqual(error)
})
