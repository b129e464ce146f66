import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  createEngine,
  createSampleBatch,
  type StorageAdapter,
  WindrowError,
  type WriteRawContext,
} from '../../src/index.ts'
import { WriteQueue } from '../../src/storage/write-queue.ts'
import { send, T0 } from '../engine/fixtures.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: T0 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A storage that does what the test says with each write, and keeps what it took. */
function storage(onWrite: (attempt: number, signal?: AbortSignal) => Promise<void>) {
  const taken: { rows: number; batchId: string }[] = []
  let attempts = 0
  let closed = false
  const none = async function* () {}
  const adapter: StorageAdapter = {
    name: 'scripted',
    capabilities: { durability: 'memory', replacesResults: true, storesStates: true, resolutionMs: 1 },
    open: async () => {},
    writeRaw: async (batch, { batchId, signal }: WriteRawContext) => {
      await onWrite(attempts++, signal)
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

/** A queue alone, before a storage that does what the test says. */
function queueTo(
  onWrite: (attempt: number, signal?: AbortSignal) => Promise<void>,
  options: { readonly opened?: Promise<void>; readonly onError?: (error: unknown) => void } = {},
) {
  const { adapter, taken } = storage(onWrite)
  const errors: unknown[] = []
  const queue = new WriteQueue(adapter, 10, options.onError ?? ((error) => errors.push(error)), options.opened)
  const push = (batchId: string) => {
    const batch = createSampleBatch(1)
    batch.length = 1
    queue.pushRaw(batch, 'default', batchId)
  }
  return { queue, push, errors, ids: () => taken.map(({ batchId }) => batchId) }
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  await vi.advanceTimersByTimeAsync(0)
  return settled
}

test('nothing is written before the storage is open', async () => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  const { queue, push, ids } = queueTo(async () => {}, { opened })
  push('a')
  push('b')
  await vi.advanceTimersByTimeAsync(1_000)
  expect([ids(), queue.rows]).toEqual([[], 2])
  open()
  await queue.flush()
  expect(ids()).toEqual(['a', 'b'])
})

test('a storage that does not open takes nothing: each write is given up once, told and counted, and no more is let in', async () => {
  const broken = new Error('no such host')
  const { queue, push, errors, ids } = queueTo(async () => {}, { opened: Promise.reject(broken) })
  push('a')
  push('b')
  await queue.flush()
  push('c')
  await queue.flush()
  expect([ids(), errors, queue.errors, queue.rows, queue.pressure]).toEqual([[], [broken, broken, broken], 3, 0, 1])
  await queue.close()
})

test('a storage that does not open presses at once, before anything was written', async () => {
  const { queue } = queueTo(async () => {}, { opened: Promise.reject(new Error('no such host')) })
  await vi.advanceTimersByTimeAsync(0)
  expect(queue.pressure).toBe(1)
})

test('a reporter that throws does not stop the writes', async () => {
  const { queue, push, ids } = queueTo(
    async (attempt) => {
      if (attempt < 2) throw failure(attempt === 0)
    },
    {
      onError: () => {
        throw new Error('the reporter is broken')
      },
    },
  )
  for (const id of ['a', 'b']) push(id)
  await vi.advanceTimersByTimeAsync(1_000)
  push('c')
  await queue.flush()
  expect([ids(), queue.errors, queue.rows]).toEqual([['b', 'c'], 2, 0])
})

test('a flush waits for what was pushed before it, not for what is pushed since', async () => {
  const releases: (() => void)[] = []
  const { queue, push } = queueTo(() => new Promise((resolve) => releases.push(resolve)))
  push('a')
  push('b')
  const flushed = queue.flush()
  await vi.advanceTimersByTimeAsync(0)
  push('c')
  releases.shift()!()
  expect(await isSettled(flushed)).toBe(false)
  releases.shift()!()
  expect(await isSettled(flushed)).toBe(true)
  expect(queue.rows).toBe(1)
  const all = queue.flush()
  expect(await isSettled(all)).toBe(false)
  releases.shift()!()
  expect(await isSettled(all)).toBe(true)
  expect(await isSettled(queue.flush())).toBe(true)
})

test('closing gives up after five seconds on a write that hangs, tells its signal and all that waits behind it', async () => {
  let signal: AbortSignal | undefined
  const { queue, push, errors, ids } = queueTo((_attempt, given) => {
    signal = given
    return new Promise(() => {})
  })
  push('a')
  push('b')
  const closed = queue.close()
  await vi.advanceTimersByTimeAsync(4_999)
  expect([await isSettled(closed), signal!.aborted]).toEqual([false, false])
  await vi.advanceTimersByTimeAsync(1)
  expect([await isSettled(closed), signal!.aborted]).toEqual([true, true])
  const given = expect.objectContaining({ code: 'STORAGE_FAILED', message: expect.stringContaining('closing') })
  expect([ids(), errors, queue.rows]).toEqual([[], [given, given], 0])
})

test('a write that takes its signal as the reason to fail is told once', async () => {
  const { queue, push, errors } = queueTo(
    (_attempt, signal) =>
      new Promise((_resolve, reject) => signal!.addEventListener('abort', () => reject(signal!.reason))),
  )
  push('a')
  const closed = queue.close()
  await vi.advanceTimersByTimeAsync(5_000)
  await closed
  expect(errors).toHaveLength(1)
})

test('closing gives up as well on a storage that never opens', async () => {
  const { queue, push, errors } = queueTo(async () => {}, { opened: new Promise(() => {}) })
  push('a')
  const closed = queue.close()
  await vi.advanceTimersByTimeAsync(5_000)
  expect([await isSettled(closed), errors.length, queue.rows]).toEqual([true, 1, 0])
})

test('closing twice is closing once: both wait for the last write', async () => {
  let release = (): void => {}
  const { queue, push, ids } = queueTo(() => new Promise((resolve) => (release = resolve)))
  push('a')
  const closed = queue.close()
  expect(queue.close()).toBe(closed)
  expect(await isSettled(closed)).toBe(false)
  release()
  await closed
  expect([ids(), vi.getTimerCount()]).toEqual([['a'], 0])
})

test('an engine writes nothing before its storage is open, and closes it also when it never opened', async () => {
  const { adapter, taken, isClosed } = storage(async () => {})
  let open = (): void => {}
  const slow = { ...adapter, open: () => new Promise<void>((resolve) => (open = resolve)) }
  await using engine = createEngine({ storage: slow })
  send(engine, [{ timeMs: T0, value: 1 }], 's', 'a')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(taken).toEqual([])
  open()
  await engine.flush()
  expect(taken).toEqual([{ rows: 1, batchId: 'a' }])

  const errors: unknown[] = []
  const failing = createEngine({
    storage: { ...adapter, open: async () => Promise.reject(new Error('no disk')) },
    onError: (error) => errors.push(error),
  })
  failing.replay('file')
  send(failing, [{ timeMs: T0, value: 1 }], 's', 'b')
  await Promise.all([failing.close(), failing.close()])
  expect(isClosed()).toBe(true)
  expect(errors).toContainEqual(expect.objectContaining({ message: 'no disk' }))
  expect(() => send(failing, [{ timeMs: T0, value: 1 }])).toThrow(expect.objectContaining({ code: 'ENGINE_CLOSED' }))
})
