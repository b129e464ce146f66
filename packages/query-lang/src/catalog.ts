import type { MetricKind } from '@windrow/core'

/** What is known of a metric when a query is checked. */
export interface CatalogEntry {
  readonly kind: MetricKind
  /** True while neither a declaration nor the wire said the kind. */
  readonly kindAssumed: boolean
  readonly unit: string
}

/**
 * What exists, for checks and suggestions. A query may name what does not exist yet. The name lists are read
 * only when a name of the query is unknown.
 */
export interface Catalog {
  metric(name: string): CatalogEntry | undefined
  metricNames(): Iterable<string>
  serverNames(): Iterable<string>
}
