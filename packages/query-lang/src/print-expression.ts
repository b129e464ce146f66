import type { BinaryNode, ExpressionNode } from './expression-ast.ts'

/** How tightly each form holds its parts together: those of smaller rank stand in brackets inside it. */
const RANK = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, negation: 7, primary: 8 } as const

function rankOfSign(op: BinaryNode['op']): number {
  switch (op) {
    case 'or':
      return RANK.or
    case 'and':
      return RANK.and
    case '+':
    case '-':
      return RANK.sum
    case '*':
    case '/':
      return RANK.product
    default:
      return RANK.comparison
  }
}

function rankOf(node: ExpressionNode): number {
  switch (node.type) {
    case 'binary':
      return rankOfSign(node.op)
    case 'between':
    case 'null-test':
      return RANK.comparison
    case 'not':
      return RANK.not
    case 'negate':
      return RANK.negation
    case 'number':
    case 'column-ref':
      return RANK.primary
  }
}

function printBinary({ op, left, right }: BinaryNode): string {
  const rank = rankOfSign(op)
  // Comparisons do not chain; the others go from the left.
  const leftRank = rank === RANK.comparison ? RANK.sum : rank
  return `${printPart(left, leftRank)} ${op === 'and' || op === 'or' ? op.toUpperCase() : op} ${printPart(right, rank + 1)}`
}

/** A part of an expression, in brackets if its rank is under the least. */
function printPart(node: ExpressionNode, leastRank: number): string {
  return rankOf(node) < leastRank ? `(${printExpression(node)})` : printExpression(node)
}

/** Canonical text of an expression: as few brackets as the tree needs. */
export function printExpression(node: ExpressionNode): string {
  switch (node.type) {
    case 'number':
      return node.decimal
    case 'column-ref':
      return node.query === undefined ? node.name : `${node.query}.${node.name}`
    case 'negate':
      return `-${printPart(node.of, RANK.primary)}`
    case 'not':
      return `NOT ${printPart(node.of, RANK.comparison)}`
    case 'null-test':
      return `${printPart(node.of, RANK.sum)} IS ${node.negated ? 'NOT ' : ''}NULL`
    case 'between':
      return `${printPart(node.of, RANK.sum)} BETWEEN ${printPart(node.low, RANK.sum)} AND ${printPart(node.high, RANK.sum)}`
    case 'binary':
      return printBinary(node)
  }
}
