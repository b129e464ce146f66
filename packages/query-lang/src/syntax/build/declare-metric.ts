import type { MetricKind } from '@windrow/core'
import type { CstNode } from 'chevrotain'
import type { DeclareMetricStatement, FirstNode, KindNode } from '../../ast.ts'
import { nearest } from '../../nearest.ts'
import { nodeOf, nodesOf, tokenOf } from '../cst.ts'
import type { BuildContext } from './context.ts'
import { buildName, buildString } from './literals.ts'

const KINDS: readonly MetricKind[] = ['gauge', 'counter', 'delta', 'distribution']

export function buildDeclareMetric(context: BuildContext, cst: CstNode): DeclareMetricStatement | undefined {
  const metric = buildName(context, nodeOf(cst, 'nameOrString'), 'the metric', 'quote a name that holds * ? [ {')
  const [kinds, units, firsts] = ['kindOption', 'unitOption', 'firstOption'].map((rule) => nodesOf(cst, rule)) as [
    CstNode[],
    CstNode[],
    CstNode[],
  ]
  const kind = buildKind(context, context.once(kinds, 'KIND'))
  const unit = buildString(context, tokenOf(context.once(units, 'UNIT'), 'StringLiteral'))
  const first = buildFirst(context, context.once(firsts, 'FIRST'))
  if (kinds.length + units.length + firsts.length === 0)
    context.error('EMPTY_DECLARATION', context.span(cst), 'this declares nothing', 'add KIND GAUGE or UNIT "s"')
  if (metric === undefined) return undefined
  return {
    type: 'declare-metric',
    metric,
    ...(kind === undefined ? {} : { kind }),
    ...(unit === undefined ? {} : { unit }),
    ...(first === undefined ? {} : { first }),
    span: context.span(cst),
  }
}

function buildKind(context: BuildContext, cst: CstNode | undefined): KindNode | undefined {
  const token = tokenOf(cst, 'Ident')
  if (token === undefined) return undefined
  const kind = KINDS.find((name) => name === token.image.toLowerCase())
  const span = context.tokenSpan(token)
  if (kind !== undefined) return { type: 'kind', kind, span }
  const similar = nearest(token.image, KINDS)?.toUpperCase()
  const hint = similar === undefined ? 'kinds are GAUGE, COUNTER, DELTA and DISTRIBUTION' : `did you mean ${similar}?`
  return context.error('UNKNOWN_KIND', span, `${token.image} is no kind of metric`, hint)
}

function buildFirst(context: BuildContext, cst: CstNode | undefined): FirstNode | undefined {
  const token = tokenOf(cst, 'ZERO', 'BASELINE', 'AUTO')
  if (cst === undefined || token === undefined) return undefined
  return { type: 'first', first: token.image.toLowerCase() as FirstNode['first'], span: context.span(cst) }
}
