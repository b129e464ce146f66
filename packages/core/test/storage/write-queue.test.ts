import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createEngine, type StorageAdapter, WindrowError, type WriteRawContext } from '../../src/index.ts'
import { send, T0 } from '../engine/fixtures.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: T0 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A storage that does what the test says with each write, and keeps what it took. */
function storage(onWrite: (attempt: number) => Promise<void>) {
  const taken: { rows: number; batchId: string }[] = []
  let attempts = 0
  let closed = false
  const none = async function* () {}
  const adapter: StorageAdapter = {
    name: 'scripted',
    capabilities: { durability: 'memory', replacesResults: true, storesStates: true, resolutionMs: 1 },
    open: async () => {},
    writeRaw: async (batch, { batchId }: WriteRawContext) => {
      await onWrite(attempts++)
      taken.push({ rows: batch.length, batchId })
    },
    scanRaw: none,
    writeResults: async () => {},
    scanResults: none,
    catalog: async () => ({ metrics: [], firstMs: null, lastMs: null }),
    deleteBefore: async () => {},
    close: async () => {
      closed = true
    },
  }
  return { adapter, taken, isClosed: () => closed }
}

const failure = (retryable: boolean) => new WindrowError('STORAGE_FAILED', 'no', { details: { retryable } })

test('a write that can be helped by trying again is tried until it succeeds, in order', async () => {
  const errors: unknown[] = []
  const { adapter, taken } = storage(async (attempt) => {
    if (attempt < 3) throw failure(true)
  })
  await using engine = createEngine({ storage: adapter, onError: (error) => errors.push(error) })
  send(engine, [{ timeMs: T0, value: 1 }], 's', 'first')
  send(
    engine,
    [
      { timeMs: T0, value: 1 },
      { timeMs: T0, value: 2 },
    ],
    's',
    'second',
  )
  await vi.advanceTimersByTimeAsync(5_000)
  expect(taken).toEqual([
    { rows: 1, batchId: 'first' },
    { rows: 2, batchId: 'second' },
  ])
  expect(errors).toHaveLength(3)
  expect(engine.stats()).toMatchObject({ storageErrors: 3, writeQueueRows: 0 })
})

test('a write that cannot be helped is given up, told and counted, and does not hold the next', async () => {
  const errors: unknown[] = []
  const { adapter, taken } = storage(async (attempt) => {
    if (attempt === 0) throw failure(false)
  })
  await using engine = createEngine({ storage: adapter, onError: (error) => errors.push(error) })
  send(engine, [{ timeMs: T0, value: 1 }], 's', 'first')
  send(engine, [{ timeMs: T0, value: 1 }], 's', 'second')
  await engine.flush()
  expect(taken.map(({ batchId }) => batchId)).toEqual(['second'])
  expect(errors).toEqual([expect.objectContaining({ code: 'STORAGE_FAILED' })])
})

test('a full queue sheds whole batches, counted, and takes them again when there is room', async () => {
  let release = (): void => {}
  const { adapter, taken } = storage((attempt) =>
    attempt === 0 ? new Promise((resolve) => (release = resolve)) : Promise.resolve(),
  )
  await using engine = createEngine({ storage: adapter, maxQueuedRows: 3 })
  const points = [
    { timeMs: T0, value: 1 },
    { timeMs: T0, value: 2 },
  ]
  expect(send(engine, points, 's', 'a')).toMatchObject({ accepted: 2, shed: 0, pressure: 2 / 3 })
  expect(send(engine, points, 's', 'b')).toMatchObject({ accepted: 2, shed: 0, pressure: 1 })
  expect(send(engine, points, 's', 'c')).toMatchObject({ accepted: 0, shed: 2, pressure: 1 })
  expect(engine.stats().tenants[0]!.points).toMatchObject({ received: 6, accepted: 4, shed: 2 })
  await vi.advanceTimersByTimeAsync(1)
  release()
  await engine.flush()
  expect(send(engine, points, 's', 'c')).toMatchObject({ accepted: 2, shed: 0 })
  await engine.flush()
  expect(taken.map(({ batchId }) => batchId)).toEqual(['a', 'b', 'c'])
})

test('closing tries what waits once more, then closes the storage', async () => {
  const { adapter, taken, isClosed } = storage(async (attempt) => {
    if (attempt === 0) throw failure(true)
  })
  const engine = createEngine({ storage: adapter })
  send(engine, [{ timeMs: T0, value: 1 }], 's', 'a')
  await vi.advanceTimersByTimeAsync(1)
  await engine.close()
  expect(taken).toEqual([{ rows: 1, batchId: 'a' }])
  expect(isClosed()).toBe(true)
})
