import { describe, expect, test } from 'vitest'
import { type WindowResult, WindrowError } from '../../src/index.ts'
import { memoryStateStore } from '../../src/storage/memory-state-store.ts'
import { FixedWindows } from '../../src/window/fixed-windows.ts'
import { ArrayStorage, KEY, planOf, type Sample, Stage, shape, T0 } from './fixture.ts'

const sample = (server: string, at: number, value: number): Sample => ({ server, at, value })

/** Three windows of two servers, emitted live. */
async function stageWithRows(plan = planOf(), storage = new ArrayStorage()): Promise<Stage> {
  const stage = new Stage(plan, storage)
  stage.storage.add(sample('a', 1, 1), sample('b', 2, 2), sample('a', 11, 3), sample('b', 12, 4), sample('a', 21, 5))
  await stage.storeLiveRows()
  return stage
}

const markWindow = (repairer: ReturnType<Stage['repairer']>, at: number, write: number) =>
  repairer.mark(KEY, T0 + at * 1_000, T0 + (at + 10) * 1_000, write)

describe('a repair', () => {
  test('emits the rows of dirty windows that changed, and no others', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer()
    markWindow(repairer, 10, stage.addLate(sample('a', 15, 100)))
    const rows = await stage.run(repairer)
    expect(shape(rows)).toEqual(['10 a 2/103'])
    expect(rows[0]).toMatchObject({
      query: 'q',
      queryVersion: 3,
      revision: 2 * 65_536 + 1,
      source: 'backfill',
      lateApplied: 0,
      seriesSeen: 1,
      seriesExpected: 2,
      completeness: 0.5,
      partial: false,
    })
    expect(repairer.stats).toMatchObject({ dirtyWindows: 0, runs: 1, rows: 1 })
    expect(stage.errors).toEqual([])
  })

  test('says nothing the second time', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer()
    const write = stage.addLate(sample('a', 15, 100))
    markWindow(repairer, 10, write)
    await stage.run(repairer)
    const { generation } = stage
    markWindow(repairer, 10, write)
    expect(await stage.run(repairer)).toEqual([])
    expect(repairer.stats).toMatchObject({ dirtyWindows: 0, runs: 2 })
    expect(stage.generation).toBe(generation)
  })

  test('adds rows of groups and windows that were empty, whole where the window was', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer()
    const write = stage.addLate(sample('c', 5, 7), sample('a', 35, 8))
    markWindow(repairer, 0, write)
    markWindow(repairer, 30, write)
    expect(shape(await stage.run(repairer))).toEqual(['0 c 1/7', '30 a 1/8'])
  })

  test('takes back rows that come no more, before the rows that are new', async () => {
    const stage = await stageWithRows()
    const stored = [...stage.storage.rows.values()].find((row) => row.startMs === T0 + 10_000)!
    await stage.storage.writeResults([{ ...stored, group: { server: 'gone' }, revision: 9 * 65_536 }])
    const repairer = stage.repairer()
    markWindow(repairer, 10, stage.addLate(sample('a', 15, 100)))
    const rows = await stage.run(repairer)
    expect(shape(rows)).toEqual(['10 gone 1/3 retracted', '10 a 2/103'])
    expect(rows.map((row) => row.revision)).toEqual([9 * 65_536 + 1, 2 * 65_536 + 1])
  })

  test('scans windows that touch or overlap at once, and gives only the dirty ones', async () => {
    const stage = await stageWithRows(planOf({ window: { type: 'fixed', sizeMs: 20_000, stepMs: 5_000, offsetMs: 0 } }))
    const repairer = stage.repairer()
    const write = stage.addLate(sample('a', 15, 100))
    for (const at of [0, 10]) repairer.mark(KEY, T0 + at * 1_000, T0 + (at + 20) * 1_000, write)
    expect(shape(await stage.run(repairer))).toEqual(['0 a 3/104', '10 a 3/108'])
    expect(stage.storage.rawScans).toBe(1)
  })

  test('leaves rows alone whose sums differ in the last bits alone', async () => {
    const stage = new Stage(planOf({ columns: [{ name: 'sum', aggregate: { fn: 'sum' } }] }))
    stage.storage.add(sample('a', 1, 0.1), sample('a', 2, 0.2))
    const exact = 0.1 + 0.2
    await stage.storeLiveRows()
    const stored = [...stage.storage.rows.values()][0]!
    const write = (sum: number) => stage.storage.writeResults([{ ...stored, values: { sum }, revision: 65_538 }])
    await write(exact * (1 + 4 * Number.EPSILON))
    const repairer = stage.repairer()
    markWindow(repairer, 0, 0)
    expect(await stage.run(repairer)).toEqual([])
    stage.storage.rows.clear()
    await write(exact * (1 + 1e-9))
    markWindow(repairer, 0, 0)
    expect(await stage.run(repairer)).toHaveLength(1)
  })

  test('of a window that was partial makes it whole when all of it is stored', async () => {
    const stage = new Stage(planOf())
    stage.storage.add(sample('a', -5, 1), sample('a', 1, 1))
    await stage.storeLiveRows({ partial: true })
    const repairer = stage.repairer()
    markWindow(repairer, 0, 0)
    expect(shape(await stage.run(repairer))).toEqual(['0 a 1/1'])
  })

  test('keeps the flag that live series report less often than the window is long', async () => {
    const stage = new Stage(planOf())
    stage.storage.add(sample('a', 1, 1))
    await stage.storeLiveRows({ quality: { intervalLongerThanWindow: true } })
    const repairer = stage.repairer()
    markWindow(repairer, 0, stage.addLate(sample('a', 3, 1)))
    expect((await stage.run(repairer)).map((row) => row.quality)).toEqual([{ intervalLongerThanWindow: true }])
  })

  test('does not replace a whole row by what the storage has left of it, and says it is stale', async () => {
    const stage = await stageWithRows()
    await stage.storage.deleteBefore('default', T0 + 12_000)
    const repairer = stage.repairer()
    const write = stage.addLate(sample('b', 15, 100))
    for (const at of [0, 10]) markWindow(repairer, at, write)
    expect(shape(await stage.run(repairer))).toEqual(['0 a 1/1 stale', '0 b 1/2 stale', '10 a 1/3 stale', '10 b 2/104'])
  })

  test('does not take the rest of the samples of a row for all of them', async () => {
    const stage = new Stage(planOf())
    stage.storage.add(sample('a', 11, 1), sample('a', 14, 2), sample('b', 16, 3))
    await stage.storeLiveRows()
    await stage.storage.deleteBefore('default', T0 + 12_000)
    const repairer = stage.repairer()
    markWindow(repairer, 10, stage.addLate(sample('b', 17, 100)))
    expect(shape(await stage.run(repairer))).toEqual(['10 a 2/3 stale', '10 b 2/103'])
  })

  test('leaves what is still live alone, and its marks waiting', async () => {
    const stage = await stageWithRows()
    stage.finalMs = T0 + 20_000
    const repairer = stage.repairer()
    const write = stage.addLate(sample('a', 15, 100), sample('a', 25, 100))
    for (const at of [10, 20]) markWindow(repairer, at, write)
    expect(shape(await stage.run(repairer))).toEqual(['10 a 2/103'])
    expect(repairer.stats.dirtyWindows).toBe(1)
    expect(await stage.run(repairer)).toEqual([])
    expect(repairer.stats.runs).toBe(1)
    stage.finalMs = T0 + 30_000
    expect(shape(await stage.run(repairer))).toEqual(['20 a 2/105'])
    expect(repairer.stats.dirtyWindows).toBe(0)
  })
})

