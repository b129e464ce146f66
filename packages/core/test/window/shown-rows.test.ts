import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evaluateCondition } from '../../src/plan/evaluate.ts'
import type { Expression } from '../../src/plan/expression.ts'
import type { ResultValue, WindowResult } from '../../src/result/window-result.ts'
import { sameRow } from '../../src/window/row.ts'
import { type Candidate, choose, diffRows, nextRevision, showRules } from '../../src/window/shown-rows.ts'

const value: fc.Arbitrary<ResultValue> = fc.constantFrom(
  null,
  -1,
  -0,
  0,
  1,
  2,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
)

/** Candidates of one window in group order; slots are in no order. */
const candidates: fc.Arbitrary<Candidate[]> = fc
  .uniqueArray(
    fc.record({
      slot: fc.nat(30),
      values: fc.record({ avg: value, max: value }),
      count: fc.nat(4),
      quality: fc.constantFrom(undefined, { infinite: true }),
    }),
    { selector: (candidate) => candidate.slot, maxLength: 12 },
  )
  .map((rows) => rows.map((row) => ({ ...row, values: Object.freeze(row.values) })))

const HAVING: Expression = { op: '>', left: { op: 'column', name: 'avg' }, right: { op: 'number', value: -1 } }

const rules = fc.record(
  {
    minSamples: fc.nat(4),
    having: fc.constant(HAVING),
    orderBy: fc.record({ column: fc.constantFrom('avg', 'max'), descending: fc.boolean() }),
    limit: fc.nat(14),
  },
  { requiredKeys: [] },
)

/** Whether the row with `a` takes a place before that with `b`, both given with their place in group order. */
function precedes(
  [a, placeOfA]: readonly [ResultValue, number],
  [b, placeOfB]: readonly [ResultValue, number],
  descending: boolean,
): boolean {
  if (a !== null && b !== null && a !== b) return descending ? a > b : a < b
  if ((a === null) !== (b === null)) return b === null
  return placeOfA < placeOfB
}

describe('choose', () => {
  test('shows what the rules say, row by row', () => {
    fc.assert(
      fc.property(candidates, rules, (rows, plan) => {
        const { minSamples = 0, having, orderBy, limit = Number.POSITIVE_INFINITY } = plan
        const rowsThen = structuredClone(rows)
        const shown = choose(rows, showRules(plan))
        expect(rows).toEqual(rowsThen)

        const thinned = rows.map((row) =>
          row.count < minSamples ? { ...row, values: { avg: null, max: null }, quality: undefined } : row,
        )
        const passing = thinned.filter(
          ({ values }) =>
            having === undefined ||
            evaluateCondition(having, { column: (name) => values[name as 'avg' | 'max'] ?? null }) === true,
        )
        // A row is in when fewer rows than the limit take a place before it.
        const expected = passing.filter((row, place) => {
          const before = passing.filter((other, otherPlace) =>
            orderBy === undefined
              ? otherPlace < place
              : precedes(
                  [other.values[orderBy.column as 'avg'] ?? null, otherPlace],
                  [row.values[orderBy.column as 'avg'] ?? null, place],
                  orderBy.descending,
                ),
          )
          return before.length < limit
        })
        expect(shown.map((row) => ({ ...row, values: { ...row.values } }))).toEqual(expected)
      }),
      { numRuns: 1_000 },
    )
  })

  test('hands the same array on when every row is shown', () => {
    const rows: Candidate[] = [{ slot: 0, values: { avg: 1 }, count: 1 }]
    expect(showRules({})).toBeUndefined()
    expect(showRules({ orderBy: { column: 'avg', descending: true } })).toBeUndefined()
    expect(choose(rows, undefined)).toBe(rows)
  })

  test('null is last in either direction, infinities at the ends, equal rows in group order', () => {
    const rows = [null, 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY].map(
      (avg, slot) => ({ slot, values: { avg }, count: 1 }),
    )
    const slots = (descending: boolean, limit: number) =>
      choose(rows, showRules({ orderBy: { column: 'avg', descending }, limit })).map((row) => row.slot)
    expect(slots(true, 1)).toEqual([3])
    expect(slots(true, 3)).toEqual([1, 3, 5])
    expect(slots(true, 5)).toEqual([1, 2, 3, 4, 5])
    expect(slots(false, 2)).toEqual([1, 2])
    expect(slots(false, 5)).toEqual([1, 2, 3, 4, 5])
  })
})

interface Shown {
  readonly slot: number
  readonly avg: ResultValue
  readonly early: boolean
}

function rowOf({ slot, avg, early }: Shown, revision: number): WindowResult {
  return {
    tenant: 't',
    query: 'q',
    queryVersion: 1,
    group: { server: `s${slot}` },
    startMs: 0,
    endMs: 10_000,
    values: { avg },
    count: 1,
    seriesSeen: 1,
    seriesExpected: 1,
    completeness: 1,
    revision,
    partial: false,
    ...(early ? { early } : {}),
    lateApplied: 0,
    source: 'live',
  }
}

