import { describe, expect, test } from 'vitest'
import { collect, manualEngine, planOf, send, T0 } from './fixtures.ts'

describe('the version of a query', () => {
  test('goes on from where an earlier life of it was', () => {
    const engine = manualEngine()
    expect(engine.addQuery('q', planOf(), { version: 7 }).queryVersion).toBe(7)
    expect(engine.addQuery('r', planOf()).queryVersion).toBe(1)
    engine.removeQuery('q')
    expect(engine.addQuery('q', planOf(), { version: 3 }).queryVersion).toBe(8)
  })

  test('is raised by a greater one even where the plan is the same, and the one before finishes its windows', () => {
    const engine = manualEngine()
    const rows = collect(engine.addQuery('q', planOf()))
    send(engine, [{ timeMs: T0, value: 1 }])
    expect(engine.alterQuery('q', planOf(), { version: 1 }).queryVersion).toBe(1)
    expect(engine.alterQuery('q', planOf(), { version: 5 }).queryVersion).toBe(5)
    expect(engine.alterQuery('q', planOf(), { version: 5 }).queryVersion).toBe(5)
    send(engine, [{ timeMs: T0 + 20_000, value: 2 }])
    engine.advanceTo(T0 + 60_000)
    expect(rows.map(({ queryVersion, startMs }) => [queryVersion, startMs - T0])).toEqual([
      [1, 0],
      [5, 20_000],
    ])
  })

  test.each([0, 1.5, Number.NaN])('%s is none', (version) => {
    const engine = manualEngine()
    expect(() => engine.addQuery('q', planOf(), { version })).toThrow(RangeError)
  })
})

test('a query that is paused and resumed gives a window it had told of greater revisions than before', () => {
  const engine = manualEngine()
  engine.advanceTo(T0)
  const query = engine.addQuery('q', planOf({ sizeMs: 30_000 }, { emit: { at: 'every', everyMs: 1_000 } }))
  const rows = collect(query)
  for (let second = 1; second <= 8; second++) {
    send(engine, [{ timeMs: T0 + second * 1_000, value: second }])
    engine.advanceTo(T0 + second * 1_000)
  }
  const before = Math.max(...rows.splice(0).map(({ revision }) => revision))
  query.pause()
  query.resume()
  for (let second = 9; second <= 90; second++) {
    send(engine, [{ timeMs: T0 + second * 1_000, value: second }])
    engine.advanceTo(T0 + second * 1_000)
  }
  const [first] = rows
  expect(first).toMatchObject({ startMs: T0, queryVersion: 1 })
  expect(first!.revision).toBe(before + 1)
  // Windows that were never told of begin as ever.
  expect(rows.find(({ startMs }) => startMs === T0 + 60_000)!.revision).toBe(65_537)
})
