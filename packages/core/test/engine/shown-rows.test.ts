import { describe, expect, test } from 'vitest'
import type { Expression, QueryPlan, WindowResult } from '../../src/index.ts'
import { BY_SERVER, collect, manualEngine, type Point, planOf, send, T0 } from './fixtures.ts'

const MAX_OVER_5: Expression = {
  op: '>',
  left: { op: 'column', name: 'max' },
  right: { op: 'number', value: 5 },
}

function point(server: string, second: number, value: number): Point {
  return { server, timeMs: T0 + second * 1_000, value }
}

function words(rows: readonly WindowResult[]): string[] {
  return rows.map(
    ({ group, startMs, values, revision, retracted, early }) =>
      `${(startMs - T0) / 1_000}s ${group['server'] ?? '*'} max=${values['max']} r${revision - 65_536}` +
      `${retracted === true ? ' retracted' : ''}${early === true ? ' early' : ''}`,
  )
}

function setUp(
  more: Partial<QueryPlan>,
  groupBy = BY_SERVER,
): { rows: WindowResult[]; at: (s: number, points?: Point[]) => void } {
  const engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ groupBy }, more)))
  return {
    rows,
    at: (second, points = []) => {
      if (points.length > 0) send(engine, points)
      engine.advanceTo(T0 + second * 1_000)
    },
  }
}

describe('HAVING, ORDER BY, LIMIT and MIN SAMPLES', () => {
  test('a correction that flips HAVING shows a row, and one that flips it back takes it away', () => {
    const below: Expression = { op: 'not', of: MAX_OVER_5 }
    const { rows, at } = setUp({ having: below })
    at(16, [point('a', 1, 3), point('b', 1, 9)])
    expect(words(rows.splice(0))).toEqual(['0s a max=3 r1'])
    at(18, [point('a', 2, 8)])
    expect(words(rows.splice(0))).toEqual([])
    at(22)
    expect(words(rows.splice(0))).toEqual(['0s a max=3 r2 retracted'])
  })

  test('LIMIT 2 with ties goes by group, and a correction that changes the ranking replaces a row', () => {
    const { rows, at } = setUp({ orderBy: { column: 'max', descending: true }, limit: 2 })
    at(16, [point('c', 1, 4), point('b', 1, 4), point('a', 1, 4), point('d', 1, 1)])
    expect(words(rows.splice(0))).toEqual(['0s a max=4 r1', '0s b max=4 r1'])
    at(22, [point('d', 2, 7)])
    expect(words(rows.splice(0))).toEqual(['0s b max=4 r2 retracted', '0s d max=7 r1'])
  })

  test('rows of fewer samples have no values', () => {
    const { rows, at } = setUp({ minSamples: 2 })
    at(16, [point('a', 1, 4), point('b', 1, 4), point('b', 2, 6)])
    expect(rows.map(({ group, count, values }) => [group['server'], count, values['max']])).toEqual([
      ['a', 1, null],
      ['b', 2, 6],
    ])
  })
})

describe('FILL', () => {
  test('PREVIOUS carries a row on, and a correction carries on too', () => {
    const { rows, at } = setUp({ fill: { with: 'previous', within: { windows: 2 } } }, [])
    at(31, [point('a', 1, 4)])
    expect(words(rows.splice(0))).toEqual(['0s * max=4 r1', '5s * max=4 r1', '10s * max=4 r1', '15s * max=null r1'])
  })

  test('a late sample changes the filled rows that were taken from its window', () => {
    const { rows, at } = setUp({ fill: { with: 'previous', within: { windows: 2 } } }, [])
    at(21, [point('a', 1, 4)])
    expect(words(rows.splice(0))).toEqual(['0s * max=4 r1', '5s * max=4 r1'])
    at(23, [point('a', 2, 9)])
    at(26)
    expect(words(rows.splice(0)).sort()).toEqual(['0s * max=9 r2', '10s * max=9 r1', '5s * max=9 r2'])
  })

  test('windows after a late first row are filled though they had gone by without rows', () => {
    const { rows, at } = setUp({ fill: { with: 'value', value: 0 }, latenessMs: 60_000 })
    at(30, [point('a', 1, 4)])
    rows.length = 0
    // The second one is for a window that lies behind those the first one fills.
    at(35, [point('b', 7, 3), point('a', 17, 8)])
    expect(words(rows)).toEqual([
      '5s b max=3 r1',
      '10s b max=0 r1',
      '15s a max=8 r2',
      '15s b max=0 r1',
      '20s a max=0 r1',
      '20s b max=0 r1',
    ])
  })

  test('a late first row is followed by filled ones where no window had any', () => {
    const { rows, at } = setUp({ fill: { with: 'previous', within: { windows: 2 } }, latenessMs: 60_000 }, [])
    at(40)
    at(41, [point('a', 12, 3)])
    expect(words(rows)).toEqual(['10s * max=3 r1', '15s * max=3 r1', '20s * max=3 r1', '25s * max=null r1'])
  })

  test('HAVING sees the rows that a late first row has filled', () => {
    const having: Expression = { op: '<', left: { op: 'column', name: 'count' }, right: { op: 'number', value: 1 } }
    const { rows, at } = setUp({ fill: { with: 'value', value: 0 }, latenessMs: 60_000, having })
    at(25, [point('a', 1, 4)])
    expect(words(rows.splice(0))).toEqual(['5s a max=0 r1', '10s a max=0 r1'])
    at(26, [point('b', 3, 3), point('a', 6, 1)])
    at(31)
    expect(words(rows)).toEqual([
      '5s a max=0 r2 retracted',
      '5s b max=0 r1',
      '10s b max=0 r1',
      '15s a max=0 r1',
      '15s b max=0 r1',
    ])
  })

  test('ZERO fills each window until the group is forgotten', () => {
    const { rows, at } = setUp({ fill: { with: 'value', value: 0 } }, [])
    at(31, [point('a', 1, 4)])
    expect(words(rows)).toEqual(['0s * max=4 r1', '5s * max=0 r1', '10s * max=0 r1', '15s * max=0 r1'])
    at(2_000)
    // 15 minutes after the end of the window of its last sample.
    expect(rows).toHaveLength(1 + 180)
  })
})

describe('EMIT', () => {
  test('EVERY shows open windows as they are, then the row at the watermark', () => {
    const { rows, at } = setUp({ emit: { at: 'every', everyMs: 2_000 } }, [])
    at(1, [point('a', 0.5, 4)])
    at(2)
    expect(words(rows.splice(0))).toEqual(['0s * max=4 r1 early'])
    at(4)
    expect(words(rows.splice(0))).toEqual([])
    at(4.5, [point('a', 4.2, 6)])
    at(6)
    at(20)
    expect(words(rows)).toEqual(['0s * max=6 r2 early', '0s * max=6 r3'])
  })

  test('FINAL shows each window once, after the lateness', () => {
    const { rows, at } = setUp({ emit: { at: 'final' } }, [])
    at(16, [point('a', 1, 4)])
    at(20, [point('a', 2, 9)])
    expect(words(rows)).toEqual([])
    at(25)
    expect(words(rows)).toEqual(['0s * max=9 r1'])
  })
})
