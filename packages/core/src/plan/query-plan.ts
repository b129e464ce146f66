import type { Pattern } from '../registry/pattern.ts'
import type { Expression } from './expression.ts'

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
export interface FixedWindowPlan {
  readonly type: 'fixed'
  readonly sizeMs: number
  /** Equal to `sizeMs` for tumbling windows, smaller for sliding ones. */
  readonly stepMs: number
  /** Phase, `0 <= offsetMs < stepMs`. */
  readonly offsetMs: number
}

/**
 * Half-open windows whose edges are midnights of a time zone, so that a day may have 23 or 25 hours. Window `k`
 * starts at the local date `k * step` units after 1970-01-01 (`week`: Monday 1969-12-29; `month`: January 1970) and
 * ends `size` units later.
 */
export interface CalendarWindowPlan {
  readonly type: 'calendar'
  readonly unit: 'day' | 'week' | 'month'
  /** Length in units. */
  readonly size: number
  /** Distance of starts in units, `1 <= step <= size`. */
  readonly step: number
  /** Shifts every edge on the local clock: 6 h makes days that begin at 06:00. Less than a step either way. */
  readonly offsetMs: number
  /** IANA name, for example `Europe/Berlin`; `UTC`. */
  readonly timeZone: string
}

/**
 * Sessions of a group: `[first sample, last sample + gapMs)`, where no two neighbouring samples are `gapMs` or more
 * apart. Cut at multiples of `maxMs` from the epoch.
 */
export interface SessionWindowPlan {
  readonly type: 'session'
  readonly gapMs: number
  readonly maxMs: number
}

/** Windows whose edges are known without looking at the samples. */
export type AlignedWindowPlan = FixedWindowPlan | CalendarWindowPlan
export type WindowPlan = AlignedWindowPlan | SessionWindowPlan

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

/**
 * `drop` counts the sample, `side` hands it to whoever listens for late samples, `repair` computes its windows anew
 * from the storage.
 */
export type LatePolicy = 'drop' | 'side' | 'repair'

/**
 * `end`: at the watermark, then revisions; `final`: once, after the lateness; `every`: also before the window is
 * over, each `everyMs`, then as `end`.
 */
export type EmitPlan =
  | { readonly at: 'end' }
  | { readonly at: 'final' }
  | { readonly at: 'every'; readonly everyMs: number }

/**
 * Values of the columns of a window without samples; count and sum are 0 whatever is chosen. `previous` is the
 * group's last row, at most `within` windows back.
 */
export type FillPlan =
  | { readonly with: 'null' }
  | { readonly with: 'value'; readonly value: number }
  | { readonly with: 'previous'; readonly within: { readonly windows: number } | { readonly ms: number } }

/** What the language compiles to and the engine runs. Plain data: it can be stored and sent. */
export interface QueryPlan {
  readonly planVersion: 1
  /** Canonical text; equal texts mean equal queries. */
  readonly text: string
  readonly selector: SeriesSelector
  readonly window: WindowPlan
  readonly columns: readonly ColumnPlan[]
  readonly groupBy: readonly GroupDimension[]
  /**
   * What the columns are computed over: samples as they are (default), or, of a counter, one value per series and
   * window: its increase, or that divided by the window's seconds.
   */
  readonly reading?: 'samples' | 'increase' | 'rate'
  /** How long after the watermark a late sample still revises its window; undefined = the engine's default. */
  readonly latenessMs?: number
  /** What becomes of samples later than that; undefined = `repair` where there is a storage, else `drop`. */
  readonly late?: LatePolicy
  /** Default `{ at: 'end' }`. */
  readonly emit?: EmitPlan
  /** What to say of windows without samples; undefined = nothing. */
  readonly fill?: FillPlan
  /** Only rows for which this is true are shown. Boolean. */
  readonly having?: Expression
  /** Order of the groups of one window, by a column. */
  readonly orderBy?: { readonly column: string; readonly descending: boolean }
  /** Most rows a window shows. */
  readonly limit?: number
  /** Rows of fewer samples have null in every column. */
  readonly minSamples?: number
  /** SINCE / UNTIL; only for a run over history. `until` undefined = now. */
  readonly range?: { readonly since: TimePoint; readonly until?: TimePoint }
}
