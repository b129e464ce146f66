import { describe, expect, test } from 'vitest'
import type { Expression, QueryPlan, WindowResult } from '../../src/index.ts'
import { BY_SERVER, collect, manualEngine, type Point, planOf, send, T0 } from './fixtures.ts'

/** Options are altered in place: what holds now holds from each window's next emission. */

const MAX_OVER_5: Expression = { op: '>', left: { op: 'column', name: 'max' }, right: { op: 'number', value: 5 } }

function point(server: string, second: number, value: number): Point {
  return { server, timeMs: T0 + second * 1_000, value }
}

function setUp(more: Partial<QueryPlan>) {
  const engine = manualEngine()
  engine.advanceTo(T0)
  const base = { groupBy: BY_SERVER, latenessMs: 60_000 }
  const rows: WindowResult[] = collect(engine.addQuery('q', planOf(base, more)))
  return {
    at: (second: number, points: readonly Point[] = []) => {
      if (points.length > 0) send(engine, points)
      engine.advanceTo(T0 + second * 1_000)
    },
    alter: (other: Partial<QueryPlan>) => engine.alterQuery('q', planOf(base, other)),
    words: () =>
      rows
        .splice(0)
        .map(
          ({ group, startMs, values, revision, retracted }) =>
            `${(startMs - T0) / 1_000}s ${group['server']} max=${values['max']} r${revision % 65_536}` +
            `${retracted === true ? ' retracted' : ''}`,
        ),
  }
}

describe('rows of windows that were emitted before', () => {
  test.each<[string, Partial<QueryPlan>]>([
    ['HAVING', { having: MAX_OVER_5 }],
    ['LIMIT', { limit: 1, orderBy: { column: 'max', descending: true } }],
  ])('come back with the next emission once %s is gone', (_, more) => {
    const { at, alter, words } = setUp(more)
    at(20, [point('a', 1, 20), point('b', 1, 1)])
    expect(words()).toEqual(['0s a max=20 r1'])
    alter({})
    at(30)
    expect(words()).toEqual([])
    at(31, [point('a', 2, 30)])
    expect(words()).toEqual(['0s a max=30 r2', '0s b max=1 r1'])
  })

  test('come back with the next emission though the engine was restored in between', async () => {
    const engine = manualEngine()
    engine.advanceTo(T0)
    const base = { groupBy: BY_SERVER, latenessMs: 60_000 }
    engine.addQuery('q', planOf(base, { having: MAX_OVER_5 }))
    send(engine, [point('a', 1, 20), point('b', 1, 1)])
    engine.advanceTo(T0 + 20_000)
    engine.alterQuery('q', planOf(base))
    const later = manualEngine()
    await later.restore(engine.snapshot())
    const rows = collect(later.query('q')!)
    send(later, [point('a', 2, 30)])
    later.advanceTo(T0 + 31_000)
    expect(rows.map(({ group, values }) => [group['server'], values['max']])).toEqual([
      ['a', 30],
      ['b', 1],
    ])
  })

  test.each<[string, Partial<QueryPlan>, string]>([
    ['HAVING', { having: MAX_OVER_5 }, '0s b max=1 r2 retracted'],
    ['LIMIT', { limit: 1, orderBy: { column: 'max', descending: true } }, '0s b max=1 r2 retracted'],
    ['MIN SAMPLES', { minSamples: 2 }, '0s b max=null r2'],
  ])('are taken back with the next emission where they do not pass a new %s', (_, more, expected) => {
    const { at, alter, words } = setUp({})
    at(20, [point('a', 1, 20), point('b', 1, 1)])
    expect(words()).toEqual(['0s a max=20 r1', '0s b max=1 r1'])
    alter(more)
    at(31, [point('a', 2, 30)])
    expect(words().sort()).toEqual(['0s a max=30 r2', expected])
  })

  test('follow each change of HAVING', () => {
    const { at, alter, words } = setUp({ having: MAX_OVER_5 })
    at(20, [point('a', 1, 20), point('b', 1, 1)])
    alter({ having: { op: 'not', of: MAX_OVER_5 } })
    expect(words()).toEqual(['0s a max=20 r1'])
    at(26, [point('b', 2, 2)])
    expect(words()).toEqual(['0s a max=20 r2 retracted', '0s b max=2 r1'])
  })

  test('are corrected only once more when EMIT FINAL holds', () => {
    const { at, alter, words } = setUp({})
    at(20, [point('a', 1, 20)])
    alter({ emit: { at: 'final' } })
    words()
    at(30, [point('a', 2, 30)])
    at(40, [point('a', 2.5, 40)])
    expect(words()).toEqual([])
    at(80)
    expect(words()).toEqual(['0s a max=40 r2'])
  })
})

describe('windows without samples', () => {
  test('are filled on, from the rows that were there, when FILL is another', () => {
    const { at, alter, words } = setUp({ fill: { with: 'null' } })
    at(21, [point('a', 1, 4)])
    expect(words()).toEqual(['0s a max=4 r1', '5s a max=null r1'])
    alter({ fill: { with: 'previous', within: { windows: 3 } } })
    at(31)
    expect(words()).toEqual(['10s a max=4 r1', '15s a max=4 r1'])
    alter({ fill: { with: 'value', value: 7 } })
    at(36)
    expect(words()).toEqual(['20s a max=7 r1'])
  })

  test('are filled from rows that can still be revised when FILL is new', () => {
    const { at, alter, words } = setUp({})
    at(21, [point('a', 1, 4)])
    alter({ fill: { with: 'value', value: 0 } })
    words()
    at(26)
    expect(words()).toEqual(['10s a max=0 r1'])
  })

  test('lose their filled rows with the next emission when FILL is gone', () => {
    const { at, alter, words } = setUp({ fill: { with: 'null' } })
    at(21, [point('a', 1, 4), point('b', 6, 4)])
    words()
    alter({})
    at(31, [point('b', 7, 5)])
    expect(words()).toEqual(['5s a max=null r2 retracted', '5s b max=5 r2'])
  })
})
