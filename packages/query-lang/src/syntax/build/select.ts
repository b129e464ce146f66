import type { CstNode } from 'chevrotain'
import type { ReadingNode, SelectClause } from '../../ast.ts'
import { nodeOf, nodesOf, tokenOf } from '../cst.ts'
import type { BuildContext } from './context.ts'
import { buildName } from './literals.ts'

const METRIC_HINT = 'write a query for each metric, or quote a name that holds * ? [ {'

export function buildSelect(context: BuildContext, cst: CstNode | undefined): SelectClause | undefined {
  if (cst === undefined) return undefined
  const [selected, second] = nodesOf(cst, 'selected')
  if (second !== undefined)
    context.error('SEVERAL_METRICS', context.span(second), 'a query reads one metric', 'write a query for each metric')
  const head = nodeOf(selected, 'nameOrString')
  const argument = nodeOf(selected, 'argument')
  if (head === undefined || argument === undefined) {
    const metric = buildName(context, head, 'the metric of SELECT', METRIC_HINT)
    return metric === undefined ? undefined : { type: 'select', metric, span: context.span(cst) }
  }
  const reading = buildReading(context, head)
  const metric = buildName(context, argument, 'the metric of SELECT', METRIC_HINT)
  if (reading === undefined || metric === undefined) return undefined
  return { type: 'select', reading, metric, span: context.span(cst) }
}

function buildReading(context: BuildContext, head: CstNode): ReadingNode | undefined {
  const span = context.span(head)
  const word = tokenOf(head, 'Name')?.image.toLowerCase()
  if (word === 'rate' || word === 'increase') return { type: 'reading', reading: word, span }
  const hint =
    'other functions stand in COMPUTE: SELECT m WINDOW 10s COMPUTE avg; quote a metric whose name has brackets'
  return context.error('SYNTAX', span, 'SELECT takes the functions rate(..) and increase(..) only', hint)
}
