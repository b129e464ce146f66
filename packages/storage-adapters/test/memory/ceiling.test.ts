import { createSampleBatch, createSeriesRegistry, type SeriesRef, type WindowResult } from '@windrow/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dropCutoffMs } from '../../src/memory/ceiling.ts'
import { type MemoryAdapterOptions, memoryAdapter } from '../../src/memory/index.ts'

const TENANT = 'default'
const EVERYTHING = {
  tenant: TENANT,
  selector: { metric: 'cpu', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
  fromMs: -1e15,
  toMs: 1e15,
} as const

async function openAdapter(options: MemoryAdapterOptions, seriesCount: number) {
  const registry = createSeriesRegistry()
  const refs = Array.from({ length: seriesCount }, (_, i) => registry.register({ metric: 'cpu', server: `s${i}` }))
  const adapter = memoryAdapter(options)
  await adapter.open(registry)
  let batches = 0
  const write = async (rows: readonly (readonly [SeriesRef, number])[]): Promise<void> => {
    const batch = createSampleBatch(Math.max(1, rows.length))
    for (const [ref, timeMs] of rows) batch.push(ref, timeMs, 1)
    await adapter.writeRaw(batch, { tenant: TENANT, batchId: `b${batches++}` })
  }
  const times = async (): Promise<number[]> => {
    const read: number[] = []
    for await (const batch of adapter.scanRaw(EVERYTHING)) read.push(...batch.timestampsMs.subarray(0, batch.length))
    return read
  }
  return { adapter, refs, write, times }
}

describe('the ceiling of bytes', () => {
  test('the oldest samples go, all dropped rows are counted, the catalog tells the truth', async () => {
    const maxBytes = 64 * 1024
    const { adapter, refs, write, times } = await openAdapter({ maxBytes }, 4)
    let written = 0
    for (let second = 0; second < 4000; second++) {
      await write(refs.map((ref) => [ref, second * 1000] as const))
      written += refs.length
      expect(adapter.stats().bytes).toBeLessThanOrEqual(maxBytes)
    }
    const { rows, droppedRows } = adapter.stats()
    expect(droppedRows).toBeGreaterThan(10_000)
    expect(rows + droppedRows).toBe(written)
    const left = await times()
    expect(left.length).toBe(rows)
    const { firstMs, lastMs } = await adapter.catalog(TENANT)
    expect(firstMs).toBe(Math.min(...left))
    expect(lastMs).toBe(3_999_000)
    // What is left is the newest part: half of the ceiling at least is used by rows of 16 bytes.
    expect(rows * 16).toBeGreaterThan(maxBytes / 3)
  })

  test('a series that fell silent gives way to those that still report', async () => {
    const { adapter, refs, write } = await openAdapter({ maxBytes: 64 * 1024 }, 2)
    const [silent, alive] = [refs[0]!, refs[1]!]
    await write(Array.from({ length: 100 }, (_, n) => [silent, n] as const))
    for (let n = 0; n < 100; n++)
      await write(Array.from({ length: 100 }, (_, i) => [alive, 1000 + n * 100 + i] as const))
    expect(adapter.stats().series).toBe(1)
    expect((await adapter.catalog(TENANT)).firstMs).toBeGreaterThanOrEqual(1000)
    await write([[silent, 5]])
    expect(adapter.stats().series).toBe(2)
  })

  test('series that report in step do not lose everything at once', async () => {
    const { adapter, refs, write } = await openAdapter({ maxBytes: 200_000 }, 100)
    for (let n = 0; n < 400; n++) await write(refs.map((ref) => [ref, n * 1000] as const))
    const { rows, droppedRows, bytes } = adapter.stats()
    expect(droppedRows).toBeGreaterThan(0)
    expect(bytes).toBeGreaterThan(100_000)
    expect(rows).toBeGreaterThan(2000)
  })

  test('results count too, and old ones are dropped', async () => {
    const { adapter } = await openAdapter({ maxBytes: 100_000 }, 1)
    const row = (startMs: number): WindowResult => ({
      tenant: TENANT,
      query: 'q',
      queryVersion: 1,
      group: {},
      startMs,
      endMs: startMs + 10,
      values: { avg: 1 },
      count: 1,
      seriesSeen: 1,
      seriesExpected: 1,
      completeness: 1,
      revision: 1,
      partial: false,
      lateApplied: 0,
      source: 'live',
    })
    for (let n = 0; n < 1000; n++) await adapter.writeResults([row(n * 10)])
    const starts: number[] = []
    for await (const { startMs } of adapter.scanResults({ tenant: TENANT, query: 'q', fromMs: 0, toMs: 1e6 }))
      starts.push(startMs)
    const { droppedResults, bytes } = adapter.stats()
    expect(droppedResults).toBe(1000 - starts.length)
    expect(bytes).toBeLessThanOrEqual(100_000)
    expect(starts).toEqual(Array.from({ length: starts.length }, (_, i) => 10_000 - 10 * (starts.length - i)))
  })

  test('the cutoff is the smallest end that frees enough', () => {
    const item = fc.record({ end: fc.integer({ min: -50, max: 50 }), bytes: fc.integer({ min: 1, max: 100 }) })
    const property = fc.property(
      fc.array(item, { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (items, share) => {
        const ends = Float64Array.from(items, (each) => each.end)
        const bytes = Float64Array.from(items, (each) => each.bytes)
        const upTo = (end: number): number => items.reduce((sum, each) => sum + (each.end <= end ? each.bytes : 0), 0)
        const needed = upTo(50) * share
        const cutoff = dropCutoffMs(ends, bytes, needed)
        expect(upTo(cutoff)).toBeGreaterThanOrEqual(needed)
        expect(upTo(cutoff - 1)).toBeLessThan(needed)
      },
    )
    fc.assert(property)
  })
})

describe('retention', () => {
  test('keeps at least the time asked for and at most a sixteenth more', async () => {
    const { adapter, refs, write, times } = await openAdapter({ retentionMs: 16_000 }, 3)
    for (let n = 0; n < 1000; n++) {
      await write(refs.map((ref) => [ref, n * 100] as const))
      const firstMs = (await adapter.catalog(TENANT)).firstMs!
      expect(firstMs).toBeLessThanOrEqual(Math.max(0, n * 100 - 16_000))
      expect(firstMs).toBeGreaterThanOrEqual(n * 100 - 17_000)
    }
    expect((await times()).length).toBe(adapter.stats().rows)
    expect(adapter.stats().droppedRows).toBe(0)
  })
})
