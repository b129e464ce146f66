import type { QueryPlan, WindowPlan } from '@windrow/core'
import type { EmitClause, FillClause, QueryStatement } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { printDuration } from '../duration.ts'
import { windowLengthMs } from './check-window.ts'
import { ExpressionCompiler } from './expressions.ts'
import { fixedLengthMs } from './fixed-length.ts'

/** How far back FILL PREVIOUS looks where WITHIN does not say. */
const DEFAULT_WITHIN_WINDOWS = 5
/** The engine numbers the rows of a window with 16 bits, and leaves room for corrections. */
const MAX_EARLY_ROWS = 40_000
const MIN_EMIT_MS = 1_000

type Options = Pick<QueryPlan, 'latenessMs' | 'late' | 'emit' | 'fill' | 'having' | 'orderBy' | 'limit' | 'minSamples'>

/** `{ name: value }`, or nothing for undefined. */
function optional<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: T })
}

function emitPlan(
  emit: EmitClause | undefined,
  window: WindowPlan | undefined,
  diagnostics: DiagnosticList,
): QueryPlan['emit'] {
  if (emit === undefined || emit.at === 'end') return undefined
  if (emit.at === 'final') return { at: 'final' }
  const everyMs = fixedLengthMs(emit.every, diagnostics)
  if (everyMs === undefined) return undefined
  if (everyMs < MIN_EMIT_MS) {
    const message = `rows every ${printDuration(emit.every)}; at most one a second comes early`
    diagnostics.error('EMIT_OUT_OF_RANGE', emit.every.span, message, 'write EMIT EVERY 1s or more')
  } else if (window !== undefined && everyMs >= windowLengthMs(window)) {
    const message = `no row comes early every ${printDuration(emit.every)}: the window is over by then`
    diagnostics.error('EMIT_OUT_OF_RANGE', emit.every.span, message, 'write less than the length of the window')
  } else if (window !== undefined && windowLengthMs(window) / everyMs > MAX_EARLY_ROWS) {
    const leastS = Math.ceil(windowLengthMs(window) / MAX_EARLY_ROWS / 1_000)
    const message = `more than ${MAX_EARLY_ROWS} early rows of one window`
    diagnostics.error('EMIT_OUT_OF_RANGE', emit.every.span, message, `write EMIT EVERY ${leastS}s or more`)
  }
  return { at: 'every', everyMs }
}

function fillPlan(fill: FillClause | undefined, diagnostics: DiagnosticList): QueryPlan['fill'] {
  switch (fill?.with) {
    case undefined:
    case 'none':
      return undefined
    case 'null':
      return { with: 'null' }
    case 'zero':
      return { with: 'value', value: 0 }
    case 'number':
      return { with: 'value', value: Number(fill.value.decimal) }
    case 'previous': {
      if (fill.within === undefined) return { with: 'previous', within: { windows: DEFAULT_WITHIN_WINDOWS } }
      const ms = fixedLengthMs(fill.within, diagnostics)
      return ms === undefined ? undefined : { with: 'previous', within: { ms } }
    }
  }
}

/** What needs windows that all groups and series share, which sessions are not. */
function refuseForSessions(query: QueryStatement, diagnostics: DiagnosticList): void {
  if (query.window.type !== 'session') return
  const reading = query.select.reading
  if (reading !== undefined) {
    const message = `${reading.reading}(..) is read window by window, and each group has sessions of its own`
    diagnostics.error('NOT_FOR_SESSIONS', reading.span, message, 'use windows of one length: WINDOW 5m')
  }
  const { fill, orderBy, limit } = query
  for (const [clause, name] of [[fill, 'FILL'] as const, [orderBy, 'ORDER BY'] as const, [limit, 'LIMIT'] as const])
    if (clause !== undefined)
      diagnostics.error(
        'NOT_FOR_SESSIONS',
        clause.span,
        `${name} of sessions has no meaning: each group has sessions of its own`,
        `leave ${name} out, or use windows of one length: WINDOW 5m`,
      )
}

/** What stands after COMPUTE and GROUP BY, checked. `columns` are undefined when COMPUTE has errors. */
export function checkOptions(
  query: QueryStatement,
  window: WindowPlan | undefined,
  columns: readonly string[] | undefined,
  diagnostics: DiagnosticList,
): Options {
  const { having, orderBy, limit, minSamples, lateness } = query
  refuseForSessions(query, diagnostics)
  const expressions = new ExpressionCompiler(columns, diagnostics)
  return {
    ...optional('having', having && expressions.condition(having.condition)),
    ...optional('minSamples', minSamples?.count),
    ...optional('fill', fillPlan(query.fill, diagnostics)),
    ...optional('orderBy', orderBy && { column: expressions.column(orderBy.column), descending: orderBy.descending }),
    ...optional('limit', limit?.count),
    ...optional('latenessMs', lateness && fixedLengthMs(lateness.duration, diagnostics)),
    ...optional('late', lateness?.late),
    ...optional('emit', emitPlan(query.emit, window, diagnostics)),
  }
}
