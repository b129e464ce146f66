import type { Pattern } from '../registry/pattern.ts'

/** One item of FROM: servers, or another level of the topology, whose name matches the pattern. */
export interface SourceSelector {
  readonly dimension: 'server'
  readonly pattern: Pattern
}

/** One condition of WHERE on a label. A label that is absent reads as the empty string, as in `=` and `IN`. */
export type LabelMatcher =
  | { readonly label: string; readonly op: 'equal' | 'notEqual'; readonly pattern: Pattern }
  | { readonly label: string; readonly op: 'in' | 'notIn'; readonly patterns: readonly Pattern[] }
  | { readonly label: string; readonly op: 'exists' | 'notExists' }

/** Which series a query reads: metric AND any `from` AND NOT any `except` AND all `where`. */
export interface SeriesSelector {
  readonly metric: string
  readonly from: readonly SourceSelector[]
  readonly except: readonly SourceSelector[]
  readonly where: readonly LabelMatcher[]
}

/** Half-open windows `[startMs, startMs + sizeMs)`, one every `stepMs`, counted from the epoch plus `offsetMs`. */
export interface WindowPlan {
  readonly sizeMs: number
  /** Equal to `sizeMs` for tumbling windows, smaller for sliding ones. */
  readonly stepMs: number
  /** Phase, `0 <= offsetMs < stepMs`. */
  readonly offsetMs: number
}

/**
 * A percentile as the decimal it was written as: `digits / 10^scale` is the fraction of samples at or below
 * the answer. `percentile(99.9)` is `{ digits: 999, scale: 3 }`. Kept as integers so that the rank
 * `max(1, ceil(digits * n / 10^scale))` is exact; in doubles `ceil(0.07 * 100)` is 8.
 */
export interface PercentileRank {
  readonly digits: number
  readonly scale: number
}

export type AggregatePlan =
  | { readonly fn: 'count' | 'sum' | 'min' | 'max' | 'avg' }
  | { readonly fn: 'percentile'; readonly rank: PercentileRank }

export interface ColumnPlan {
  /** Unique in the plan. */
  readonly name: string
  readonly aggregate: AggregatePlan
}

/** A dimension of GROUP BY: a word of the topology (`server`) or a label. */
export interface GroupDimension {
  readonly kind: 'topology' | 'label'
  /** Also the key in the result's `group`. */
  readonly name: string
}

/** A moment fixed when the query runs: absolute, or relative to now. */
export type TimePoint =
  | { readonly kind: 'absolute'; readonly epochMs: number }
  | { readonly kind: 'now'; readonly offsetMs: number }

/** What the language compiles to and the engine runs. Plain data: it can be stored and sent. */
export interface QueryPlan {
  readonly planVersion: 1
  /** Canonical text; equal texts mean equal queries. */
  readonly text: string
  readonly selector: SeriesSelector
  readonly window: WindowPlan
  readonly columns: readonly ColumnPlan[]
  readonly groupBy: readonly GroupDimension[]
  /** How long after the watermark a late sample still revises its window; undefined = the engine's default. */
  readonly latenessMs?: number
  /** SINCE / UNTIL; only for a run over history. `until` undefined = now. */
  readonly range?: { readonly since: TimePoint; readonly until?: TimePoint }
}
