import fc from 'fast-check'
import type { ArithmeticOperator, ComparisonOperator, Expression } from '../../src/plan/expression.ts'

export const COLUMNS = ['a', 'b', 'c'] as const

export function column(name: string): Expression {
  return { op: 'column', name }
}

export function literal(value: number): Expression {
  return { op: 'number', value }
}

const ARITHMETIC: readonly ArithmeticOperator[] = ['+', '-', '*', '/']
const COMPARISONS: readonly ComparisonOperator[] = ['>', '>=', '<', '<=', '=', '!=']

const { number: numeric, boolean } = fc.letrec<{ number: Expression; boolean: Expression }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'expression' },
    fc.constantFrom<Expression>(...COLUMNS.map(column), { op: 'other', query: 'q', column: 'a' }),
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.5, -0, 1e308, 5e-324)).map(literal),
    fc.record({ op: fc.constantFrom(...ARITHMETIC), left: tie('number'), right: tie('number') }),
    fc.record({ op: fc.constant('negate' as const), of: tie('number') }),
  ),
  boolean: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'expression' },
    fc.record({ op: fc.constantFrom(...COMPARISONS), left: tie('number'), right: tie('number') }),
    fc.record({ op: fc.constantFrom('isNull' as const, 'isNotNull' as const), of: tie('number') }),
    fc.record({ op: fc.constantFrom('and' as const, 'or' as const), left: tie('boolean'), right: tie('boolean') }),
    fc.record({ op: fc.constant('not' as const), of: tie('boolean') }),
  ),
}))

/** Well-formed expressions over `COLUMNS` and `q.a`. */
export const numberExpression: fc.Arbitrary<Expression> = numeric
export const condition: fc.Arbitrary<Expression> = boolean
