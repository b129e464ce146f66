import { expect, test } from 'vitest'
import { createSampleBatch, type WindowResult } from '../../src/index.ts'
import { createSeriesRegistry } from '../../src/registry/series-registry.ts'
import { WindowOperator } from '../../src/window/window-operator.ts'
import { planOf, T0 } from '../engine/fixtures.ts'

test('samples that come after an early row of a long sliding window are in its later rows', () => {
  const registry = createSeriesRegistry()
  const rows: WindowResult[] = []
  const operator = new WindowOperator({
    registry,
    tenantId: 0,
    source: 'live',
    progress: undefined,
    generation: () => 1,
    emit: (row) => rows.push(row),
  })
  const plan = planOf({ sizeMs: 64_000, stepMs: 1_000 }, { emit: { at: 'every', everyMs: 2_000 } })
  const query = { name: 'q', tenant: 'default', version: 1, plan, latenessMs: 10_000, late: 'drop' } as const
  operator.addQuery(operator.newQuery({ ...query, deliver: () => true }), T0)
  const ref = registry.register({ server: 's', metric: 'm', kind: 'distribution', labels: {} })
  // A sample for each of the last ten seconds, every second.
  for (let second = 0; second < 200; second++) {
    const nowMs = T0 + second * 1_000
    const batch = createSampleBatch(16)
    for (let age = 0; age < 10; age++) batch.push(ref, nowMs - age * 1_000, 1)
    operator.apply(batch, nowMs - 9_000, nowMs)
    operator.advance(nowMs - 10_000, nowMs)
  }
  const whole = rows.filter(({ early, startMs }) => early !== true && startMs >= T0)
  expect(whole.length).toBeGreaterThan(100)
  expect(new Set(whole.map(({ count }) => count))).toEqual(new Set([640]))
})
