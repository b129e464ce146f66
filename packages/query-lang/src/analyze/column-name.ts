import { suggestFunction } from './functions.ts'

/** What a column is called without AS: `percentile(99.9)` is `percentile_99_9`. */
export function columnName(expression: string): string {
  return expression
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}

/** The column that another word for its function was meant to be: `p99` for `percentile_99`. */
export function suggestColumn(word: string, columns: readonly string[]): string | undefined {
  const fn = suggestFunction(word)
  const name = fn === undefined ? undefined : columnName(fn)
  return columns.find((column) => column === name)
}
