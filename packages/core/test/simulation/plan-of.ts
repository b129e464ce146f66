import type { GroupDimension, QueryPlan, SeriesDescriptor } from '../../src/index.ts'
import type { QuerySpec } from './scenario.ts'
import { planPart } from './shown.ts'

const GROUPS: Readonly<Record<QuerySpec['groupBy'], readonly GroupDimension[]>> = {
  none: [],
  server: [{ kind: 'topology', name: 'server' }],
  pod: [{ kind: 'label', name: 'pod' }],
}

/** Whether only what is left of the query in the end can be said. */
export function isLoose({ session, reading }: QuerySpec): boolean {
  return session !== undefined || reading !== undefined
}

/** The plan the engine gets for a specification. */
export function planOf(spec: QuerySpec): QueryPlan {
  const from =
    spec.serverPrefix !== undefined
      ? [{ dimension: 'server' as const, pattern: { kind: 'glob' as const, glob: `${spec.serverPrefix}*` } }]
      : spec.servers.length > 0
        ? spec.servers.map((value) => ({ dimension: 'server' as const, pattern: { kind: 'exact' as const, value } }))
        : [{ dimension: 'server' as const, pattern: { kind: 'any' as const } }]
  return {
    planVersion: 1,
    text: JSON.stringify(spec),
    selector: { metric: spec.metric, from, except: [], where: [] },
    window: spec.session === undefined ? spec.window : { type: 'session', ...spec.session },
    ...(spec.reading === undefined ? {} : { reading: spec.reading }),
    columns: spec.columns,
    groupBy: GROUPS[spec.groupBy],
    late: spec.late,
    emit: spec.emit === 'every' ? { at: 'every', everyMs: spec.everyMs! } : { at: spec.emit },
    ...planPart(spec),
    ...(spec.latenessMs === undefined ? {} : { latenessMs: spec.latenessMs }),
  }
}

/** Whether the specification reads a series, said a second time without the engine's selectors. */
export function reads(spec: QuerySpec, tenant: string, series: SeriesDescriptor): boolean {
  const server = series.server ?? ''
  if (series.tenant !== tenant || series.metric !== spec.metric) return false
  if (spec.serverPrefix !== undefined) return server.startsWith(spec.serverPrefix)
  return spec.servers.length === 0 || spec.servers.includes(server)
}

/** The values of GROUP BY for a series, as `groupKey` writes them for a row. */
export function groupOf(spec: QuerySpec, series: SeriesDescriptor): string {
  if (spec.groupBy === 'none') return '[]'
  if (spec.groupBy === 'server') return JSON.stringify([series.server])
  const labels = series.labels as Readonly<Record<string, string>> | undefined
  return JSON.stringify([labels?.['pod'] ?? null])
}
