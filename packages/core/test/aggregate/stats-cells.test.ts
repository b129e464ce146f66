import { describe, expect, test } from 'vitest'
import { StatsCells } from '../../src/aggregate/stats-cells.ts'

const INF = Number.POSITIVE_INFINITY
const BIG = Number.MAX_VALUE

function of(values: readonly number[]): StatsCells {
  const cells = new StatsCells(1)
  for (const value of values) cells.add(0, value)
  return cells
}

/** The same values, each folded apart and merged in a chain. */
function merged(values: readonly number[]): StatsCells {
  const cells = new StatsCells(2)
  for (const value of values) cells.merge(1, of([value]), 0)
  const alone = new StatsCells(1)
  alone.merge(0, cells, 1)
  return alone
}

const table: readonly {
  readonly values: readonly number[]
  readonly sum: number | null
  readonly avg: number | null
  readonly min: number | null
  readonly max: number | null
}[] = [
  { values: [1, 2, 3, 4], sum: 10, avg: 2.5, min: 1, max: 4 },
  { values: [1e308, 1e308], sum: INF, avg: 1e308, min: 1e308, max: 1e308 },
  { values: [1, 1e100, 1, -1e100], sum: 2, avg: 0.5, min: -1e100, max: 1e100 },
  { values: [BIG, BIG, -BIG, -BIG], sum: 0, avg: 0, min: -BIG, max: BIG },
  { values: [BIG, BIG, -BIG], sum: BIG, avg: BIG / 3, min: -BIG, max: BIG },
  { values: Array(100).fill(52), sum: 5_200, avg: 52, min: 52, max: 52 },
  { values: Array(10).fill(0.1), sum: 1, avg: 0.1, min: 0.1, max: 0.1 },
  { values: [5e-324, 2.2e-308], sum: 2.2e-308 + 5e-324, avg: (2.2e-308 + 5e-324) / 2, min: 5e-324, max: 2.2e-308 },
  { values: [5e-324], sum: 5e-324, avg: 5e-324, min: 5e-324, max: 5e-324 },
  { values: [-0], sum: 0, avg: 0, min: 0, max: 0 },
  { values: [0, -0], sum: 0, avg: 0, min: 0, max: 0 },
  { values: [INF, 1], sum: INF, avg: INF, min: 1, max: INF },
  { values: [1, -INF, 2], sum: -INF, avg: -INF, min: -INF, max: 2 },
  { values: [INF, 1, -INF], sum: null, avg: null, min: -INF, max: INF },
  { values: [INF], sum: INF, avg: INF, min: INF, max: INF },
  { values: [BIG, BIG, INF], sum: INF, avg: INF, min: BIG, max: INF },
]

describe('IEEE-754 values', () => {
  for (const { values, sum, avg, min, max } of table) {
    const name =
      values.length > 5
        ? `${values.length} x ${values[0]}`
        : values.map((value) => (Object.is(value, -0) ? '-0' : value)).join(', ')
    for (const [how, cells] of [
      ['added', of(values)],
      ['merged', merged(values)],
    ] as const)
      test(`${name}, ${how}`, () => {
        expect(cells.count(0)).toBe(values.length)
        expect(cells.min(0)).toBe(min)
        expect(cells.max(0)).toBe(max)
        expect(cells.sum(0)).toBe(sum)
        if (avg === null) expect(cells.mean(0)).toBeNull()
        else if (avg === BIG / 3) expect(Math.abs(cells.mean(0)! - avg)).toBeLessThan(1e-12 * avg)
        else expect(cells.mean(0)).toBe(avg)
      })
  }
})

test('an empty slot has no values', () => {
  const cells = new StatsCells(1)
  expect([cells.count(0), cells.mean(0), cells.min(0), cells.max(0)]).toEqual([0, null, null, null])
})

test('growing and clearing keep slots apart', () => {
  const cells = of([1])
  cells.grow(3)
  cells.add(2, INF)
  expect([cells.sum(0), cells.min(1), cells.sum(2)]).toEqual([1, null, INF])
  cells.clear()
  cells.add(2, 5)
  expect([cells.count(0), cells.sum(2), cells.max(2)]).toEqual([0, 5, 5])
})

test('weights and ready-made totals count as many samples', () => {
  const cells = new StatsCells(1)
  cells.addTotals(0, 3, 12, 1, 9)
  cells.addTotals(0, 1, 4, Number.NaN, Number.NaN)
  expect([cells.count(0), cells.sum(0), cells.min(0), cells.max(0), cells.mean(0)]).toEqual([4, 16, 1, 9, 4])
})
