import type { CstNode } from 'chevrotain'
import type {
  EmitClause,
  FillClause,
  HavingClause,
  LatenessClause,
  LimitClause,
  MinSamplesClause,
  OrderByClause,
} from '../../ast.ts'
import { nodeOf, tokenOf } from '../cst.ts'
import type { BuildContext } from './context.ts'
import { buildColumnRef, ExpressionBuilder } from './expressions.ts'
import { buildCount, buildDuration, buildNumber } from './literals.ts'

export function buildHaving(context: BuildContext, cst: CstNode | undefined): HavingClause | undefined {
  const condition = new ExpressionBuilder(context).expression(nodeOf(cst, 'expression'))
  if (cst === undefined || condition === undefined) return undefined
  return { type: 'having', condition, span: context.span(cst) }
}

export function buildMinSamples(context: BuildContext, cst: CstNode | undefined): MinSamplesClause | undefined {
  const count = buildCount(context, tokenOf(cst, 'NumberLiteral'))
  if (cst === undefined || count === undefined) return undefined
  return { type: 'min-samples', count, span: context.span(cst) }
}

export function buildFill(context: BuildContext, cst: CstNode | undefined): FillClause | undefined {
  if (cst === undefined) return undefined
  const span = context.span(cst)
  if (tokenOf(cst, 'NONE') !== undefined) return { type: 'fill', with: 'none', span }
  if (tokenOf(cst, 'NULL') !== undefined) return { type: 'fill', with: 'null', span }
  if (tokenOf(cst, 'ZERO') !== undefined) return { type: 'fill', with: 'zero', span }
  const number = nodeOf(cst, 'number')
  if (number !== undefined) {
    const value = buildNumber(context, number, (image) => `write the number alone: FILL ${image}`)
    if (value === undefined) return undefined
    return value.decimal === '0' ? { type: 'fill', with: 'zero', span } : { type: 'fill', with: 'number', value, span }
  }
  if (tokenOf(cst, 'PREVIOUS') === undefined) return undefined
  const within = buildDuration(context, tokenOf(cst, 'Duration'))
  return { type: 'fill', with: 'previous', ...(within === undefined ? {} : { within }), span }
}

export function buildOrderBy(context: BuildContext, cst: CstNode | undefined): OrderByClause | undefined {
  const column = buildColumnRef(context, nodeOf(cst, 'columnRef'))
  if (cst === undefined || column === undefined) return undefined
  return { type: 'order-by', column, descending: tokenOf(cst, 'DESC') !== undefined, span: context.span(cst) }
}

export function buildLimit(context: BuildContext, cst: CstNode | undefined): LimitClause | undefined {
  const count = buildCount(context, tokenOf(cst, 'NumberLiteral'))
  if (cst === undefined || count === undefined) return undefined
  return { type: 'limit', count, span: context.span(cst) }
}

export function buildLateness(context: BuildContext, cst: CstNode | undefined): LatenessClause | undefined {
  const duration = buildDuration(context, tokenOf(cst, 'Duration'))
  if (cst === undefined || duration === undefined) return undefined
  const word = tokenOf(cst, 'DROP', 'SIDE', 'REPAIR')?.image.toLowerCase() as LatenessClause['late'] | undefined
  return { type: 'lateness', duration, ...(word === undefined ? {} : { late: word }), span: context.span(cst) }
}

export function buildEmit(context: BuildContext, cst: CstNode | undefined): EmitClause | undefined {
  if (cst === undefined) return undefined
  const span = context.span(cst)
  if (tokenOf(cst, 'FINAL') !== undefined) return { type: 'emit', at: 'final', span }
  if (tokenOf(cst, 'ON') !== undefined) return { type: 'emit', at: 'end', span }
  const every = buildDuration(context, tokenOf(cst, 'Duration'))
  return every === undefined ? undefined : { type: 'emit', at: 'every', every, span }
}
