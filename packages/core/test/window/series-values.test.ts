import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StatsCells } from '../../src/aggregate/stats-cells.ts'
import { computeValues } from '../../src/window/row.ts'
import { type AmountsBySeries, SeriesValuesView } from '../../src/window/series-values.ts'

const P50 = { digits: 50, scale: 2 }

/** A window whose series had these amounts, by position. */
class Amounts implements AmountsBySeries {
  readonly #bySeries: readonly (readonly number[])[]
  readonly #stats = new StatsCells(1)
  asked = 0

  constructor(bySeries: readonly (readonly number[])[]) {
    this.#bySeries = bySeries
  }

  count(position: number): number {
    return this.#bySeries[position]?.length ?? 0
  }

  stats(position: number): StatsCells {
    this.asked++
    this.#stats.clear()
    for (const amount of this.#bySeries[position] ?? []) this.#stats.add(0, amount)
    return this.#stats
  }

  hasSeen(position: number): boolean {
    return this.#bySeries[position] !== undefined
  }
}

function viewOf(
  bySeries: readonly (readonly number[])[],
  positions: readonly number[][],
  divisor = 1,
): SeriesValuesView {
  const view = new SeriesValuesView()
  view.open(new Amounts(bySeries), positions, divisor)
  return view
}

describe('values of series', () => {
  it('are one for each series: columns are over them, sum adds them, count counts series', () => {
    const view = viewOf([[1, 2], [10], [], [4, 4, 4]], [[0, 1, 2, 3]])
    const columns = (['count', 'sum', 'min', 'max', 'avg'] as const).map((fn) => ({ name: fn, aggregate: { fn } }))
    const row = computeValues([...columns, { name: 'p50', aggregate: { fn: 'percentile', rank: P50 } }], view, 0)
    expect({ ...row.values }).toEqual({ count: 3, sum: 25, min: 3, max: 12, avg: 25 / 3, p50: 10 })
    expect(view.count(0)).toBe(3)
    expect(view.samples(0)).toBe(6)
  })

  it('of a rate are divided by the seconds, the number of amounts is not', () => {
    const view = viewOf([[1, 2], [10]], [[0, 1]], 10)
    expect(view.stats(0).sum(0)).toBeCloseTo(1.3, 12)
    expect(view.stats(0).max(0)).toBe(1)
    expect(view.sketch(0)?.quantile(P50)).toBe(0.3)
    expect(view.samples(0)).toBe(3)
  })

  it('an amount of zero is a value, no amount is none', () => {
    const view = viewOf([[0], []], [[0, 1]])
    expect(view.count(0)).toBe(1)
    expect(view.stats(0).min(0)).toBe(0)
  })

  it('are kept by group', () => {
    const view = viewOf([[1], [2], [30], [40]], [[0, 2], [], [1, 3]])
    expect([0, 1, 2, 3].map((slot) => [view.count(slot), view.samples(slot), view.stats(slot).sum(0)])).toEqual([
      [2, 2, 31],
      [0, 0, 0],
      [2, 2, 42],
      [0, 0, 0],
    ])
    expect(view.sketch(2)?.quantile(P50)).toBe(2)
    expect(view.sketch(0)?.quantile(P50)).toBe(1)
    expect(view.sketch(1)).toBeUndefined()
  })

  it('are computed once for the group at hand, and anew for another window', () => {
    const view = new SeriesValuesView()
    const positions = [[0]]
    const first = new Amounts([[5], [7]])
    view.open(first, positions, 1)
    for (let i = 0; i < 3; i++) expect([view.count(0), view.samples(0), view.stats(0).sum(0)]).toEqual([1, 1, 5])
    expect(view.sketch(0)?.count).toBe(1)
    expect(first.asked).toBe(1)
    positions[0]!.push(1)
    view.open(new Amounts([[6], [8]]), positions, 1)
    expect(view.stats(0).sum(0)).toBe(14)
    expect(view.sketch(0)?.quantile(P50)).toBe(6)
  })

  it('that are infinite count, and are left out of percentiles', () => {
    const view = viewOf([[Infinity], [3]], [[0, 1]])
    expect(view.stats(0).max(0)).toBe(Infinity)
    expect(view.stats(0).sum(0)).toBe(Infinity)
    expect(view.sketch(0)?.count).toBe(1)
    expect(viewOf([[Infinity]], [[0]]).sketch(0)).toBeUndefined()
  })

  it('are none for a series whose amounts have no sum', () => {
    const view = viewOf([[Infinity, -Infinity], [3]], [[0, 1]])
    expect(view.count(0)).toBe(1)
    expect(view.samples(0)).toBe(3)
    expect(view.stats(0).sum(0)).toBe(3)
  })

  it('say which series were seen, and never that extremes are bounds', () => {
    const view = viewOf([[1]], [[0]])
    expect([view.hasSeen(0), view.hasSeen(1), view.hasBoundExtremes()]).toEqual([true, false, false])
  })

  it('of a view that was never opened are none', () => {
    const view = new SeriesValuesView()
    expect([view.count(0), view.samples(0), view.hasSeen(0), view.sketch(0)]).toEqual([0, 0, false, undefined])
  })

  it('are those a plain computation gives, for any amounts and groups', () => {
    const bySeries = fc.array(fc.array(fc.nat(1000), { maxLength: 5 }), { minLength: 1, maxLength: 120 })
    fc.assert(
      fc.property(bySeries, fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 5, 60), (amounts, groups, divisor) => {
        const positions: number[][] = Array.from({ length: groups }, () => [])
        for (const position of amounts.keys()) positions[position % groups]!.push(position)
        const view = viewOf(amounts, positions, divisor)
        for (const [slot, members] of positions.entries()) {
          const own = members.map((position) => amounts[position]!).filter((list) => list.length > 0)
          const values = own.map((list) => list.reduce((a, b) => a + b, 0) / divisor).sort((a, b) => a - b)
          expect(view.count(slot)).toBe(values.length)
          expect(view.samples(slot)).toBe(own.flat().length)
          expect(view.stats(slot).min(0)).toBe(values[0] ?? null)
          expect(view.stats(slot).max(0)).toBe(values.at(-1) ?? null)
          expect(view.stats(slot).sum(0)).toBeCloseTo(
            values.reduce((a, b) => a + b, 0),
            9,
          )
          const median = values[Math.max(1, Math.ceil(values.length / 2)) - 1]
          const sketched = view.sketch(slot)?.quantile(P50)
          if (median === undefined) expect(sketched).toBeUndefined()
          else expect(Math.abs(sketched! - median)).toBeLessThanOrEqual(median * 0.0055)
        }
      }),
    )
  })
})
