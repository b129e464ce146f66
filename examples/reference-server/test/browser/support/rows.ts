import type { WireRow } from '../../../dashboard/src/api/wire.ts'

/** A closed, whole 10 s row; `over` says what is different. */
export function rowAt(startMs: number, over: Partial<WireRow> = {}): WireRow {
  return {
    query: 'q',
    queryVersion: 1,
    group: {},
    startMs,
    endMs: startMs + 10_000,
    values: { avg: startMs / 10_000 },
    count: 10,
    seriesSeen: 1,
    seriesExpected: 1,
    completeness: 1,
    revision: 1,
    partial: false,
    lateApplied: 0,
    source: 'live',
    ...over,
  }
}