describe('a run', () => {
  test('begins everyMs after the first mark and is raised one generation, when it emits', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer({ everyMs: 60_000 })
    markWindow(repairer, 0, stage.addLate(sample('a', 5, 1)))
    expect(await stage.run(repairer, 30_000)).toEqual([])
    markWindow(repairer, 10, stage.addLate(sample('a', 15, 1)))
    expect(await stage.run(repairer, 29_999)).toEqual([])
    const rows = await stage.run(repairer, 1)
    expect(shape(rows)).toEqual(['0 a 2/2', '10 a 2/4'])
    expect(new Set(rows.map((row) => row.revision))).toEqual(new Set([2 * 65_536 + 1]))
    expect(stage.generation).toBe(2)
  })

  test('waits for the writes that set its marks, then until the storage shows them', async () => {
    const stage = await stageWithRows(planOf(), new ArrayStorage(5_000))
    const waits: { upTo: number; done: () => void }[] = []
    stage.writesDone = (upTo) => new Promise((done) => waits.push({ upTo, done }))
    const repairer = stage.repairer()
    markWindow(repairer, 0, stage.addLate(sample('a', 5, 1)))
    stage.tick(repairer, 30_000)
    await turns()
    expect(waits.map(({ upTo }) => upTo)).toEqual([1])
    waits[0]!.done()
    await turns()
    stage.tick(repairer, 4_999)
    await turns()
    expect(stage.storage.rawScans).toBe(0)
    stage.tick(repairer, 1)
    await turns()
    expect(stage.storage.rawScans).toBe(1)
    expect(shape(stage.emitted.flat())).toEqual(['0 a 2/2'])
    // Its mark goes when the row is stored as well.
    expect(repairer.stats.dirtyWindows).toBe(1)
    expect(waits[1]!.upTo).toBe(2)
    waits[1]!.done()
    await repairer.settled()
    expect(repairer.stats.dirtyWindows).toBe(0)
  })

  test('keeps marks that are set while it scans', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer()
    markWindow(repairer, 0, stage.addLate(sample('a', 5, 1)))
    stage.storage.beforeBatch = () => {
      stage.storage.beforeBatch = () => {}
      markWindow(repairer, 0, stage.writes + 1)
      stage.addLate(sample('a', 6, 1))
    }
    expect(shape(await stage.run(repairer))).toEqual(['0 a 2/2'])
    expect(repairer.stats.dirtyWindows).toBe(1)
    expect(shape(await stage.run(repairer))).toEqual(['0 a 3/3'])
    expect(repairer.stats.dirtyWindows).toBe(0)
  })

  test('that fails is told of, keeps its marks, and is tried again after everyMs', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer()
    markWindow(repairer, 0, stage.addLate(sample('a', 5, 1)))
    const failure = new WindrowError('STORAGE_FAILED', 'no', { details: { retryable: false } })
    stage.storage.beforeBatch = () => {
      throw failure
    }
    expect(await stage.run(repairer)).toEqual([])
    expect(stage.errors).toEqual([failure])
    stage.storage.beforeBatch = () => {}
    expect(await stage.run(repairer, 29_999)).toEqual([])
    expect(shape(await stage.run(repairer, 1))).toEqual(['0 a 2/2'])
  })

  test('goes on with the next query when one fails, and forgets one that is gone', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer()
    const write = stage.addLate(sample('a', 5, 1))
    repairer.mark({ ...KEY, query: 'gone' }, T0, T0 + 10_000, write)
    stage.plans.set('other', planOf())
    let scans = 0
    stage.storage.beforeBatch = () => {
      if (scans++ === 0) throw new Error('the first scan')
    }
    markWindow(repairer, 0, write)
    repairer.mark({ ...KEY, query: 'other' }, T0, T0 + 10_000, write)
    const rows = await stage.run(repairer)
    expect(rows.map((row) => [row.query, row.values['sum']])).toEqual([
      ['other', 2],
      ['other', 2],
    ])
    expect(stage.errors).toHaveLength(1)
    expect(repairer.stats.dirtyWindows).toBe(1)
  })

  test('ends with close, even when the storage hangs, and its marks stay', async () => {
    const stage = await stageWithRows()
    const stateStore = memoryStateStore()
    const repairer = stage.repairer({ stateStore })
    await repairer.open()
    markWindow(repairer, 0, stage.addLate(sample('a', 5, 1)))
    stage.storage.beforeBatch = () => new Promise(() => {})
    stage.tick(repairer, 30_000)
    await turns()
    await repairer.close()
    expect(stage.errors).toEqual([])
    const next = stage.repairer({ stateStore })
    await next.open()
    expect(next.stats.dirtyWindows).toBe(1)
  })
})

