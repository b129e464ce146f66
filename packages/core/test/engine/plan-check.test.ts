import { expect, test } from 'vitest'
import { checkPlan } from '../../src/engine/plan-check.ts'
import { manualEngine, planOf } from './fixtures.ts'

const INVALID = expect.objectContaining({ code: 'PLAN_INVALID', message: expect.stringContaining('lateness') })

test.each([-1, -60_000, 0.5, Number.NaN, Infinity, 2 ** 53])('a lateness of %d ms is refused', (latenessMs) => {
  expect(() => checkPlan(planOf({ latenessMs }), 1_000, latenessMs)).toThrow(INVALID)
  // A one-off run has no lateness of its own, the plan may still carry a broken one.
  expect(() => checkPlan(planOf({ latenessMs }), 1_000, 0)).toThrow(INVALID)
  expect(() => checkPlan(planOf(), 1_000, latenessMs)).toThrow(INVALID)
  expect(() => manualEngine().addQuery('q', planOf({ latenessMs }))).toThrow(INVALID)
})

test.each([0, 60_000])('a lateness of %d ms is taken', (latenessMs) => {
  expect(() => checkPlan(planOf({ latenessMs }), 1_000, latenessMs)).not.toThrow()
})
