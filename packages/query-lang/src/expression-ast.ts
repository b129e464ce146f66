import type { Span } from './span.ts'

/**
 * An expression over the columns of a row. One tree for numbers and conditions: which one a node is, is checked
 * when the query is compiled. Numbers are not negative (`-5` is the negation of 5), and `90%` is read as 0.9.
 */
export type ExpressionNode = NumberNode | ColumnRefNode | NegateNode | BinaryNode | BetweenNode | NullTestNode | NotNode

/** A number as the decimal it was written as, normalised: `99`, `99.9`, `-0.5`. Never an exponent. */
export interface NumberNode {
  readonly type: 'number'
  readonly decimal: string
  readonly span: Span
}

export interface ColumnRefNode {
  readonly type: 'column-ref'
  /** The query whose column it is; absent for a column of the same row. */
  readonly query?: string
  /** Lower case for a column of the same row, which is found without regard to case; else as written. */
  readonly name: string
  readonly span: Span
}

export interface NegateNode {
  readonly type: 'negate'
  readonly of: ExpressionNode
  readonly span: Span
}

export type ArithmeticSign = '+' | '-' | '*' | '/'
export type ComparisonSign = '>' | '>=' | '<' | '<=' | '=' | '!='

/** Of equal rank from the left: `a - b - c` is `(a - b) - c`. Comparisons do not chain. */
export interface BinaryNode {
  readonly type: 'binary'
  readonly op: ArithmeticSign | ComparisonSign | 'and' | 'or'
  readonly left: ExpressionNode
  readonly right: ExpressionNode
  readonly span: Span
}

/** Both ends belong to the range. */
export interface BetweenNode {
  readonly type: 'between'
  readonly of: ExpressionNode
  readonly low: ExpressionNode
  readonly high: ExpressionNode
  readonly span: Span
}

export interface NullTestNode {
  readonly type: 'null-test'
  readonly of: ExpressionNode
  /** `IS NOT NULL`. */
  readonly negated: boolean
  readonly span: Span
}

export interface NotNode {
  readonly type: 'not'
  readonly of: ExpressionNode
  readonly span: Span
}
