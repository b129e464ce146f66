import { type ExpressionType, expressionType, MAX_EXPRESSION_NODES } from './check-expression.ts'
import type { Expression } from './expression.ts'

/** Where an expression reads its columns; null = undefined for this row. */
export interface ExpressionScope {
  column(name: string): number | null
  /** A column of another query: same window, same group. Without it every such column is null. */
  other?(query: string, column: string): number | null
}

export type NumberEvaluator = (scope: ExpressionScope) => number | null
/** `null` = unknown. */
export type ConditionEvaluator = (scope: ExpressionScope) => boolean | null

/**
 * The value of a numeric expression. Null where an operand is null, at a division by zero, and where there is no
 * number to give (`Infinity - Infinity`); infinities are values like any other.
 */
export function evaluateNumber(expression: Expression, scope: ExpressionScope): number | null {
  return compileNumber(expression)(scope)
}

/**
 * The truth of a condition, in the three-valued logic of SQL (Kleene's): comparing with null is unknown, `false and
 * unknown` is false, `true or unknown` is true; only `isNull` and `isNotNull` always know.
 */
export function evaluateCondition(expression: Expression, scope: ExpressionScope): boolean | null {
  return compileCondition(expression)(scope)
}

/** Like `evaluateNumber`, prepared once. Throws `TypeError` for a condition, `RangeError` for one far too long. */
export function compileNumber(expression: Expression): NumberEvaluator {
  const steps = stepsOf(expression, 'number')
  return (scope) => run(steps, scope)
}

/** Like `evaluateCondition`, prepared once. Throws `TypeError` for a number, `RangeError` for one far too long. */
export function compileCondition(expression: Expression): ConditionEvaluator {
  const steps = stepsOf(expression, 'boolean')
  return (scope) => {
    const truth = run(steps, scope)
    return truth === null ? null : truth === TRUE
  }
}

/** Truths lie on the same stack as numbers. */
const TRUE = 1
const FALSE = 0

/** The parts with operands before their operator: evaluating takes no recursion, however deep the plan is. */
function stepsOf(expression: Expression, type: ExpressionType): readonly Expression[] {
  if (expressionType(expression) !== type) throw new TypeError(`the expression '${expression.op}' is no ${type}`)
  const steps: Expression[] = []
  const pending: Expression[] = [expression]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (steps.push(part) > MAX_EXPRESSION_NODES)
      throw new RangeError(`the expression has more than ${MAX_EXPRESSION_NODES} parts`)
    // By the operator alone: a plan may carry more properties than its operators read.
    switch (part.op) {
      case 'number':
      case 'column':
      case 'other':
        break
      case 'negate':
      case 'not':
      case 'isNull':
      case 'isNotNull':
        pending.push(part.of)
        break
      default:
        pending.push(part.left, part.right)
    }
  }
  return steps.reverse()
}

function run(steps: readonly Expression[], scope: ExpressionScope): number | null {
  const stack: (number | null)[] = []
  for (const step of steps)
    switch (step.op) {
      case 'number':
        stack.push(orNull(step.value))
        break
      case 'column':
        stack.push(orNull(scope.column(step.name)))
        break
      case 'other':
        stack.push(scope.other === undefined ? null : orNull(scope.other(step.query, step.column)))
        break
      case 'negate':
      case 'not':
      case 'isNull':
      case 'isNotNull':
        stack.push(unary(step.op, stack.pop() ?? null))
        break
      default: {
        const right = stack.pop() ?? null
        const left = stack.pop() ?? null
        stack.push(binary(step.op, left, right))
      }
    }
  return stack[0] ?? null
}

type UnaryOperator = Extract<Expression, { of: Expression }>['op']
type BinaryOperator = Extract<Expression, { left: Expression }>['op']

function unary(op: UnaryOperator, of: number | null): number | null {
  switch (op) {
    case 'isNull':
      return truth(of === null)
    case 'isNotNull':
      return truth(of !== null)
    case 'negate':
      return of === null ? null : -of
    case 'not':
      return of === null ? null : truth(of === FALSE)
  }
}

function binary(op: BinaryOperator, left: number | null, right: number | null): number | null {
  if (op === 'and') {
    if (left === FALSE || right === FALSE) return FALSE
    return left === null || right === null ? null : TRUE
  }
  if (op === 'or') {
    if (left === TRUE || right === TRUE) return TRUE
    return left === null || right === null ? null : FALSE
  }
  if (left === null || right === null) return null
  switch (op) {
    case '+':
      return orNull(left + right)
    case '-':
      return orNull(left - right)
    case '*':
      return orNull(left * right)
    case '/':
      return right === 0 ? null : orNull(left / right)
    case '>':
      return truth(left > right)
    case '>=':
      return truth(left >= right)
    case '<':
      return truth(left < right)
    case '<=':
      return truth(left <= right)
    case '=':
      return truth(left === right)
    case '!=':
      return truth(left !== right)
  }
}

function truth(holds: boolean): number {
  return holds ? TRUE : FALSE
}

function orNull(value: number | null): number | null {
  return Number.isNaN(value) ? null : value
}
