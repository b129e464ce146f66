/** A value of a column: `null` = undefined for this window; infinities are text in JSON. */
export type ResultValue = number | null

/** Where a row came from. */
export type ResultSource = 'live' | 'replay' | 'backfill'

/** What is to be known about how a column's value was found. */
export interface ColumnQuality {
  /** `exact`, or the sketch's name, for example `exponential` or `buckets`. */
  readonly sketch: string
  /** The value is within this fraction of the true nearest-rank value. Absent when exact. */
  readonly relativeError?: number
  /** Scale of the base-2 exponential mapping in use. */
  readonly scale?: number
  /** True when the sketch had to lower its resolution to stay in its memory. */
  readonly collapsed?: boolean
}

export interface ResultQuality {
  /** A series of this group reports less often than the window is long. */
  readonly intervalLongerThanWindow?: boolean
  /** Names of columns whose infinity comes from infinite samples of both signs or of one. */
  readonly infinite?: boolean
  /** Late samples belong to this row, yet to compute it anew was too much. */
  readonly stale?: boolean
  readonly columns?: Readonly<Record<string, ColumnQuality>>
}

/**
 * One row: a query, a group, a window. Identity is (tenant, query, queryVersion, group, startMs); the row
 * with the greatest `revision` is the one that holds.
 */
export interface WindowResult {
  readonly tenant: string
  readonly query: string
  readonly queryVersion: number
  /** Value of each GROUP BY dimension, null where the series has no such label; no prototype. */
  readonly group: Readonly<Record<string, string | null>>
  /** Inclusive. */
  readonly startMs: number
  /** Exclusive. */
  readonly endMs: number
  /** Column name -> value; no prototype. */
  readonly values: Readonly<Record<string, ResultValue>>
  /** Samples applied to the row. */
  readonly count: number
  /** Servers with their point attributes that had a sample, each once however many series it has. */
  readonly seriesSeen: number
  /** Of those that report periodically, how many should have been there; null for runs over history and sessions. */
  readonly seriesExpected: number | null
  /** seen and expected / expected; 1 when nothing is expected; null for runs over history and sessions. */
  readonly completeness: number | null
  /** generation x 65,536 + n. */
  readonly revision: number
  /** The window starts before the query's data does. */
  readonly partial: boolean
  /** The window is not over yet. */
  readonly early?: boolean
  readonly retracted?: boolean
  /** Samples that came after the first emission and are in this row. */
  readonly lateApplied: number
  readonly quality?: ResultQuality
  readonly source: ResultSource
}

/** A column of a query, delivered once per query version. */
export interface ColumnSchema {
  readonly name: string
  readonly unit: string
  readonly type: 'number'
}