function emission(generation = 0) {
  const emitted = new Map<number, WindowResult>()
  return {
    emitted,
    emit: (shown: readonly Shown[], options: { looked?: readonly number[]; generation?: number } = {}) =>
      diffRows({ emitted, looked: ALL_SLOTS, shown, generation, afterRevision: 0, source: 'live', rowOf, ...options }),
  }
}

const ALL_SLOTS = [3, 0, 5, 6, 2, 1, 4]
const shownRow = fc.record({ slot: fc.nat(6), avg: fc.constantFrom(null, 0, -0, 1), early: fc.boolean() })
const shownRows = fc.uniqueArray(shownRow, { selector: (row) => row.slot, maxLength: 7 })

describe('diffRows', () => {
  test('a reader who keeps the greatest revision of each group sees what is shown, and nothing is said twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(shownRows, fc.subarray(ALL_SLOTS), fc.nat(1)), { minLength: 1, maxLength: 8 }),
        (emissions) => {
          const { emit } = emission()
          const reader = new Map<string, WindowResult>()
          let expected = new Map<number, Shown>()
          let generation = 0
          for (const [all, looked, generations] of emissions) {
            const shown = all.filter(({ slot }) => looked.includes(slot))
            generation += generations
            const expectedBefore = expected
            expected = new Map([...expected].filter(([slot]) => !looked.includes(slot)))
            for (const row of shown) expected.set(row.slot, row)

            const rows = emit(shown, { looked, generation })
            for (const row of rows) {
              const before = reader.get(row.group['server']!)
              expect(row.revision).toBeGreaterThan(before?.revision ?? 0)
              expect(Math.floor(row.revision / 65_536)).toBe(generation)
              if (before !== undefined) expect(sameRow(before, row)).toBe(false)
              reader.set(row.group['server']!, row)
            }
            const seen = [...reader.values()].filter((row) => row.retracted !== true)
            expect(seen.map((row) => row.group['server']).sort()).toEqual(
              [...expected.keys()].map((s) => `s${s}`).sort(),
            )
            for (const row of expected.values()) expect(sameRow(reader.get(`s${row.slot}`)!, rowOf(row, 0))).toBe(true)

            // First what is taken back, then the rest in the order shown; exactly the rows that differ.
            const changed = shown.filter((row) => {
              const before = expectedBefore.get(row.slot)
              return before === undefined || !sameRow(rowOf(before, 0), rowOf(row, 0))
            })
            const gone = looked.filter((slot) => expectedBefore.has(slot) && !expected.has(slot))
            const backs = rows.slice(0, gone.length)
            expect(backs.every((row) => row.retracted === true)).toBe(true)
            expect(backs.map((row) => row.group['server'])).toEqual(gone.map((slot) => `s${slot}`))
            expect(rows.slice(gone.length).map((row) => row.group['server'])).toEqual(
              changed.map((row) => `s${row.slot}`),
            )
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('takes a row back as it was and, when it comes back, says it again though it is the same', () => {
    const { emit } = emission()
    const first = { slot: 1, avg: 4, early: false }
    const second = { slot: 2, avg: 5, early: false }
    expect(emit([first, second]).map((row) => row.revision)).toEqual([1, 1])
    expect(emit([second])).toEqual([{ ...rowOf(first, 2), retracted: true }])
    expect(emit([second])).toEqual([])
    expect(emit([first, second])).toEqual([rowOf(first, 3)])
  })

  test('a window that is over is another row than the same one before', () => {
    const { emit } = emission()
    expect(emit([{ slot: 1, avg: 4, early: true }])).toHaveLength(1)
    expect(emit([{ slot: 1, avg: 4, early: false }])).toEqual([rowOf({ slot: 1, avg: 4, early: false }, 2)])
  })

  test('a row taken back by a repair says where that came from', () => {
    const { emitted, emit } = emission()
    emit([{ slot: 1, avg: 4, early: false }])
    const rows = diffRows({
      emitted,
      looked: [1],
      shown: [],
      generation: 2,
      afterRevision: 0,
      source: 'backfill',
      rowOf,
    })
    expect(rows.map(({ retracted, source, revision }) => ({ retracted, source, revision }))).toEqual([
      { retracted: true, source: 'backfill', revision: 131_073 },
    ])
  })
})

test('a revision is greater than the one before and than those of earlier generations', () => {
  expect(nextRevision(undefined, 3, 0)).toBe(196_609)
  const before = rowOf({ slot: 1, avg: 1, early: false }, 65_540)
  expect(nextRevision(before, 1, 0)).toBe(65_541)
  expect(nextRevision(before, 2, 0)).toBe(131_073)
  expect(nextRevision(before, 0, 0)).toBe(65_541)
})
