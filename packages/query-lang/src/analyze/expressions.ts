import type { QueryPlan } from '@windrow/core'
import type { DiagnosticList } from '../diagnostics.ts'
import type { BinaryNode, ColumnRefNode, ExpressionNode } from '../expression-ast.ts'
import { nearest } from '../nearest.ts'
import type { Span } from '../span.ts'
import { suggestColumn } from './column-name.ts'

type Expression = NonNullable<QueryPlan['having']>
type ValueType = 'number' | 'condition'

const MAX_COLUMNS_SHOWN = 8
/** Levels of an expression that engines take. */
const MAX_DEPTH = 64

interface Typed {
  readonly type: ValueType
  readonly expression: Expression
}

/** Compiles expressions over the columns of one query, and says where a number is and a condition should be. */
export class ExpressionCompiler {
  readonly #columns: readonly string[] | undefined
  readonly #diagnostics: DiagnosticList

  /** @param columns their names; undefined when they are not known because COMPUTE has errors */
  constructor(columns: readonly string[] | undefined, diagnostics: DiagnosticList) {
    this.#columns = columns
    this.#diagnostics = diagnostics
  }

  condition(node: ExpressionNode): Expression | undefined {
    const expression = this.#expect('condition', node)
    if (expression === undefined || depthOf(expression) <= MAX_DEPTH) return expression
    const hint = 'leave out brackets that are not needed, or write NOT (a OR b) as one condition'
    const message = `more than ${MAX_DEPTH} conditions and calculations inside each other`
    this.#diagnostics.error('EXPRESSION_TOO_LARGE', node.span, message, hint)
    return undefined
  }

  /** The column a name stands for, without regard to case. */
  column({ name, span }: ColumnRefNode): string {
    const columns = this.#columns
    const found = columns?.find((column) => column.toLowerCase() === name)
    if (columns === undefined || found !== undefined) return found ?? name
    const similar = nearest(name, columns) ?? suggestColumn(name, columns)
    const shown = `${columns.slice(0, MAX_COLUMNS_SHOWN).join(', ')}${columns.length > MAX_COLUMNS_SHOWN ? ', ..' : ''}`
    const hint = similar === undefined ? `COMPUTE gives ${shown}` : `did you mean ${similar}?`
    this.#diagnostics.error('UNKNOWN_COLUMN', span, `there is no column ${name}`, hint)
    return name
  }

  #expect(type: ValueType, node: ExpressionNode): Expression | undefined {
    const typed = this.#typed(node)
    if (typed === undefined || typed.type === type) return typed?.expression
    return this.#wrongType(type, node.span)
  }

  #wrongType(wanted: ValueType, span: Span): undefined {
    if (wanted === 'condition')
      this.#diagnostics.error('EXPRESSION_TYPE', span, 'a number where a condition is needed', 'compare it: avg > 0')
    else
      this.#diagnostics.error(
        'EXPRESSION_TYPE',
        span,
        'a condition where a number is needed',
        'join conditions with AND and OR; only numbers are compared and calculated with',
      )
  }

  #typed(node: ExpressionNode): Typed | undefined {
    switch (node.type) {
      case 'number':
        return { type: 'number', expression: { op: 'number', value: Number(node.decimal) } }
      case 'column-ref':
        return this.#columnRef(node)
      case 'negate': {
        const of = this.#expect('number', node.of)
        if (of === undefined) return undefined
        // A negative number is one number.
        const expression: Expression = of.op === 'number' ? { op: 'number', value: -of.value } : { op: 'negate', of }
        return { type: 'number', expression }
      }
      case 'not': {
        const of = this.#expect('condition', node.of)
        return of && { type: 'condition', expression: { op: 'not', of } }
      }
      case 'null-test': {
        const of = this.#expect('number', node.of)
        return of && { type: 'condition', expression: { op: node.negated ? 'isNotNull' : 'isNull', of } }
      }
      case 'between': {
        const [of, low, high] = [node.of, node.low, node.high].map((part) => this.#expect('number', part))
        if (of === undefined || low === undefined || high === undefined) return undefined
        const [left, right] = [
          { op: '>=', left: of, right: low } as const,
          { op: '<=', left: of, right: high } as const,
        ]
        return { type: 'condition', expression: { op: 'and', left, right } }
      }
      case 'binary':
        return this.#binary(node)
    }
  }

  #binary({ op, left, right }: BinaryNode): Typed | undefined {
    const operands = op === 'and' || op === 'or' ? 'condition' : 'number'
    const [a, b] = [this.#expect(operands, left), this.#expect(operands, right)]
    if (a === undefined || b === undefined) return undefined
    const isArithmetic = op === '+' || op === '-' || op === '*' || op === '/'
    return { type: isArithmetic ? 'number' : 'condition', expression: { op, left: a, right: b } }
  }

  #columnRef(node: ColumnRefNode): Typed | undefined {
    if (node.query === undefined) return { type: 'number', expression: { op: 'column', name: this.column(node) } }
    const hint = 'compare columns of this row, or join the rows where they are read'
    this.#diagnostics.error('NOT_AVAILABLE', node.span, 'columns of other queries are not available yet', hint)
    return undefined
  }
}

/** Levels of nesting. A left operand opens none: `a + b + c` is one level. */
function depthOf(expression: Expression): number {
  if ('of' in expression) return 1 + depthOf(expression.of)
  if ('left' in expression) return Math.max(depthOf(expression.left), 1 + depthOf(expression.right))
  return 1
}
