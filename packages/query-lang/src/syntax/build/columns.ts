import type { CstNode } from 'chevrotain'
import type { CallNode, ColumnNode, ComputeClause, DimensionNode, GroupByClause, NameNode } from '../../ast.ts'
import type { NumberNode } from '../../expression-ast.ts'
import { isLaterTopology, topologyOf } from '../../names.ts'
import { nodeOf, nodesOf, tokenOf } from '../cst.ts'
import { type BuildContext, present } from './context.ts'
import { buildNumber, buildText } from './literals.ts'

export function buildCompute(context: BuildContext, cst: CstNode | undefined): ComputeClause | undefined {
  if (cst === undefined) return undefined
  const columns = present(nodesOf(cst, 'column').map((column) => buildColumn(context, column)))
  return columns.length === 0 ? undefined : { type: 'compute', columns, span: context.span(cst) }
}

function buildColumn(context: BuildContext, cst: CstNode): ColumnNode | undefined {
  const call = buildCall(context, nodeOf(cst, 'call'))
  if (call === undefined) return undefined
  const alias = tokenOf(cst, 'alias')
  const named: NameNode | undefined =
    alias === undefined ? undefined : { type: 'name', name: alias.image, span: context.tokenSpan(alias) }
  return { type: 'column', call, ...(named === undefined ? {} : { alias: named }), span: context.span(cst) }
}

function buildCall(context: BuildContext, cst: CstNode | undefined): CallNode | undefined {
  const name = tokenOf(cst, 'Ident')
  if (cst === undefined || name === undefined) return undefined
  const read = nodesOf(cst, 'argument').map((argument) => buildArgument(context, argument))
  const args = present(read)
  // A call without one of its arguments would be another call.
  if (args.length < read.length) return undefined
  return { type: 'call', fn: name.image.toLowerCase(), args, span: context.span(cst) }
}

function buildArgument(context: BuildContext, cst: CstNode): NumberNode | undefined {
  const number = nodeOf(cst, 'number')
  if (number !== undefined)
    return buildNumber(context, number, (image) => `a percentile is the plain number: percentile(${image})`)
  const span = context.span(cst)
  if (nodeOf(cst, 'call') !== undefined)
    return context.notAvailable(
      span,
      'a function of a function is',
      'group by server and combine the rows where they are read',
    )
  return context.notAvailable(span, 'a function of a label is', 'group by the label: GROUP BY http.route')
}

export function buildGroupBy(context: BuildContext, cst: CstNode | undefined): GroupByClause | undefined {
  if (cst === undefined) return undefined
  const dimensions = present(nodesOf(cst, 'dimension').map((dimension) => buildDimension(context, dimension)))
  return dimensions.length === 0 ? undefined : { type: 'group-by', dimensions, span: context.span(cst) }
}

function buildDimension(context: BuildContext, cst: CstNode): DimensionNode | undefined {
  const span = context.span(cst)
  const text = tokenOf(cst, 'StringLiteral')
  if (text !== undefined) return { type: 'dimension', kind: 'label', name: buildText(context, text, false), span }
  const word = tokenOf(cst, 'Ident', 'DottedName')?.image
  if (word === undefined) return undefined
  if (isLaterTopology(word))
    return context.notAvailable(span, `the topology level ${word} is`, `for the label of that name write "${word}"`)
  const topology = topologyOf(word)
  if (topology !== undefined) return { type: 'dimension', kind: 'topology', name: topology, span }
  return { type: 'dimension', kind: 'label', name: word, span }
}
