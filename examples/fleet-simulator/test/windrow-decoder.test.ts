import { createSampleBatch, createSeriesRegistry, type SeriesRef } from '@windrow/core'
import { createOtlpDecoder } from '@windrow/core/otlp'
import { expect, test } from 'vitest'
import { Fleet } from '../src/index.ts'
import { startReceiver } from './receiver.ts'

const EPOCH_MS = Date.UTC(2026, 6, 1, 12)

test('the decoder of windrow finds what the fleet says it sent', async () => {
  await using receiver = await startReceiver()
  const fleet = new Fleet({ url: receiver.url, servers: 120, metrics: 15, log: () => undefined })
  await fleet.sendRound(() => EPOCH_MS)
  await fleet.sendRound(() => EPOCH_MS + 1000)
  fleet.stop()

  const registry = createSeriesRegistry()
  const decoder = createOtlpDecoder(registry)
  const batch = createSampleBatch()
  for (const body of receiver.bodies) {
    const result = decoder.decode(body, batch, { contentType: 'application/x-protobuf' })
    expect(result.rejected).toEqual([])
  }
  const sums = new Map<string, number>()
  for (let row = 0; row < batch.length; row++) {
    const { metric, kind, unit } = registry.describe(batch.series[row] as SeriesRef)
    const key = `${metric} ${kind} ${unit}`
    sums.set(key, (sums.get(key) ?? 0) + batch.values[row]!)
  }
  const { sent } = fleet.stats
  expect(batch.length).toBe(120 * 15 * 2)
  expect(sent.points).toBe(batch.length)
  expect(registry.size).toBe(120 * 15)
  expect(sums.get('rpc.calls delta {call}')).toBe(sent.calls)
  expect(sums.get('rpc.latency distribution s')).toBeCloseTo(sent.latencySumSeconds, 6)
  expect(sums.get('system.cpu.utilization gauge 1')).toBeCloseTo(sent.cpuUtilizationSum, 6)
  // An amount for (start, end] belongs to the window that holds its last instant before the end.
  const first = batch.timestampsMs.subarray(0, 9)
  expect(new Set(first)).toEqual(new Set([EPOCH_MS, EPOCH_MS - 1]))
  expect(batch.states?.count).toBe(120 * 3 * 2)
})
