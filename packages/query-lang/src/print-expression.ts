import type { BinaryNode, ExpressionNode } from './expression-ast.ts'

/** How tightly each form holds its parts together: those of smaller rank stand in brackets inside it. */
const Rank = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, negation: 7, primary: 8 } as const

function rankOfSign(op: BinaryNode['op']): number {
  switch (op) {
    case 'or':
      return Rank.or
    case 'and':
      return Rank.and
    case '+':
    case '-':
      return Rank.sum
    case '*':
    case '/':
      return Rank.product
    default:
      return Rank.comparison
  }
}

function rankOf(node: ExpressionNode): number {
  switch (node.type) {
    case 'binary':
      return rankOfSign(node.op)
    case 'between':
    case 'null-test':
      return Rank.comparison
    case 'not':
      return Rank.not
    case 'negate':
      return Rank.negation
    case 'number':
    case 'column-ref':
      return Rank.primary
  }
}

function printBinary({ op, left, right }: BinaryNode): string {
  const rank = rankOfSign(op)
  // Comparisons do not chain; the others go from the left.
  const leftRank = rank === Rank.comparison ? Rank.sum : rank
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
      return `-${printPart(node.of, Rank.primary)}`
    case 'not':
      return `NOT ${printPart(node.of, Rank.comparison)}`
    case 'null-test':
      return `${printPart(node.of, Rank.sum)} IS ${node.negated ? 'NOT ' : ''}NULL`
    case 'between':
      return `${printPart(node.of, Rank.sum)} BETWEEN ${printPart(node.low, Rank.sum)} AND ${printPart(node.high, Rank.sum)}`
    case 'binary':
      return printBinary(node)
  }
}
