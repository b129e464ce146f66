import type { CstNode } from 'chevrotain'
import type { SessionClause, WindowClause } from '../../ast.ts'
import { nodeOf, tokenOf } from '../cst.ts'
import type { BuildContext } from './context.ts'
import { buildDuration, buildSignedDuration, buildString } from './literals.ts'

export function buildWindow(context: BuildContext, cst: CstNode | undefined): WindowClause | SessionClause | undefined {
  if (cst === undefined) return undefined
  const session = nodeOf(cst, 'session')
  if (session !== undefined) return buildSession(context, session, cst)
  const size = buildDuration(context, tokenOf(cst, 'Duration'))
  const every = buildDuration(context, tokenOf(cst, 'every'))
  const offset = buildSignedDuration(context, nodeOf(cst, 'signedDuration'))
  const timeZone = buildString(context, tokenOf(cst, 'StringLiteral'))
  if (size === undefined) return undefined
  return {
    type: 'window',
    size,
    ...(every === undefined ? {} : { every }),
    ...(offset === undefined ? {} : { offset }),
    ...(timeZone === undefined ? {} : { timeZone }),
    span: context.span(cst),
  }
}

function buildSession(context: BuildContext, cst: CstNode, window: CstNode): SessionClause | undefined {
  const gap = buildDuration(context, tokenOf(cst, 'Duration'))
  const max = buildDuration(context, tokenOf(cst, 'max'))
  if (gap === undefined) return undefined
  return { type: 'session', gap, ...(max === undefined ? {} : { max }), span: context.span(window) }
}
