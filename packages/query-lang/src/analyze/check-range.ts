import type { QueryPlan, TimePoint } from '@windrow/core'
import type { QueryStatement, TimePointNode } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { signedLengthMs } from './fixed-length.ts'

function timePoint(node: TimePointNode, diagnostics: DiagnosticList): TimePoint | undefined {
  if (node.type === 'absolute') return { kind: 'absolute', epochMs: node.epochMs }
  const offsetMs = node.offset === undefined ? 0 : signedLengthMs(node.offset, diagnostics)
  return offsetMs === undefined ? undefined : { kind: 'now', offsetMs }
}

/** Whether the two can be compared without knowing the present, and the second is not later. */
function certainlyEmpty(since: TimePoint, until: TimePoint): boolean {
  if (since.kind === 'absolute' && until.kind === 'absolute') return until.epochMs <= since.epochMs
  if (since.kind === 'now' && until.kind === 'now') return until.offsetMs <= since.offsetMs
  return false
}

/** SINCE and UNTIL of a query that runs once; a stored query has no range. */
export function checkRange(query: QueryStatement, stored: boolean, diagnostics: DiagnosticList): QueryPlan['range'] {
  const range = query.range
  if (range === undefined) return undefined
  if (stored) {
    const hint = 'leave SINCE out: a stored query runs from when it is added; to read history run the text once'
    diagnostics.error('RANGE_IN_STORED_QUERY', range.span, 'a stored query has no range', hint)
    return undefined
  }
  const since = timePoint(range.since, diagnostics)
  const until = range.until === undefined ? undefined : timePoint(range.until, diagnostics)
  if (since === undefined || (range.until !== undefined && until === undefined)) return undefined
  if (certainlyEmpty(since, until ?? { kind: 'now', offsetMs: 0 }))
    diagnostics.error(
      'EMPTY_RANGE',
      (range.until ?? range.since).span,
      'the range ends before it begins',
      'write the earlier time after SINCE',
    )
  return until === undefined ? { since } : { since, until }
}
