import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileCondition, compileNumber, evaluateCondition, evaluateNumber } from '../../src/plan/evaluate.ts'
import type { Expression } from '../../src/plan/expression.ts'
import { COLUMNS, column, condition, literal, numberExpression } from './fixture.ts'

type Row = Readonly<Record<string, number | null>>

function scopeOf(row: Row): { column(name: string): number | null; other(query: string, name: string): number | null } {
  return { column: (name) => row[name] ?? null, other: (query, name) => row[`${query}.${name}`] ?? null }
}

/** Truths by their place in false < unknown < true: `and` is the lesser, `or` the greater, `not` the mirror image. */
const PLACE = new Map<boolean | null, number>([
  [false, 0],
  [null, 1],
  [true, 2],
])
const TRUTHS = [false, null, true] as const

/** Written for this test, another way: recursive, truths as places, numbers by what they are not. */
function naive(expression: Expression, row: Row): number | boolean | null {
  const numberOf = (part: Expression) => naive(part, row) as number | null
  const placeOf = (part: Expression) => PLACE.get(naive(part, row) as boolean | null)!
  switch (expression.op) {
    case 'number':
      return expression.value
    case 'column':
      return row[expression.name] ?? null
    case 'other':
      return row[`${expression.query}.${expression.column}`] ?? null
    case 'and':
      return TRUTHS[Math.min(placeOf(expression.left), placeOf(expression.right))]!
    case 'or':
      return TRUTHS[Math.max(placeOf(expression.left), placeOf(expression.right))]!
    case 'not':
      return TRUTHS[2 - placeOf(expression.of)]!
    case 'isNull':
      return numberOf(expression.of) === null
    case 'isNotNull':
      return numberOf(expression.of) !== null
    case 'negate': {
      const of = numberOf(expression.of)
      return of === null ? null : 0 - of
    }
    default: {
      const left = numberOf(expression.left)
      const right = numberOf(expression.right)
      if (left === null || right === null) return null
      const compare = { '>': [1], '>=': [0, 1], '<': [-1], '<=': [-1, 0], '=': [0], '!=': [-1, 1] } as const
      if (expression.op in compare) {
        const order = left > right ? 1 : left < right ? -1 : 0
        return (compare[expression.op as keyof typeof compare] as readonly number[]).includes(order)
      }
      if (expression.op === '/' && Math.abs(right) === 0) return null
      const value = { '+': left + right, '-': left - right, '*': left * right, '/': left / right }[
        expression.op as '+' | '-' | '*' | '/'
      ]
      // No number is neither above nor below, nor equal to anything.
      return value < 0 || value >= 0 ? value : null
    }
  }
}

const cell = fc.oneof(
  fc.constantFrom(null, 0, -0, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true }),
)
const row: fc.Arbitrary<Row> = fc.record({ a: cell, b: cell, c: cell, 'q.a': cell })
/** -0 equals 0. */
const plain = (value: number | null) => (value === 0 ? 0 : value)

