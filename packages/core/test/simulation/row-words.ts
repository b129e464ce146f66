import type { WindowResult } from '../../src/index.ts'

export function groupKey({ group }: Pick<WindowResult, 'group'>): string {
  return JSON.stringify(Object.values(group))
}

/** Everything of a row that a reader may act on. */
export function said(row: WindowResult): string {
  const { endMs, values, count, seriesSeen, completeness, partial, early, retracted, quality } = row
  return JSON.stringify([
    endMs,
    Object.entries(values).map(([name, value]) => [name, String(value)]),
    count,
    seriesSeen,
    completeness,
    partial,
    early,
    retracted,
    quality,
  ])
}
