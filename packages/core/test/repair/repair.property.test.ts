import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { QueryPlan, WindowResult } from '../../src/index.ts'
import { windowScheme } from '../../src/window/scheme-of.ts'
import { KEY, planOf, Stage, T0 } from './fixture.ts'

const samples = fc.array(
  fc.record({
    server: fc.constantFrom('a', 'b', 'c'),
    at: fc.integer({ min: 0, max: 120 }),
    value: fc.integer({ min: -100, max: 100 }),
  }),
  { maxLength: 40 },
)

const plans: fc.Arbitrary<QueryPlan> = fc
  .record({
    stepS: fc.integer({ min: 5, max: 20 }),
    times: fc.integer({ min: 1, max: 4 }),
    isTotal: fc.boolean(),
  })
  .map(({ stepS, times, isTotal }) =>
    planOf({
      window: { type: 'fixed', sizeMs: stepS * times * 1_000, stepMs: stepS * 1_000, offsetMs: 0 },
      ...(isTotal ? { groupBy: [] } : {}),
    }),
  )

test('whatever comes late, the stored rows become those of a run over all of it, in the fewest rows', async () => {
  await fc.assert(
    fc.asyncProperty(plans, samples, fc.array(samples, { minLength: 1, maxLength: 3 }), async (plan, first, late) => {
      const stage = new Stage(plan)
      // Before all windows, so that none is partial.
      stage.storage.add({ server: 'z', at: -3_600, value: 0 }, ...first)
      await stage.storeLiveRows()
      const scheme = windowScheme(plan.window as Exclude<QueryPlan['window'], { type: 'session' }>)
      const repairer = stage.repairer()
      const revisions = new Map<string, number>()
      for (const batch of late) {
        const before = new Map(stage.storage.rows)
        const write = stage.addLate(...batch)
        for (const { at } of batch) {
          const timeMs = T0 + at * 1_000
          repairer.markRange(KEY, scheme, timeMs, timeMs + 1, write)
        }
        for (const row of await stage.run(repairer)) {
          const id = JSON.stringify([row.startMs, row.group])
          expect(row.revision).toBeGreaterThan(revisions.get(id) ?? 65_537)
          revisions.set(id, row.revision)
          const old = [...before.values()].find((one) => JSON.stringify([one.startMs, one.group]) === id)
          expect(old?.count).not.toBe(row.count)
        }
      }
      expect(stage.errors).toEqual([])
      expect(repairer.stats.dirtyWindows).toBe(0)
      expect(await storedShape(stage)).toEqual(await historyShape(stage))
    }),
    { numRuns: 150 },
  )
})

const shapeOf = (row: WindowResult) => [row.startMs, row.group['server'], row.count, row.values, row.partial]

async function storedShape(stage: Stage) {
  const rows: unknown[] = []
  for await (const row of stage.storage.scanResults({ ...KEY, fromMs: T0 - 600_000, toMs: stage.finalMs }))
    rows.push(shapeOf(row))
  return rows
}

async function historyShape(stage: Stage) {
  const rows: unknown[] = []
  for await (const row of stage.history(T0 - 600_000, stage.finalMs)) rows.push(shapeOf(row))
  return rows
}
