import type { CstNode } from 'chevrotain'
import type { QueryStatement, Statement } from '../../ast.ts'
import { nodeOf, nodesOf } from '../cst.ts'
import { buildCompute, buildGroupBy } from './columns.ts'
import type { BuildContext } from './context.ts'
import { buildDeclareMetric } from './declare-metric.ts'
import {
  buildEmit,
  buildFill,
  buildHaving,
  buildLateness,
  buildLimit,
  buildMinSamples,
  buildOrderBy,
} from './options.ts'
import { buildRange } from './range.ts'
import { buildSelect } from './select.ts'
import { buildFrom, buildWhere } from './sources.ts'
import { buildWindow } from './window.ts'

/**
 * Builds the tree of one statement and reports what the grammar lets through. A part that makes no sense gives
 * undefined and a diagnostic, and so does a statement without an essential part.
 */
export function buildStatement(context: BuildContext, cst: CstNode): Statement | undefined {
  const query = nodeOf(cst, 'query')
  if (query !== undefined) return buildQuery(context, query)
  const declaration = nodeOf(cst, 'declareMetric')
  return declaration === undefined ? undefined : buildDeclareMetric(context, declaration)
}

function buildQuery(context: BuildContext, cst: CstNode): QueryStatement | undefined {
  const option = (rule: string, name: string): CstNode | undefined => context.once(nodesOf(cst, rule), name)
  const from = buildFrom(context, nodeOf(cst, 'from'))
  const select = buildSelect(context, nodeOf(cst, 'select'))
  const where = buildWhere(context, nodeOf(cst, 'where'))
  const window = buildWindow(context, nodeOf(cst, 'window'))
  const compute = buildCompute(context, nodeOf(cst, 'compute'))
  const groupBy = buildGroupBy(context, option('groupBy', 'GROUP BY'))
  const having = buildHaving(context, option('having', 'HAVING'))
  const minSamples = buildMinSamples(context, option('minSamples', 'MIN SAMPLES'))
  const fill = buildFill(context, option('fill', 'FILL'))
  const orderBy = buildOrderBy(context, option('orderBy', 'ORDER BY'))
  const limit = buildLimit(context, option('limit', 'LIMIT'))
  const lateness = buildLateness(context, option('lateness', 'LATENESS'))
  const emit = buildEmit(context, option('emit', 'EMIT'))
  const range = buildRange(context, option('range', 'SINCE'))
  if (from === undefined || select === undefined || window === undefined || compute === undefined) return undefined
  return {
    type: 'query',
    from,
    select,
    ...(where === undefined ? {} : { where }),
    window,
    compute,
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(having === undefined ? {} : { having }),
    ...(minSamples === undefined ? {} : { minSamples }),
    ...(fill === undefined ? {} : { fill }),
    ...(orderBy === undefined ? {} : { orderBy }),
    ...(limit === undefined ? {} : { limit }),
    ...(lateness === undefined ? {} : { lateness }),
    ...(emit === undefined ? {} : { emit }),
    ...(range === undefined ? {} : { range }),
    span: context.span(cst),
  }
}
