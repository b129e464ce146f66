import type { CstNode } from 'chevrotain'
import type { RangeClause, TimePointNode } from '../../ast.ts'
import { readInstant } from '../../instant.ts'
import { spanning } from '../../span.ts'
import { nodeOf, tokenOf } from '../cst.ts'
import type { BuildContext } from './context.ts'
import { buildDuration, buildText } from './literals.ts'

export function buildRange(context: BuildContext, cst: CstNode | undefined): RangeClause | undefined {
  if (cst === undefined) return undefined
  const since = buildTimePoint(context, nodeOf(cst, 'timePoint'))
  const until = buildTimePoint(context, nodeOf(cst, 'until'))
  if (since === undefined) return undefined
  return { type: 'range', since, ...(until === undefined ? {} : { until }), span: context.span(cst) }
}

function buildTimePoint(context: BuildContext, cst: CstNode | undefined): TimePointNode | undefined {
  if (cst === undefined) return undefined
  const span = context.span(cst)
  const ago = tokenOf(cst, 'ago')
  if (ago !== undefined) {
    const duration = buildDuration(context, ago)
    if (duration === undefined) return undefined
    return { type: 'now', offset: { type: 'signed-duration', sign: -1, duration, span }, span }
  }
  const text = tokenOf(cst, 'StringLiteral')
  if (text !== undefined) {
    const epochMs = readInstant(buildText(context, text, true))
    if (epochMs !== undefined) return { type: 'absolute', epochMs, span }
    const hint = 'write ISO 8601 with a zone: "2026-11-21T08:00:00Z" or "2026-11-21T09:00:00+01:00"'
    return context.error('BAD_TIME', span, `${text.image} is no moment`, hint)
  }
  const durationToken = tokenOf(cst, 'Duration')
  const signToken = tokenOf(cst, 'AddSign')
  if (durationToken === undefined || signToken === undefined)
    return tokenOf(cst, 'NOW') === undefined ? undefined : { type: 'now', span }
  const duration = buildDuration(context, durationToken)
  if (duration === undefined) return undefined
  const sign = signToken.image === '-' ? -1 : 1
  const offsetSpan = spanning(context.tokenSpan(signToken), duration.span)
  return { type: 'now', offset: { type: 'signed-duration', sign, duration, span: offsetSpan }, span }
}
