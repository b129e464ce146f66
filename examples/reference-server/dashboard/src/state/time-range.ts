import { computed, signal } from '@preact/signals'
import { serverNowMs } from '../api/http.ts'
import { viewNowMs } from './frame-clock.ts'

export const LIVE_SPAN_MS = 15 * 60_000

/** Live slides with time; a fixed range stands still and is read from the stored results. */
export type TimeRange =
  | { readonly kind: 'live' }
  | { readonly kind: 'fixed'; readonly preset: '15m' | '1h' | 'custom'; readonly fromMs: number; readonly toMs: number }

export const timeRange = signal<TimeRange>({ kind: 'live' })
export const isLive = computed(() => timeRange.value.kind === 'live')

/** Ranges left by zooming in, so that a double click goes back. */
const zoomedFrom: TimeRange[] = []
const MAX_ZOOMS = 32

export function showRange(range: TimeRange): void {
  zoomedFrom.length = 0
  timeRange.value = range
}

export function showLast(preset: '15m' | '1h'): void {
  const toMs = serverNowMs()
  showRange({ kind: 'fixed', preset, fromMs: toMs - (preset === '1h' ? 3_600_000 : 900_000), toMs })
}

export function zoomTo(fromMs: number, toMs: number): void {
  zoomedFrom.push(timeRange.peek())
  if (zoomedFrom.length > MAX_ZOOMS) zoomedFrom.shift()
  timeRange.value = { kind: 'fixed', preset: 'custom', fromMs, toMs }
}

export function zoomBack(): void {
  const before = zoomedFrom.pop()
  if (before) timeRange.value = before
}

/** The bounds to draw now. */
export function boundsOf(range: TimeRange): { fromMs: number; toMs: number } {
  if (range.kind === 'fixed') return range
  const toMs = viewNowMs()
  return { fromMs: toMs - LIVE_SPAN_MS, toMs }
}
