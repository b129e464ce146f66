import type { CstNode } from 'chevrotain'
import { normaliseDecimal } from '../../decimal.ts'
import type { ArithmeticSign, BinaryNode, ColumnRefNode, ComparisonSign, ExpressionNode } from '../../expression-ast.ts'
import { spanning } from '../../span.ts'
import { nodeOf, nodesOf, tokenOf, tokensOf } from '../cst.ts'
import type { BuildContext } from './context.ts'
import { buildDecimal } from './literals.ts'

/** Numbers and columns of one expression: trees of long chains are deep. */
const MAX_OPERANDS = 256
/** Functions of other windows of the full language. */
const LATER_FUNCTIONS: readonly string[] = ['baseline', 'baseline_stddev', 'previous']

type Building = ExpressionNode | undefined

/** Builds one expression, which may have at most 256 operands. A part that makes no sense takes the whole along. */
export class ExpressionBuilder {
  readonly #context: BuildContext
  #operands = 0

  constructor(context: BuildContext) {
    this.#context = context
  }

  expression(cst: CstNode | undefined): Building {
    return this.#chain(
      cst,
      'conjunction',
      (part) => this.#conjunction(part),
      () => 'or',
    )
  }

  #conjunction(cst: CstNode): Building {
    return this.#chain(
      cst,
      'negation',
      (part) => this.#negation(part),
      () => 'and',
    )
  }

  #negation(cst: CstNode): Building {
    const of = this.#comparison(nodeOf(cst, 'comparison'))
    const not = tokenOf(cst, 'NotInExpressions')
    if (of === undefined || not === undefined) return of
    return { type: 'not', of, span: spanning(this.#context.tokenSpan(not), of.span) }
  }

  #comparison(cst: CstNode | undefined): Building {
    const [left, second, third] = nodesOf(cst, 'sum').map((part) => this.#sum(part))
    if (left === undefined) return undefined
    const op = tokenOf(cst, 'CompareSign')?.image as ComparisonSign | undefined
    if (op !== undefined) return binary(op, left, second)
    if (tokenOf(cst, 'BETWEEN') !== undefined) {
      if (second === undefined || third === undefined) return undefined
      return { type: 'between', of: left, low: second, high: third, span: spanning(left.span, third.span) }
    }
    const nul = tokenOf(cst, 'NULL')
    if (nul === undefined) return left
    const negated = tokenOf(cst, 'NotInExpressions') !== undefined
    return { type: 'null-test', of: left, negated, span: spanning(left.span, this.#context.tokenSpan(nul)) }
  }

  #sum(cst: CstNode): Building {
    const signs = tokensOf(cst, 'AddSign')
    return this.#chain(
      cst,
      'product',
      (part) => this.#product(part),
      (i) => signs[i]?.image as ArithmeticSign,
    )
  }

  #product(cst: CstNode): Building {
    const signs = tokensOf(cst, 'MultiplySign')
    return this.#chain(
      cst,
      'unary',
      (part) => this.#unary(part),
      (i) => signs[i]?.image as ArithmeticSign,
    )
  }

  /** Parts of equal rank, from the left. */
  #chain(
    cst: CstNode | undefined,
    rule: string,
    build: (part: CstNode) => Building,
    signAt: (index: number) => BinaryNode['op'],
  ): Building {
    const [first, ...rest] = nodesOf(cst, rule).map(build)
    return rest.reduce((left, right, i) => left && binary(signAt(i), left, right), first)
  }

  #unary(cst: CstNode): Building {
    const of = this.#primary(nodeOf(cst, 'primary'))
    const minus = tokenOf(cst, 'Minus')
    if (of === undefined || minus === undefined) return of
    return { type: 'negate', of, span: spanning(this.#context.tokenSpan(minus), of.span) }
  }

  #primary(cst: CstNode | undefined): Building {
    if (cst === undefined) return undefined
    const inner = nodeOf(cst, 'expression')
    if (inner !== undefined) {
      const built = this.expression(inner)
      return built === undefined ? undefined : { ...built, span: this.#context.span(cst) }
    }
    this.#operands += 1
    const span = this.#context.span(cst)
    if (this.#operands === MAX_OPERANDS + 1)
      this.#context.error('EXPRESSION_TOO_LARGE', span, `more than ${MAX_OPERANDS} numbers and columns`)
    if (this.#operands > MAX_OPERANDS) return undefined
    const number = tokenOf(cst, 'NumberLiteral')?.image
    if (number !== undefined) {
      const percent = tokenOf(cst, 'Percent') !== undefined
      return buildDecimal(this.#context, percent ? `${normaliseDecimal(number) ?? number}e-2` : number, span)
    }
    const dotted = tokenOf(cst, 'DottedName')?.image
    if (dotted === undefined) return buildColumnRef(this.#context, nodeOf(cst, 'columnRef'))
    const [query, name, more] = dotted.split('.') as [string, string, string?]
    if (more === undefined) return { type: 'column-ref', query, name, span }
    const hint = `the column of another query is its name, a dot and the column: ${query}.${name}`
    return this.#context.error('UNKNOWN_COLUMN', span, `${dotted} is no column of a query`, hint)
  }
}

function binary(op: BinaryNode['op'], left: ExpressionNode, right: Building): Building {
  return right === undefined ? undefined : { type: 'binary', op, left, right, span: spanning(left.span, right.span) }
}

/** A column of the row. The grammar takes arguments, so that a function can be refused with a hint. */
export function buildColumnRef(context: BuildContext, cst: CstNode | undefined): ColumnRefNode | undefined {
  const word = tokenOf(cst, 'Ident')
  if (cst === undefined || word === undefined) return undefined
  const span = context.span(cst)
  const name = word.image.toLowerCase()
  if (tokenOf(cst, 'LeftParen') === undefined) return { type: 'column-ref', name, span }
  if (LATER_FUNCTIONS.includes(name))
    return context.notAvailable(span, `${name}(..) is`, 'compare with a fixed number, or with a column of this row')
  const numbers = nodesOf(cst, 'argument').map(
    (argument) => tokenOf(nodeOf(argument, 'number'), 'NumberLiteral')?.image,
  )
  const column = [name, ...numbers.map((image) => (image ?? '').replace(/\W/g, '_'))].join('_')
  const hint = `name a column of COMPUTE: ${column}`
  return context.error('UNKNOWN_COLUMN', span, `${name}(..) is a function; columns stand here by their names`, hint)
}
