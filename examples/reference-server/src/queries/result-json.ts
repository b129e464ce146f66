import type { ResultValue, WindowResult } from '@windrow/core'

/** A row as JSON text; infinities, which JSON has no number for, are written as text. */
export function rowToJson(row: WindowResult): string {
  for (const column in row.values)
    if (isInfinite(row.values[column])) return JSON.stringify({ ...row, values: withTextInfinities(row.values) })
  return JSON.stringify(row)
}

/** `{ ...head, "results": [rows] }`; the rows go from JSON text to JSON text. */
export function resultsJson(head: Readonly<Record<string, unknown>>, rows: readonly WindowResult[]): string {
  return `${JSON.stringify(head).slice(0, -1)},"results":[${rows.map(rowToJson).join(',')}]}`
}

/** A moment that may be unknown (before the first sample): null instead of -Infinity. */
export function finiteOrNull(valueMs: number | null): number | null {
  return valueMs !== null && Number.isFinite(valueMs) ? valueMs : null
}

function withTextInfinities(values: WindowResult['values']): Record<string, number | string | null> {
  const written: Record<string, number | string | null> = Object.create(null)
  for (const column in values) {
    const value = values[column]
    written[column] = isInfinite(value) ? String(value) : (value ?? null)
  }
  return written
}

function isInfinite(value: ResultValue | undefined): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
}
