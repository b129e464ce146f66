import type { WindowResult } from './window-result.ts'

/** A row as JSON can carry it: infinities become the words `Infinity` and `-Infinity`. */
export type WindowResultJson = Omit<WindowResult, 'values'> & {
  readonly values: Readonly<Record<string, number | string | null>>
}

export function resultToJson(row: WindowResult): WindowResultJson {
  if (row.quality?.infinite !== true) return row
  const values: Record<string, number | string | null> = Object.create(null)
  for (const name in row.values) {
    const value = row.values[name]!
    values[name] = value === null || Number.isFinite(value) ? value : String(value)
  }
  return { ...row, values }
}