describe('marks', () => {
  test('outlive the process where there is a state store', async () => {
    const stage = await stageWithRows()
    const stateStore = memoryStateStore()
    const first = stage.repairer({ stateStore })
    await first.open()
    markWindow(first, 0, stage.addLate(sample('a', 5, 1)))
    await first.saved()
    const second = stage.repairer({ stateStore })
    await second.open()
    expect(shape(await stage.run(second))).toEqual(['0 a 2/2'])
    const third = stage.repairer({ stateStore })
    await third.open()
    expect(third.stats.dirtyWindows).toBe(0)
  })

  test('that cannot be read are not overwritten', async () => {
    const stage = await stageWithRows()
    const stateStore = memoryStateStore()
    const damaged = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    await stateStore.write('dirty-windows', [damaged])
    const repairer = stage.repairer({ stateStore })
    await expect(repairer.open()).rejects.toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }))
    markWindow(repairer, 0, stage.addLate(sample('a', 5, 1)))
    expect(shape(await stage.run(repairer))).toEqual(['0 a 2/2'])
    const kept: Uint8Array[] = []
    for await (const chunk of (await stateStore.read('dirty-windows'))!) kept.push(chunk)
    expect(kept).toEqual([damaged])
  })

  test('that fail to be saved are told of once in a while and saved later', async () => {
    const stage = await stageWithRows()
    const store = memoryStateStore()
    let isFull = true
    const failing = {
      ...{ read: store.read.bind(store), close: store.close.bind(store) },
      write: (name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) =>
        isFull ? Promise.reject(new Error('full')) : store.write(name, chunks),
    }
    const repairer = stage.repairer({ stateStore: failing, everyMs: 1_000_000 })
    await repairer.open()
    markWindow(repairer, 0, stage.addLate(sample('a', 5, 1)))
    for (let i = 0; i < 20; i++) {
      stage.tick(repairer, 100)
      await turns()
    }
    expect(stage.errors).toHaveLength(2)
    isFull = false
    stage.tick(repairer, 5_000)
    await turns()
    expect(await store.read('dirty-windows')).toBeDefined()
    expect(stage.errors).toHaveLength(2)
  })

  test('there is no room for make their rows stale, once, until they are computed anew', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer({ maxDirtyWindows: 1 })
    const write = stage.addLate(sample('a', 5, 1), sample('a', 15, 1))
    for (const at of [0, 10]) markWindow(repairer, at, write)
    expect(repairer.stats).toMatchObject({ dirtyWindows: 1, staleIntervals: 1 })
    const rows = await stage.run(repairer)
    expect(shape(rows)).toEqual(['0 a 1/1 stale', '0 b 1/2 stale', '10 a 2/4'])
    expect(rows[0]!.revision).toBe(2 * 65_536 + 1)
    expect(repairer.stats).toMatchObject({ dirtyWindows: 0, staleIntervals: 0, lostMarks: 0 })
    markWindow(repairer, 0, write)
    const anew = await stage.run(repairer)
    expect(shape(anew)).toEqual(['0 a 2/2', '0 b 1/2'])
    expect(anew.every((row) => row.quality?.stale === undefined)).toBe(true)
  })

  test('there was no room for at first make rows stale only where they did not get in again', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer({ maxDirtyWindows: 2 })
    const write = stage.addLate(sample('a', 5, 1), sample('a', 15, 1), sample('a', 25, 1))
    for (const at of [0, 10, 20, 0]) markWindow(repairer, at, write)
    expect(repairer.stats).toMatchObject({ dirtyWindows: 2, staleIntervals: 2 })
    expect(shape(await stage.run(repairer))).toEqual(['10 a 1/3 stale', '10 b 1/4 stale', '0 a 2/2', '20 a 2/6'])
  })

  test('of a range are those of all its windows', async () => {
    const stage = await stageWithRows()
    const repairer = stage.repairer()
    const write = stage.addLate(sample('a', 5, 1), sample('a', 15, 1), sample('a', 25, 1))
    const windows = new FixedWindows({ type: 'fixed', sizeMs: 10_000, stepMs: 10_000, offsetMs: 0 })
    repairer.markRange(KEY, windows, T0 + 9_999, T0 + 20_000, write)
    expect(shape(await stage.run(repairer))).toEqual(['0 a 2/2', '10 a 2/4'])
  })
})

