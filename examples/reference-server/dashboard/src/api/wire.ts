/** A value as JSON carries it: infinities are text. */
export type WireValue = number | null | string

/** One result row: a query, a group, a window. `startMs` inclusive, `endMs` exclusive. */
export interface WireRow {
  readonly query: string
  readonly queryVersion: number
  readonly group: Readonly<Record<string, string | null>>
  readonly startMs: number
  readonly endMs: number
  readonly values: Readonly<Record<string, WireValue>>
  readonly count: number
  readonly seriesSeen: number
  readonly seriesExpected: number | null
  readonly completeness: number | null
  readonly revision: number
  readonly partial: boolean
  /** The window is not over: another row follows. */
  readonly early?: boolean
  /** Takes the row back. */
  readonly retracted?: boolean
  readonly lateApplied: number
  readonly quality?: { readonly stale?: boolean; readonly columns?: Readonly<Record<string, WireColumnQuality>> }
  readonly source: 'live' | 'replay' | 'backfill'
}

export interface WireColumnQuality {
  readonly sketch: string
  readonly relativeError?: number
}

export interface WireColumn {
  readonly name: string
  readonly unit: string
}

export interface WireWindow {
  readonly type: 'fixed' | 'calendar' | 'session'
  /** At most; of sessions MAX. */
  readonly sizeMs: number
  /** One window starts at least every this many milliseconds; of sessions GAP. */
  readonly stepMs: number
}

export interface WireProgress {
  readonly watermarkMs: number | null
  readonly finalThroughMs: number | null
  readonly lateDropped: number
}

export interface WireQuery {
  readonly name: string
  readonly text: string
  readonly state: 'running' | 'paused' | 'invalid'
  readonly problem?: string
  readonly columns: readonly WireColumn[]
  readonly coversFromMs: number | null
  readonly seriesMatched: number
  readonly unmatched: readonly string[]
  readonly progress: WireProgress | null
  /** Null while the query cannot run. */
  readonly window: WireWindow | null
}

export interface WireDiagnostic {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
  readonly hint?: string
  /** UTF-16 offsets, end exclusive. */
  readonly start: number
  readonly end: number
  /** 1-based. */
  readonly line: number
  readonly column: number
}

/** The number of a column, `null` where it is undefined for the window. */
export function columnValue(row: WireRow, column: string): number | null {
  if (!Object.hasOwn(row.values, column)) return null
  const value = row.values[column]
  if (value === null || value === undefined) return null
  const number = Number(value)
  return Number.isNaN(number) ? null : number
}
