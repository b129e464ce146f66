import { expect, test } from 'vitest'
import { KEY, planOf, type Sample, Stage, shape, T0 } from './fixture.ts'

const GAP_MS = 10_000
const MAX_MS = 120_000
const PLAN = planOf({ window: { type: 'session', gapMs: GAP_MS, maxMs: MAX_MS } })

const sample = (server: string, at: number): Sample => ({ server, at, value: 1 })

async function stageOf(...samples: readonly Sample[]): Promise<Stage> {
  const stage = new Stage(PLAN)
  // Nothing of what follows is lost to the storage.
  stage.storage.add(sample('z', -3_600), ...samples)
  await stage.storeLiveRows()
  return stage
}

const markCell = (repairer: ReturnType<Stage['repairer']>, cell: number, write: number) =>
  repairer.mark(KEY, T0 + cell * MAX_MS, T0 + (cell + 1) * MAX_MS, write)

test('a session that two became takes both back', async () => {
  const stage = await stageOf(sample('a', 10), sample('a', 25), sample('b', 12), sample('b', 50))
  const repairer = stage.repairer()
  markCell(repairer, 0, stage.addLate(sample('a', 18)))
  const rows = await stage.run(repairer)
  expect(shape(rows)).toEqual(['10 a 3/3', '25 a 1/1 retracted'])
  expect(rows[0]!.endMs).toBe(T0 + 35_000)
})

test('a session that begins earlier now is another one', async () => {
  const stage = await stageOf(sample('a', 10), sample('b', 0), sample('b', 9), sample('b', 18))
  const repairer = stage.repairer()
  markCell(repairer, 0, stage.addLate(sample('a', 5)))
  expect(shape(await stage.run(repairer))).toEqual(['5 a 2/2', '10 a 1/1 retracted'])
})

test('a session that only ends later is the same one changed', async () => {
  const stage = await stageOf(sample('a', 10))
  const repairer = stage.repairer()
  markCell(repairer, 0, stage.addLate(sample('a', 15)))
  const rows = await stage.run(repairer)
  expect(shape(rows)).toEqual(['10 a 2/2'])
  expect(rows[0]!.endMs).toBe(T0 + 25_000)
})

test('each dirty cell is a scan of its own', async () => {
  const stage = await stageOf(sample('a', 10))
  const repairer = stage.repairer()
  const write = stage.addLate(sample('a', 50), sample('a', 130))
  for (const cell of [0, 1]) markCell(repairer, cell, write)
  expect(shape(await stage.run(repairer))).toEqual(['50 a 1/1', '130 a 1/1'])
  expect(stage.storage.rawScans).toBe(2)
})

test('what is final in a cell is repaired while the rest is live, and the cell once more when all of it is', async () => {
  const stage = await stageOf(sample('a', 10), sample('a', 60), sample('b', 20))
  stage.finalMs = T0 + 65_000
  const repairer = stage.repairer()
  markCell(repairer, 0, stage.addLate(sample('b', 25), sample('a', 61)))
  expect(shape(await stage.run(repairer))).toEqual(['20 b 2/2'])
  expect(repairer.stats).toMatchObject({ dirtyWindows: 1, runs: 1 })
  // Nothing new came: the cell waits.
  expect(await stage.run(repairer)).toEqual([])
  expect(repairer.stats).toMatchObject({ dirtyWindows: 1, runs: 1 })
  markCell(repairer, 0, stage.addLate(sample('b', 28)))
  expect(shape(await stage.run(repairer))).toEqual(['20 b 3/3'])
  stage.finalMs = T0 + MAX_MS
  expect(shape(await stage.run(repairer))).toEqual(['60 a 2/2'])
  expect(repairer.stats).toMatchObject({ dirtyWindows: 0, runs: 3 })
})

test('a final session that a late sample joins to a live one stays until that is final', async () => {
  const stage = await stageOf(sample('a', 10), sample('a', 25))
  stage.finalMs = T0 + 30_000
  const repairer = stage.repairer()
  markCell(repairer, 0, stage.addLate(sample('a', 5), sample('a', 18)))
  expect(await stage.run(repairer)).toEqual([])
  stage.finalMs = T0 + MAX_MS
  expect(shape(await stage.run(repairer)).sort()).toEqual(['10 a 1/1 retracted', '25 a 1/1 retracted', '5 a 4/4'])
})

test('a live session of which less is stored than was seen is left alone', async () => {
  const stage = await stageOf(sample('a', 10))
  const stored = [...stage.storage.rows.values()].find((row) => row.startMs === T0 + 10_000)!
  await stage.storage.writeResults([{ ...stored, count: 2, endMs: T0 + 28_000, revision: stored.revision + 1 }])
  stage.finalMs = T0 + 25_000
  const repairer = stage.repairer()
  markCell(repairer, 0, stage.addLate(sample('b', 1)))
  expect(shape(await stage.run(repairer))).toEqual(['1 b 1/1'])
})

test('a live session that late samples changed is repaired with the run after it is final, and then the cell is done', async () => {
  const stage = await stageOf(sample('a', 10), sample('a', 60), sample('b', 100))
  stage.finalMs = T0 + 65_000
  const repairer = stage.repairer()
  markCell(repairer, 0, stage.addLate(sample('a', 12), sample('a', 61)))
  expect(shape(await stage.run(repairer))).toEqual(['10 a 2/2'])
  stage.finalMs = T0 + 69_999
  expect(await stage.run(repairer)).toEqual([])
  // The one of b is live and was when the samples came.
  stage.finalMs = T0 + 71_000
  expect(shape(await stage.run(repairer))).toEqual(['60 a 2/2'])
  expect(repairer.stats).toMatchObject({ dirtyWindows: 1, runs: 2 })
  // A session that begins now has none of them.
  stage.storage.add(sample('a', 108))
  stage.finalMs = T0 + 110_000
  expect(await stage.run(repairer)).toEqual([])
  expect(repairer.stats).toMatchObject({ dirtyWindows: 0, runs: 3 })
})

test('a cell of too many samples says so of its live sessions too, once they are final', async () => {
  const stage = await stageOf(sample('a', 10), sample('a', 60))
  stage.finalMs = T0 + 65_000
  const repairer = stage.repairer({ maxWindowRows: 3 })
  markCell(repairer, 0, stage.addLate(sample('a', 12), sample('a', 61)))
  expect(shape(await stage.run(repairer))).toEqual(['10 a 1/1 stale'])
  stage.finalMs = T0 + MAX_MS
  expect(shape(await stage.run(repairer))).toEqual(['60 a 1/1 stale'])
  expect(repairer.stats.dirtyWindows).toBe(0)
})
