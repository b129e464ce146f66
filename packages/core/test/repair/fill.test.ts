import { expect, test } from 'vitest'
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
