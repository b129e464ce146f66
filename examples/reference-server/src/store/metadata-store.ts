import type { MetricDeclaration } from '@windrow/core'

/** What a person stored: the text as written, and whether it should run. */
export interface StoredQuery {
  readonly tenant: string
  readonly name: string
  readonly text: string
  readonly state: 'running' | 'paused'
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface DeclaredMetric extends MetricDeclaration {
  readonly tenant: string
  readonly metric: string
}

/** Small things that must survive a restart. Every write is on disk when its transaction returns. */
export interface MetadataStore {
  queries(): StoredQuery[]
  metrics(): DeclaredMetric[]
  /** Inserts or replaces by (tenant, name). */
  putQuery(query: StoredQuery): void
  removeQuery(tenant: string, name: string): void
  /** Inserts or replaces by (tenant, metric). */
  putMetric(metric: DeclaredMetric, nowMs: number): void
  /** The last version that a query of the name had, also when it was removed since; 0 when there never was one. */
  lastVersion(tenant: string, name: string): number
  putVersion(tenant: string, name: string, version: number): void
  /** Raised and kept with each call: revisions of a later life of the server are greater than all before. */
  nextGeneration(): number
  /** All writes of `work` or, when it throws, none. Not to be nested. */
  transaction<T>(work: () => T): T
  close(): void
}
