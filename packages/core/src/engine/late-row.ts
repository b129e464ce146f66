import type { SeriesRef } from '../registry/identity.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { LateSample } from '../window/running-query.ts'
import type { LateRow } from './engine-api.ts'

/** A late sample with its series in words. */
export function lateRow(sample: LateSample, registry: SeriesRegistry): LateRow {
  const { query, seriesRef, timeMs, value } = sample
  const { metric, server, labels } = registry.describe(seriesRef as SeriesRef)
  return {
    tenant: query.tenant,
    query: query.name,
    queryVersion: query.version,
    metric,
    server,
    labels: Object.fromEntries(labels),
    timeMs,
    value,
  }
}
