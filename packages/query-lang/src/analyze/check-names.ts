import type { GroupDimension } from '@windrow/core'
import type { QueryStatement } from '../ast.ts'
import type { Catalog } from '../catalog.ts'
import type { DiagnosticCode, DiagnosticList } from '../diagnostics.ts'
import { nearest } from '../nearest.ts'
import type { Span } from '../span.ts'

/** Names that nothing has yet. They are no errors: the query picks them up when they appear. */
export function checkNames(query: QueryStatement, catalog: Catalog, diagnostics: DiagnosticList): void {
  const unmatched = (code: DiagnosticCode, span: Span, what: string, similar: string | undefined): void => {
    const severity = similar === undefined ? 'info' : 'warning'
    diagnostics.add(
      severity,
      code,
      span,
      `${what} is not known yet`,
      similar === undefined ? undefined : `did you mean ${similar}?`,
    )
  }
  const metric = query.select.metric
  if (catalog.metric(metric.name) === undefined)
    unmatched('UNMATCHED_METRIC', metric.span, `the metric ${metric.name}`, nearest(metric.name, catalog.metricNames()))
  const literals = query.from.sources.flatMap(({ pattern: { pattern, span } }) =>
    pattern.kind === 'exact' ? [{ server: pattern.value, span }] : [],
  )
  if (literals.length === 0) return
  const servers = new Set(catalog.serverNames())
  for (const { server, span } of literals)
    if (!servers.has(server)) unmatched('UNMATCHED_SERVER', span, `the server ${server}`, nearest(server, servers))
}

/** The dimensions of GROUP BY. The name is the key in a result's group, so it may stand once. */
export function checkDimensions(query: QueryStatement, diagnostics: DiagnosticList): GroupDimension[] {
  const dimensions: GroupDimension[] = []
  for (const { kind, name, span } of query.groupBy?.dimensions ?? []) {
    if (dimensions.some((other) => other.name === name))
      diagnostics.error('DUPLICATE_DIMENSION', span, `${name} stands twice in GROUP BY`, 'leave one out')
    else dimensions.push({ kind, name })
  }
  return dimensions
}
