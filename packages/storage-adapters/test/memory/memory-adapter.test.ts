import { createSampleBatch, createSeriesRegistry, type SeriesSelector } from '@windrow/core'
import { describe, expect, test } from 'vitest'
import { memoryAdapter } from '../../src/memory/index.ts'

const SELECTOR: SeriesSelector = {
  metric: 'cpu',
  from: [{ dimension: 'server', pattern: { kind: 'any' } }],
  except: [],
  where: [],
}

async function filled(seriesCount: number, rowsEach: number) {
  const registry = createSeriesRegistry()
  const adapter = memoryAdapter()
  await adapter.open(registry)
  const batch = createSampleBatch(1024)
  for (let i = 0; i < seriesCount; i++) {
    const ref = registry.register({ metric: 'cpu', server: `s${i}` })
    for (let n = 0; n < rowsEach; n++) batch.push(ref, n * 1000, n)
  }
  await adapter.writeRaw(batch, { tenant: 'default', batchId: 'all' })
  return adapter
}

describe('memoryAdapter', () => {
  test.each([
    { maxBytes: 0 },
    { maxBytes: Number.NaN },
    { retentionMs: 0 },
    { retentionMs: Number.NaN },
    { maxChunkRows: 1.5 },
    { scanBatchRows: -1 },
    { maxBatchIds: 0 },
  ])('refuses %j', (options) => {
    expect(() => memoryAdapter(options)).toThrow(RangeError)
  })

  test('many series with few samples stay small', async () => {
    const adapter = await filled(2000, 10)
    const { bytes, rows, series } = adapter.stats()
    expect({ rows, series }).toEqual({ rows: 20_000, series: 2000 })
    expect(bytes).toBeLessThan(2000 * 1500)
    expect(bytes).toBeGreaterThan(rows * 16)
  })

  test('long series cost little more than their samples', async () => {
    const { bytes, rows } = (await filled(2, 50_000)).stats()
    expect(bytes / rows).toBeGreaterThan(16)
    expect(bytes / rows).toBeLessThan(18)
  })

  test('deleting everything gives everything back but the ids of batches', async () => {
    const adapter = await filled(50, 1000)
    await adapter.deleteBefore('default', 1e9)
    expect(adapter.stats()).toMatchObject({ rows: 0, series: 0, droppedRows: 0 })
    expect(adapter.stats().bytes).toBeLessThan(1000)
    await adapter.close()
    expect(adapter.stats().bytes).toBe(0)
  })

  test('a long scan lets the event loop turn', async () => {
    const adapter = await filled(100, 1500)
    let turns = 0
    let scanning = true
    const turn = (): void => {
      turns++
      if (scanning) setImmediate(turn)
    }
    setImmediate(turn)
    let batches = 0
    for await (const batch of adapter.scanRaw({ tenant: 'default', selector: SELECTOR, fromMs: 0, toMs: 1e9 })) {
      batches++
      // A consumer that takes 25 ms a batch.
      const until = performance.now() + 25
      while (performance.now() < until) batch.values[0]!
    }
    scanning = false
    expect(turns).toBeGreaterThanOrEqual(batches - 1)
  })

  test('batches hold about the wanted number of rows', async () => {
    const adapter = await filled(100, 5000)
    const sizes: number[] = []
    for await (const batch of adapter.scanRaw({ tenant: 'default', selector: SELECTOR, fromMs: 0, toMs: 1e9 }))
      sizes.push(batch.length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(500_000)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8192)
    expect(sizes.length).toBeLessThan(4 * (500_000 / 8192))
  })

  test('a retry is forgotten only after as many batches as are remembered', async () => {
    const registry = createSeriesRegistry()
    const ref = registry.register({ metric: 'cpu', server: 'a' })
    const adapter = memoryAdapter({ maxBatchIds: 2 })
    await adapter.open(registry)
    const write = (batchId: string) => {
      const batch = createSampleBatch(1)
      batch.push(ref, 0, 1)
      return adapter.writeRaw(batch, { tenant: 'default', batchId })
    }
    for (const id of ['a', 'b', 'a']) await write(id)
    expect(adapter.stats().rows).toBe(2)
    for (const id of ['c', 'a']) await write(id)
    expect(adapter.stats().rows).toBe(4)
  })

  test('a batch with a time that is none is refused whole', async () => {
    const registry = createSeriesRegistry()
    const ref = registry.register({ metric: 'cpu', server: 'a' })
    const adapter = memoryAdapter()
    await adapter.open(registry)
    const batch = createSampleBatch(2)
    batch.push(ref, 0, 1)
    batch.push(ref, Number.NaN, 1)
    await expect(adapter.writeRaw(batch, { tenant: 'default', batchId: 'b' })).rejects.toThrow(RangeError)
    expect(adapter.stats()).toMatchObject({ rows: 0, series: 0, bytes: 0 })
  })

  test('is closed by `await using`', async () => {
    const made = memoryAdapter()
    {
      await using adapter = made
      await adapter.open(createSeriesRegistry())
    }
    await expect(made.catalog('default')).rejects.toHaveProperty('code', 'STORAGE_CLOSED')
  })
})
