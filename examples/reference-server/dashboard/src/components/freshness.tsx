import { formatClock, formatSpan } from '../format/time.ts'

export interface FreshnessProps {
  readonly lagMs: number | undefined
  readonly windowMs: number | undefined
  readonly watermarkMs: number | null
}

/** How far the watermark is behind: amber past two windows, red past five. */
export function Freshness({ lagMs, windowMs, watermarkMs }: FreshnessProps) {
  if (lagMs === undefined || watermarkMs === null) return <span class="fresh">no samples yet</span>
  const windows = lagMs / Math.max(windowMs ?? 60_000, 1)
  const level = windows > 5 ? 'bad' : windows > 2 ? 'warn' : 'good'
  const mark = level === 'bad' ? '! ' : level === 'warn' ? '~ ' : ''
  return (
    <span class={`fresh is-${level}`} title={`Watermark ${formatClock(watermarkMs)}`}>
      {mark}
      {formatSpan(lagMs)} behind
    </span>
  )
}
