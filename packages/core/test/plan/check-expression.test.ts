import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expressionProblem, MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_NODES } from '../../src/plan/check-expression.ts'
import { compileCondition, compileNumber } from '../../src/plan/evaluate.ts'
import type { Expression } from '../../src/plan/expression.ts'
import { COLUMNS, column, condition, literal } from './fixture.ts'

const isBig: Expression = { op: '>', left: column('a'), right: literal(1) }

function nested(levels: number, wrap: (of: Expression) => Expression, core: Expression): Expression {
  let expression = core
  for (let level = 0; level < levels; level++) expression = wrap(expression)
  return expression
}

describe('expressionProblem', () => {
  test('finds nothing in a condition over known columns', () => {
    fc.assert(
      fc.property(condition, (expression) => {
        const problem = expressionProblem(expression, COLUMNS, { otherProblem: () => undefined })
        expect(problem).toBeUndefined()
      }),
    )
  })

  const wrong: readonly (readonly [what: string, expression: unknown, problem: string])[] = [
    ['nothing', undefined, 'there is no expression'],
    ['text', 'a > 1', 'there is no expression'],
    ['an unknown operator', { op: 'xor', left: isBig, right: isBig }, '"xor" is no operator'],
    ['an operator of the prototype', { op: 'constructor' }, '"constructor" is no operator'],
    ['an operator that is no text', { op: 7 }, 'a number is no operator'],
    ['an unknown column', { op: '>', left: column('zz'), right: literal(1) }, '"zz" is none of the columns (at left)'],
    ['a column without a name', { op: 'isNull', of: { op: 'column' } }, 'a column needs a name (at of)'],
    ['a number as a condition', column('a'), '"column" gives a number, a boolean is needed'],
    [
      'a number where a truth is needed',
      { op: 'and', left: isBig, right: { op: 'not', of: literal(1) } },
      '"number" gives a number, a boolean is needed (at right.of)',
    ],
    [
      'a truth where a number is needed',
      { op: '=', left: isBig, right: literal(1) },
      '">" gives a boolean, a number is needed (at left)',
    ],
    ['a truth asked for null', { op: 'isNull', of: isBig }, '">" gives a boolean, a number is needed (at of)'],
    ['a missing operand', { op: '>', left: column('a') }, 'there is no expression (at right)'],
    [
      'an infinite number',
      { op: '<', left: column('a'), right: literal(Number.POSITIVE_INFINITY) },
      'a number must be finite (at right)',
    ],
    ['a number as text', { op: 'isNull', of: { op: 'number', value: '1' } }, 'a number must be finite (at of)'],
    [
      'half another column',
      { op: 'isNull', of: { op: 'other', query: 'q' } },
      'a column of another query needs both names (at of)',
    ],
    [
      'another query where none can be read',
      { op: 'isNull', of: { op: 'other', query: 'q', column: 'a' } },
      '"q" is another query: none can be read here (at of)',
    ],
  ]
  test.each(wrong)('refuses %s', (_, expression, problem) => {
    expect(expressionProblem(expression, COLUMNS)).toBe(problem)
  })

  test('a number may be asked for instead', () => {
    expect(expressionProblem(column('a'), COLUMNS, { gives: 'number' })).toBeUndefined()
    expect(expressionProblem(isBig, COLUMNS, { gives: 'number' })).toBe('">" gives a boolean, a number is needed')
  })

  test('whoever knows the other queries says which columns they have', () => {
    const rules = {
      otherProblem: (query: string, name: string) => (name === 'p99' ? undefined : `no ${query}.${name}`),
    }
    const reads = (name: string) => ({ op: 'isNull', of: { op: 'other', query: 'q', column: name } })
    expect(expressionProblem(reads('p99'), COLUMNS, rules)).toBeUndefined()
    expect(expressionProblem(reads('p1'), COLUMNS, rules)).toBe('no q.p1 (at of)')
  })

  test('counts levels, not links of a chain', () => {
    const not = (of: Expression): Expression => ({ op: 'not', of })
    expect(expressionProblem(nested(MAX_EXPRESSION_DEPTH - 2, not, isBig), COLUMNS)).toBeUndefined()
    expect(expressionProblem(nested(MAX_EXPRESSION_DEPTH - 1, not, isBig), COLUMNS)).toMatch('more than 64 levels')
    const right = (of: Expression): Expression => ({ op: 'or', left: isBig, right: of })
    expect(expressionProblem(nested(MAX_EXPRESSION_DEPTH, right, isBig), COLUMNS)).toMatch('more than 64 levels')
    const chained = (of: Expression): Expression => ({ op: 'or', left: of, right: isBig })
    expect(expressionProblem(nested(500, chained, isBig), COLUMNS)).toBeUndefined()
  })

  test('ends on a ring, on a part that stands in many places and on far too many parts', () => {
    const ring: { op: string; of?: unknown } = { op: 'not' }
    ring.of = ring
    expect(expressionProblem(ring, COLUMNS)).toMatch('levels deep')
    const leftRing: { op: string; left?: unknown; right: unknown } = { op: 'and', right: isBig }
    leftRing.left = leftRing
    expect(expressionProblem(leftRing, COLUMNS)).toMatch('more than 4096 parts')
    const doubled = nested(60, (of) => ({ op: 'and', left: of, right: of }), isBig)
    expect(expressionProblem(doubled, COLUMNS)).toMatch('more than 4096 parts')
    const chain = nested(MAX_EXPRESSION_NODES, (of) => ({ op: 'or', left: of, right: isBig }), isBig)
    expect(expressionProblem(chain, COLUMNS)).toMatch('more than 4096 parts')
  })

  test('answers when reading the plan throws', () => {
    const trap = {
      get op(): string {
        throw new Error('no')
      },
    }
    expect(expressionProblem({ op: 'not', of: trap }, COLUMNS)).toBe('the expression cannot be read')
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(expressionProblem(proxy, COLUMNS)).toBe('the expression cannot be read')
  })

  test('says something short of anything, and what it lets through can be evaluated', () => {
    const operator = fc.constantFrom(
      'number',
      'column',
      'other',
      'negate',
      '+',
      '>',
      '=',
      'and',
      'or',
      'not',
      'isNull',
      'x',
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.anything(),
        fc.record(
          {
            op: fc.oneof({ weight: 9, arbitrary: operator }, { weight: 1, arbitrary: fc.anything() }),
            value: fc.double(),
            name: fc.constantFrom(...COLUMNS, 'zz'),
            left: tie('tree'),
            right: tie('tree'),
            of: tie('tree'),
          },
          { requiredKeys: ['op'] },
        ),
      ),
    }))
    fc.assert(
      fc.property(tree, fc.constantFrom('number' as const, 'boolean' as const), (plan, gives) => {
        const problem = expressionProblem(plan, COLUMNS, { gives })
        if (problem !== undefined) {
          expect(problem.length).toBeLessThan(300)
          return
        }
        const compile = gives === 'number' ? compileNumber : compileCondition
        const value = compile(plan as Expression)({ column: () => 1 })
        expect(value === null || typeof value === gives).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})
