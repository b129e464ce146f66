import type { Entry } from './row-store.ts'

/** What stands about a window, each with its own shape on the chart and its own word. */
export function stateWords(entry: Entry): string[] {
  const { row } = entry
  const words: string[] = []
  words.push(row.early ? 'open' : 'closed')
  if (row.partial) words.push('partial')
  if (isCorrected(entry)) words.push(`corrected, ${row.lateApplied} late`)
  if (isIncomplete(entry)) words.push('incomplete')
  if (isFilled(entry)) words.push('filled')
  if (row.quality?.stale) words.push('stale: late samples are missing')
  if (row.source !== 'live') words.push(row.source)
  return words
}

export function isCorrected({ row, previous }: Entry): boolean {
  return !row.early && (row.lateApplied > 0 || previous !== undefined)
}

export function isIncomplete({ row }: Entry): boolean {
  return !row.early && row.completeness !== null && row.completeness < 1
}

/** No sample came: what stands there is what FILL says. */
export function isFilled({ row }: Entry): boolean {
  return row.count === 0
}

/** `93 % (279/300 series)`; the series alone while none is expected, and undefined where it is not known. */
export function completenessText({ row }: Entry): string | undefined {
  if (row.completeness === null) return undefined
  const percent = `${Math.floor(row.completeness * 100)}\u2009%`
  if (row.seriesExpected === 0) return `${row.seriesSeen} series`
  return row.seriesExpected === null ? percent : `${percent} (${row.seriesSeen}/${row.seriesExpected} series)`
}
