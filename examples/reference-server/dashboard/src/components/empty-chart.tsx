import type { WireQuery, WireWindow } from '../api/wire.ts'
import { formatClock, formatSpan } from '../format/time.ts'

export interface EmptyChartProps {
  readonly query: WireQuery
  readonly range: { readonly kind: 'live' | 'fixed'; readonly fromMs: number; readonly toMs: number }
}

/** Why there is nothing to draw, and what is awaited: never a bare "no data". */
export function EmptyChart({ query, range }: EmptyChartProps) {
  const [title, detail] = explain(query, range)
  return (
    <div class="empty-chart">
      <p>{title}</p>
      <p class="hint">
        <bdi>{detail}</bdi>
      </p>
    </div>
  )
}

function explain(query: WireQuery, range: EmptyChartProps['range']): [string, string] {
  if (range.kind === 'fixed') {
    return ['No windows stored', `Nothing between ${formatClock(range.fromMs)} and ${formatClock(range.toMs)}.`]
  }
  if (query.state === 'paused') return ['Paused', 'No windows are computed. Resume starts with the next sample.']
  if (query.unmatched.length > 0 && query.seriesMatched === 0) {
    return ['No series match', `Not heard of: ${query.unmatched.join(', ')}`]
  }
  if (query.seriesMatched === 0) return ['No series match yet', 'Waiting for the first sample of this metric.']
  const series = query.seriesMatched === 1 ? '1 series matches' : `${query.seriesMatched} series match`
  return ['No data yet', `${series}. The first window closes ${whenFirst(query.window)}.`]
}

function whenFirst(window: WireWindow | null): string {
  if (window === null) return 'soon'
  if (window.type === 'session') return `once nothing came for ${formatSpan(window.stepMs)}`
  return `within ${formatSpan(window.sizeMs)} and the lateness`
}
