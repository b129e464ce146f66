import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WindowResult } from '../../src/index.ts'
import { SeriesProgress } from '../../src/registry/series-progress.ts'
import { createSeriesRegistry } from '../../src/registry/series-registry.ts'
import { T0 } from '../engine/fixtures.ts'
import { randomOf } from './fixture.ts'
import { batchOf, plannedArbitrary, restored, STEPS, TimeLine, type World } from './operator-fixture.ts'

/**
 * Law: an operator that was loaded emits from then on what the one that was saved emits, all fields of all rows to the
 * bit and in the same order, whatever the plans, the samples and the moment.
 */

function count(
  kinds: Record<'early' | 'retracted' | 'revised' | 'filled' | 'tooLate', number>,
  row: WindowResult,
): void {
  if (row.early === true) kinds.early++
  if (row.retracted === true) kinds.retracted++
  if (row.count === 0) kinds.filled++
  if (row.revision > 65_537) kinds.revised++
  if (row.revision === undefined) kinds.tooLate++
}

describe('an operator that was saved and loaded', () => {
  test('goes on as the one that was saved', async () => {
    let compared = 0
    const kinds = { early: 0, retracted: 0, revised: 0, filled: 0, tooLate: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.array(plannedArbitrary, { minLength: 1, maxLength: 6 }),
        fc.integer(),
        fc.constantFrom(1, 4, 15, 50),
        async (planned, seed, stepsBetween) => {
          const registry = createSeriesRegistry()
          const random = randomOf(seed)
          const world: World = { registry, progress: new SeriesProgress(), random, totals: new Map() }
          const line = new TimeLine(registry, world.progress, planned)
          const current = [...planned]
          let copy = new TimeLine(registry, world.progress, planned)
          let watermarkMs = T0 - 5_000
          for (let step = 0; step < STEPS; step++) {
            const nowMs = T0 + step * 1_000
            if (step % stepsBetween === 0) copy = await restored(copy, world, current)
            const batch = batchOf(world, nowMs, step)
            const times = [...batch.timestampsMs.subarray(0, batch.length)]
            if (random(1) < 0.7) watermarkMs = Math.max(watermarkMs, nowMs - Math.floor(random(6_000)))
            for (const [i, { altered, alteredAt, addedAt, latenessMs }] of planned.entries()) {
              if (alteredAt !== step || addedAt >= step) continue
              current[i] = { ...planned[i]!, plan: altered }
              for (const { queries } of [line, copy])
                queries[i]!.alter(altered, latenessMs, i % 2 === 0 ? 'drop' : 'side')
            }
            for (const { operator, queries } of [line, copy]) {
              for (const [i, { addedAt, forSteps }] of planned.entries()) {
                if (addedAt === step) operator.addQuery(queries[i]!, nowMs)
                if (addedAt + forSteps + 1 === step) operator.removeQuery(queries[i]!)
              }
              operator.apply(
                batch,
                Math.min(...times, Number.POSITIVE_INFINITY),
                Math.max(...times, Number.NEGATIVE_INFINITY),
              )
            }
            // A snapshot may be taken between any two calls.
            if (step % stepsBetween === 2) copy = await restored(copy, world, current)
            for (const { operator } of [line, copy]) operator.advance(watermarkMs, nowMs)
            const rows = line.takeRows()
            expect(copy.takeRows()).toEqual(rows)
            expect(copy.counters()).toEqual(line.counters())
            compared += rows.length
            for (const text of rows) count(kinds, JSON.parse(text)[1])
          }
          expect(copy.operator.stateBytes).toBeLessThan(1.5 * line.operator.stateBytes + 4_000)
          // What is merged ahead is not in a snapshot.
          expect(line.paneBytes).toBeLessThan(1.5 * copy.paneBytes + 4_000)
        },
      ),
      { numRuns: 60 },
    )
    expect(compared).toBeGreaterThan(2_000)
    expect(Math.min(...Object.values(kinds)), JSON.stringify(kinds)).toBeGreaterThan(20)
  }, 120_000)
})
