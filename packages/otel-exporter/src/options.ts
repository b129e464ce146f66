import type { Engine } from '@windrow/core'

/**
 * How counters and histograms are reported. `delta`: the amount since the last report, which is all a
 * window needs. `cumulative`: running totals, which survive a lost report but cost a difference per series.
 */
export type TemporalityPreference = 'delta' | 'cumulative'

export interface WindrowExporterOptions {
  /** The engine in this process that takes the metrics. It is not closed by the exporter. */
  readonly engine: Engine
  /** The ingest channel whose progress the engine follows. Default `otel-sdk`. */
  readonly source?: string
  /** Default `default`. */
  readonly tenant?: string
  /** Default `delta`. */
  readonly temporality?: TemporalityPreference
}

/** What has become of the points so far: `points = accepted + duplicates + shed + rejected + lost`. */
export interface ExporterCounters {
  readonly exports: number
  /** Exports that ended as FAILED. */
  readonly failedExports: number
  readonly points: number
  readonly accepted: number
  readonly duplicates: number
  /** Refused by the engine for lack of room. */
  readonly shed: number
  /** Refused for what they are. */
  readonly rejected: number
  /** In exports that failed before the engine had seen them. */
  readonly lost: number
}
