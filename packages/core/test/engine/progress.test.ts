import { expect, test } from 'vitest'
import type { QueryProgress } from '../../src/index.ts'
import { manualEngine, planOf, send, T0 } from './fixtures.ts'

function inSeconds({ queryVersion, finalThroughMs }: QueryProgress): string {
  return `v${queryVersion} ${(finalThroughMs - T0) / 1_000}s`
}

test('progress follows the rows of a tick, also for windows without rows, once for each step', () => {
  const engine = manualEngine()
  engine.advanceTo(T0)
  const query = engine.addQuery('q', planOf({ sizeMs: 10_000, latenessMs: 0 }))
  const told: string[] = []
  query.subscribe((row) => told.push(`row ${(row.startMs - T0) / 1_000}s`))
  query.subscribeProgress((progress) => told.push(inSeconds(progress)))
  send(engine, [{ timeMs: T0 + 1_000, value: 1 }])
  engine.advanceTo(T0 + 12_000)
  engine.advanceTo(T0 + 25_000)
  engine.advanceTo(T0 + 26_000)
  engine.advanceTo(T0 + 41_000)
  expect(told).toEqual(['v1 0s', 'row 0s', 'v1 10s', 'v1 30s'])
})

test('a version that finishes its windows is told to be final to its last one', () => {
  const engine = manualEngine()
  engine.advanceTo(T0)
  const query = engine.addQuery('q', planOf({ sizeMs: 60_000, latenessMs: 0 }))
  const told: QueryProgress[] = []
  query.subscribeProgress((progress) => told.push(progress))
  send(engine, [{ timeMs: T0 + 70_000, value: 1 }])
  engine.advanceTo(T0 + 75_000)
  engine.alterQuery('q', planOf({ sizeMs: 30_000, latenessMs: 0 }))
  for (let second = 80; second < 200; second += 5) engine.advanceTo(T0 + second * 1_000)
  expect(
    told
      .filter(({ queryVersion }) => queryVersion === 1)
      .map(inSeconds)
      .at(-1),
  ).toBe('v1 120s')
  expect(told.at(-1)!.queryVersion).toBe(2)
})

test('EMIT EVERY that would number more rows of a window than a generation has is refused', () => {
  const engine = manualEngine()
  const plan = planOf({ sizeMs: 86_400_000 }, { emit: { at: 'every', everyMs: 1_000 } })
  expect(() => engine.addQuery('q', plan)).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
  expect(() => engine.addQuery('q', { ...plan, emit: { at: 'every', everyMs: 3_000 } })).not.toThrow()
})
