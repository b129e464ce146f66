import { formatWindow } from '../format/time.ts'
import { formatNumber } from '../format/units.ts'
import type { CardView } from '../model/card-view.ts'
import type { ChartModel } from '../model/chart-model.ts'
import type { Entry } from '../model/row-store.ts'
import { completenessText, isIncomplete, stateWords } from '../model/window-state.ts'

export interface ReadoutProps {
  readonly view: CardView
  readonly focus: number
  readonly isUnderCursor: boolean
}

/** The window in focus: its bounds, its state in words, and how much of it there is. */
export function Readout({ view, focus, isUnderCursor }: ReadoutProps) {
  const entries = view.chart.lines.map((line) => line.entries[focus]).filter((entry) => entry !== undefined)
  const endMs = view.chart.x[focus]
  const weakest = weakestOf(entries)
  if (endMs === undefined) return <p class="readout">no window in view</p>
  if (!weakest) {
    return (
      <p class="readout">
        <span>{formatWindow(...emptySpan(view.chart, endMs))}</span>
        <strong>? no data</strong>
      </p>
    )
  }
  const { row } = weakest
  const count = view.mode === 'groups' ? entries.reduce((sum, entry) => sum + entry.row.count, 0) : row.count
  const complete = completenessText(weakest)
  return (
    <p class={`readout ${isUnderCursor ? 'is-cursor' : ''}`}>
      <span class="readout-window">{formatWindow(row.startMs, row.endMs)}</span>
      <span class={isIncomplete(weakest) ? 'is-warning' : ''}>{stateWords(weakest).join(', ')}</span>
      <span>n {formatNumber(count)}</span>
      {complete && <span>{complete}</span>}
      {row.source === 'live' && (
        <span title={`revision ${row.revision}, query version ${row.queryVersion}`}>rev {row.revision % 65_536}</span>
      )}
    </p>
  )
}

/** The hole that a place without a row stands in. */
function emptySpan({ gaps }: ChartModel, epochMs: number): readonly [number, number] {
  return gaps.find(([fromMs, toMs]) => fromMs <= epochMs && epochMs <= toMs) ?? [epochMs, epochMs]
}

/** Of the groups at one window the least complete speaks for all. */
function weakestOf(entries: readonly Entry[]): Entry | undefined {
  return entries.reduce<Entry | undefined>(
    (least, entry) => (least && (least.row.completeness ?? 1) <= (entry.row.completeness ?? 1) ? least : entry),
    undefined,
  )
}
