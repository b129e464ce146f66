import { formatValue } from '../format/units.ts'
import type { ChartLine, ChartModel } from './chart-model.ts'
import { isIncomplete } from './window-state.ts'

/** What a chart shows, in words, for those who do not see it. */
export function chartSentence(name: string, chart: ChartModel): string {
  const { lines } = chart
  const lead = lines.find((line) => line.role === 'line') ?? lines[0]
  if (!lead) return `${name}: no lines to draw`
  const values = lead.values.filter((value) => value !== null)
  const last = values.at(-1)
  const parts = [`${name}: ${lead.label}`]
  if (last === undefined) parts.push('no values')
  else {
    const isOpen = lead.entries.findLast((entry) => entry !== undefined)?.row.early === true
    parts[0] += ` last ${formatValue(last, chart.unit, chart.isFraction)}${isOpen ? ' so far' : ''}, ${trendOf(values)}`
    const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
    const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
    parts.push(
      `between ${formatValue(low, chart.unit, chart.isFraction)} and ${formatValue(high, chart.unit, chart.isFraction)}`,
    )
  }
  if (lines.length > 1) parts.push(`${lines.length} lines`)
  const incomplete = incompleteIn(lead)
  if (incomplete > 0) parts.push(counted(incomplete, 'incomplete window'))
  if (chart.gaps.length > 0) parts.push(counted(chart.gaps.length, 'gap'))
  return parts.join(', ')
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function incompleteIn(line: ChartLine): number {
  return line.entries.filter((entry) => entry && isIncomplete(entry)).length
}

/** The last tenth against the tenth before it; less than five percent of change is steady. */
function trendOf(values: readonly number[]): string {
  const size = Math.max(1, Math.floor(values.length / 10))
  if (values.length < 2 * size) return 'steady'
  const recent = mean(values.slice(-size))
  const earlier = mean(values.slice(-2 * size, -size))
  const change = recent - earlier
  if (Math.abs(change) <= 0.05 * Math.max(Math.abs(recent), Math.abs(earlier))) return 'steady'
  return change > 0 ? 'rising' : 'falling'
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
