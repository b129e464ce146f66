import { expect, test } from 'vitest'
import type { QueryPlan } from '../../src/index.ts'
import { withFilledAfter } from '../../src/repair/repair-ranges.ts'
import { KEY, planOf, Stage, shape, T0 } from './fixture.ts'

const STEP_MS = 300_000
const PLAN = planOf({
  window: { type: 'fixed', sizeMs: STEP_MS, stepMs: STEP_MS, offsetMs: 0 },
  fill: { with: 'previous', within: { windows: 5 } },
})
const window = (index: number) => ({ startMs: T0 + index * STEP_MS, endMs: T0 + (index + 1) * STEP_MS })

test('the windows a late sample may fill otherwise are computed too, each once', () => {
  expect(withFilledAfter([window(0)], PLAN).map(({ startMs }) => (startMs - T0) / STEP_MS)).toEqual([0, 1, 2, 3])
  const both = withFilledAfter([window(2), window(0)], PLAN)
  expect(both.map(({ startMs }) => (startMs - T0) / STEP_MS).sort()).toEqual([0, 1, 2, 3, 4, 5])
  const { fill: _, ...unfilled } = PLAN
  expect(withFilledAfter([window(0)], unfilled)).toEqual([window(0)])
})

test('a correction corrects the rows that were filled from it, and leaves those it does not know', async () => {
  const stage = new Stage(PLAN)
  stage.storage.add(
    { server: 'a', at: -600, value: 2 },
    { server: 'a', at: 1, value: 5 },
    { server: 'a', at: 901, value: 1 },
  )
  await stage.storeLiveRows()
  const filled = [...stage.storage.rows.values()].find(({ count }) => count === 0)!
  // A group that is silent all through the range, filled while it was live.
  await stage.storage.writeResults([{ ...filled, group: { server: 'silent' }, ...window(1) }])
  const repairer = stage.repairer()
  const { startMs, endMs } = window(0)
  repairer.mark(KEY, startMs, endMs, stage.addLate({ server: 'a', at: 2, value: 9 }))
  const rows = await stage.run(repairer)
  expect(shape(rows)).toEqual(['0 a 2/14', '300 a 0/0', '600 a 0/0'])
  expect(rows.map((row) => row.values['max'])).toEqual([9, 9, 9])
})

const LIMITED: QueryPlan = { ...PLAN, limit: 1, orderBy: { column: 'count', descending: true } }

test('a filled row that another one now displaces is taken back, one of a silent group is left', async () => {
  const stage = new Stage(LIMITED)
  stage.storage.add({ server: 'a', at: 1, value: 5 }, { server: 'a', at: 901, value: 1 })
  await stage.storeLiveRows()
  const filled = [...stage.storage.rows.values()].find(({ count }) => count === 0)!
  await stage.storage.writeResults([{ ...filled, group: { server: 'silent' }, ...window(1) }])
  const repairer = stage.repairer()
  const { startMs, endMs } = window(1)
  repairer.mark(KEY, startMs, endMs, stage.addLate({ server: 'b', at: 302, value: 9 }))
  expect(shape(await stage.run(repairer))).toEqual(['300 a 0/0 retracted', '300 b 1/9'])
})

test('rows that are filled from are told when they changed, and when they are not shown', async () => {
  const stage = new Stage(LIMITED)
  stage.storage.add(
    { server: 'a', at: 1, value: 5 },
    { server: 'a', at: 2, value: 5 },
    { server: 'a', at: 301, value: 5 },
    { server: 'b', at: 3, value: 1 },
  )
  await stage.storeLiveRows()
  const repairer = stage.repairer()
  const { startMs, endMs } = window(0)
  repairer.mark(KEY, startMs, endMs, stage.addLate({ server: 'b', at: 4, value: 2 }))
  expect(await stage.run(repairer)).toEqual([])
  expect(shape(stage.noted)).toEqual(['0 b 2/3 partial'])
  stage.noted.length = 0
  repairer.mark(KEY, startMs, endMs, stage.addLate({ server: 'a', at: 4, value: 2 }))
  expect(shape(await stage.run(repairer))).toEqual(['0 a 3/12'])
  expect(shape(stage.noted)).toEqual(['0 a 3/12 partial', '0 b 2/3 partial'])
})

test('windows that became final while a row was repaired that they were filled from are computed too', async () => {
  const stage = new Stage(PLAN)
  stage.storage.add({ server: 'z', at: -3_600, value: 0 }, { server: 'a', at: 1, value: 5 })
  await stage.storeLiveRows()
  stage.finalMs = T0 + STEP_MS
  const repairer = stage.repairer()
  const { startMs, endMs } = window(0)
  repairer.mark(KEY, startMs, endMs, stage.addLate({ server: 'a', at: 2, value: 9 }))
  stage.storage.beforeBatch = () => {
    stage.finalMs = T0 + 2 * STEP_MS
  }
  expect(shape(await stage.run(repairer))).toEqual(['0 a 2/14'])
  expect(repairer.stats.dirtyWindows).toBe(1)
  const rows = await stage.run(repairer)
  expect(rows.map((row) => [row.startMs - T0, row.values['max']])).toEqual([[STEP_MS, 9]])
  expect(repairer.stats.dirtyWindows).toBe(0)
})