describe('budgets', () => {
  test('a window of too many rows is stale, those beside it are repaired', async () => {
    const stage = await stageWithRows()
    const many = Array.from({ length: 40 }, (_, i) => sample('a', 10 + i / 10, 1))
    const write = stage.addLate(...many, sample('a', 5, 1), sample('b', 25, 1))
    const repairer = stage.repairer({ maxWindowRows: 20 })
    for (const at of [0, 10, 20]) markWindow(repairer, at, write)
    const rows = await stage.run(repairer)
    expect(shape(rows).sort()).toEqual(['0 a 2/2', '10 a 1/3 stale', '10 b 1/4 stale', '20 b 1/1'])
    expect(repairer.stats.dirtyWindows).toBe(0)
    expect(stage.storage.rawRowsRead).toBeLessThan(40)
    expect(stage.errors).toEqual([])
  })

  test('windows that share half of one with too many rows are not tried', async () => {
    const stage = await stageWithRows(planOf({ window: { type: 'fixed', sizeMs: 20_000, stepMs: 5_000, offsetMs: 0 } }))
    const write = stage.addLate(...Array.from({ length: 40 }, (_, i) => sample('a', 10 + i / 10, 1)))
    const repairer = stage.repairer({ maxWindowRows: 20 })
    for (const at of [-5, 0, 5, 10]) repairer.mark(KEY, T0 + at * 1_000, T0 + (at + 20) * 1_000, write)
    const rows: WindowResult[] = await stage.run(repairer)
    expect(rows.every((row) => row.quality?.stale === true)).toBe(true)
    expect(rows.map((row) => (row.startMs - T0) / 1_000)).toEqual([-5, -5, 0, 0, 5, 5, 10, 10])
    // The window at 10 shares a quarter with the first one, so it was tried by itself.
    expect(stage.storage.rawScans).toBe(2)
  })
})

/** Lets what is under way go on as far as it can. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}
