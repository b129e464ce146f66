import { describe, expect, test } from 'vitest'
import type { MetricKind, WindowResult } from '../../src/index.ts'
import { collect, manualEngine, P50, planOf, STATS, send, T0 } from './fixtures.ts'

const COLUMNS = [...STATS, P50]

function run(
  reading: 'increase' | 'rate',
  series: Readonly<Record<string, readonly (readonly [second: number, value: number])[]>>,
  kind: MetricKind = 'counter',
): WindowResult[] {
  const engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ sizeMs: 10_000, columns: COLUMNS }, { reading })))
  for (const [server, samples] of Object.entries(series))
    send(
      engine,
      samples.map(([second, value]) => ({ server, kind, timeMs: T0 + second * 1_000, value })),
    )
  engine.advanceTo(T0 + 60_000)
  return rows
}

describe('increase and rate', () => {
  test('neighbouring samples of a counter are amounts at the later time', () => {
    const [first, second] = run('increase', {
      a: [
        [1, 100],
        [5, 110],
        [9, 130],
        [12, 131],
      ],
    })
    expect(first!.values).toEqual({ count: 1, sum: 30, min: 30, max: 30, avg: 30, p50: 30 })
    expect(first!.count).toBe(2)
    expect(second!.values['sum']).toBe(1)
  })

  test('functions work on one value for each series and window', () => {
    const [row] = run('rate', {
      a: [
        [0, 0],
        [5, 50],
        [9, 100],
      ],
      b: [
        [0, 5],
        [9, 25],
      ],
      c: [
        [0, 1],
        [8, 31],
      ],
    })
    expect(row!.values).toEqual({ count: 3, sum: 15, min: 2, max: 10, avg: 5, p50: 3 })
  })

  test('a reset counts from zero', () => {
    const [row] = run('increase', {
      a: [
        [0, 100],
        [2, 120],
        [4, 7],
        [6, 9],
      ],
    })
    expect(row!.values['sum']).toBe(20 + 7 + 2)
  })

  test('amounts of a delta are taken as they are', () => {
    const [row] = run(
      'rate',
      {
        a: [
          [1, 20],
          [3, 30],
        ],
        b: [[1, 10]],
      },
      'delta',
    )
    expect(row!.values).toEqual({ count: 2, sum: 6, min: 1, max: 5, avg: 3, p50: 1 })
  })

  test('samples that come out of order before the watermark are paired in time order', () => {
    const sorted = run('increase', {
      a: [
        [1, 1],
        [2, 4],
        [3, 9],
        [4, 2],
      ],
    })
    const mixed = run('increase', {
      a: [
        [3, 9],
        [1, 1],
        [4, 2],
        [2, 4],
      ],
    })
    expect(mixed).toEqual(sorted)
  })

  test('a reading of a gauge has no rows, and its samples are excluded', () => {
    const engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf({}, { reading: 'rate' }))
    send(engine, [{ kind: 'gauge', timeMs: T0, value: 1 }])
    expect(query.state).toBe('invalid')
  })

  test('the query law holds while samples wait, and after', () => {
    const engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf({ sizeMs: 10_000 }, { reading: 'increase' }))
    const law = (): void => {
      const { matched, applied, lateApplied, lateDropped, excluded } = query.counters
      expect(matched).toBe(applied + lateApplied + lateDropped + excluded)
    }
    const at = (second: number): { kind: MetricKind; timeMs: number; value: number } => ({
      kind: 'counter',
      timeMs: T0 + second * 1_000,
      value: second,
    })
    send(engine, [at(1), at(2), { ...at(3), value: Number.NaN }])
    law()
    engine.advanceTo(T0 + 15_000)
    law()
    send(engine, [at(1.5), at(4)])
    engine.advanceTo(T0 + 60_000)
    law()
    expect(query.counters).toMatchObject({ matched: 5, excluded: 1, lateDropped: 1 })
  })
})