describe('an expression means what its definition says', () => {
  test('numbers', () => {
    fc.assert(
      fc.property(numberExpression, row, (expression, values) => {
        const value = evaluateNumber(expression, scopeOf(values))
        expect(plain(value)).toBe(plain(naive(expression, values) as number | null))
        expect(value).not.toBeNaN()
      }),
      { numRuns: 2_000 },
    )
  })

  test('conditions, prepared once and asked of many rows', () => {
    fc.assert(
      fc.property(condition, fc.array(row, { minLength: 1, maxLength: 5 }), (expression, rows) => {
        const holds = compileCondition(expression)
        for (const values of rows) expect(holds(scopeOf(values))).toBe(naive(expression, values))
      }),
      { numRuns: 2_000 },
    )
  })

  test('the two evaluators were asked about all three truths and about null and infinite numbers', () => {
    const seen = new Set<unknown>()
    for (const [expression, values] of fc.sample(fc.tuple(condition, row), { numRuns: 500, seed: 1 }))
      seen.add(evaluateCondition(expression, scopeOf(values)))
    for (const [expression, values] of fc.sample(fc.tuple(numberExpression, row), { numRuns: 500, seed: 1 }))
      seen.add(evaluateNumber(expression, scopeOf(values)))
    for (const value of [true, false, null, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(seen).toContain(value)
  })
})

describe('conditions with null', () => {
  const known = { true: literal(1), false: literal(0), null: column('a') } as const
  const holds = (truth: keyof typeof known): Expression => ({ op: '=', left: known[truth], right: literal(1) })
  const isTrue = (expression: Expression) => evaluateCondition(expression, scopeOf({ a: null }))

  test.each([
    ['true', 'null', null, true],
    ['null', 'true', null, true],
    ['false', 'null', false, null],
    ['null', 'false', false, null],
    ['null', 'null', null, null],
    ['true', 'false', false, true],
  ] as const)('%s, %s: and gives %s, or gives %s', (left, right, and, or) => {
    expect(isTrue({ op: 'and', left: holds(left), right: holds(right) })).toBe(and)
    expect(isTrue({ op: 'or', left: holds(left), right: holds(right) })).toBe(or)
  })

  test('null equals nothing, not even null; only asking for null finds it', () => {
    expect(isTrue({ op: '=', left: column('a'), right: column('a') })).toBeNull()
    expect(isTrue({ op: '!=', left: column('a'), right: column('a') })).toBeNull()
    expect(isTrue({ op: 'not', of: holds('null') })).toBeNull()
    expect(isTrue({ op: 'isNull', of: column('a') })).toBe(true)
    expect(isTrue({ op: 'isNotNull', of: column('a') })).toBe(false)
  })

  test('a column nobody can tell is null', () => {
    const other: Expression = { op: 'isNull', of: { op: 'other', query: 'q', column: 'a' } }
    expect(evaluateCondition(other, { column: () => 1 })).toBe(true)
    expect(evaluateCondition({ op: 'isNull', of: column('a') }, { column: () => Number.NaN })).toBe(true)
  })
})

describe('numbers at the edges', () => {
  const [a, b] = COLUMNS
  const of = (op: '+' | '-' | '*' | '/', left: number, right: number) =>
    evaluateNumber({ op, left: column(a), right: column(b) }, scopeOf({ a: left, b: right }))

  test('there is no number to give', () => {
    expect(of('/', 1, 0)).toBeNull()
    expect(of('/', 0, -0)).toBeNull()
    expect(of('-', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBeNull()
    expect(of('*', Number.POSITIVE_INFINITY, 0)).toBeNull()
    expect(of('/', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)).toBeNull()
  })

  test('infinities are values', () => {
    expect(of('+', Number.POSITIVE_INFINITY, 1)).toBe(Number.POSITIVE_INFINITY)
    expect(of('*', 1e308, 10)).toBe(Number.POSITIVE_INFINITY)
    const same: Expression = { op: '=', left: column(a), right: column(b) }
    const row = { a: Number.POSITIVE_INFINITY, b: Number.POSITIVE_INFINITY }
    expect(evaluateCondition(same, scopeOf(row))).toBe(true)
    expect(evaluateCondition(same, scopeOf({ ...row, b: Number.NEGATIVE_INFINITY }))).toBe(false)
  })
})

describe('a plan made by hand', () => {
  test('may be as deep as it is long without running out of stack', () => {
    let sum: Expression = literal(0)
    for (let term = 0; term < 2_000; term++) sum = { op: '+', left: literal(1), right: sum }
    expect(evaluateNumber(sum, scopeOf({}))).toBe(2_000)
  })

  test('may carry more than its operators read', () => {
    const more = { op: 'not', of: { op: 'isNull', of: literal(1), left: 0, right: 0 }, left: 'x', name: 'y' }
    expect(evaluateCondition(more as unknown as Expression, scopeOf({}))).toBe(true)
  })

  test('is refused when it never ends or is of the other type', () => {
    const ring: { op: 'negate'; of: Expression } = { op: 'negate', of: literal(0) }
    ring.of = ring
    expect(() => compileNumber(ring)).toThrow(RangeError)
    expect(() => compileCondition(literal(1))).toThrow(TypeError)
    expect(() => compileNumber({ op: 'isNull', of: literal(1) })).toThrow(TypeError)
  })
})
