import { computed, signal } from '@preact/signals'
import { serverNowMs } from '../api/http.ts'
import { viewNowMs } from './frame-clock.ts'

export const LIVE_SPAN_MS = 15 * 60_000
/** While there is less to show the live range is shorter, in these steps. */
const LIVE_STEPS_MS = [2, 5, 10, 15].map((minutes) => minutes * 60_000)
const liveSpanMs = signal(LIVE_SPAN_MS)

/** Fits the live range to rows that go back to `oldestMs`, so that a young server does not fill a corner only. */
export function fitLiveRange(oldestMs: number): void {
  const ageMs = viewNowMs() - oldestMs
  liveSpanMs.value = LIVE_STEPS_MS.find((stepMs) => ageMs <= stepMs) ?? LIVE_SPAN_MS
}

/** Live slides with time; a fixed range stands still and is read from the stored results. */
export type TimeRange =
  | { readonly kind: 'live' }
  | { readonly kind: 'fixed'; readonly preset: '15m' | '1h' | 'custom'; readonly fromMs: number; readonly toMs: number }

export const timeRange = signal<TimeRange>({ kind: 'live' })
export const isLive = computed(() => timeRange.value.kind === 'live')

/** Ranges left by zooming in, so that a double click goes back. */
const zoomedFrom = signal<readonly TimeRange[]>([])
export const isZoomed = computed(() => zoomedFrom.value.length > 0)
const MAX_ZOOMS = 32

export function showRange(range: TimeRange): void {
  zoomedFrom.value = []
  timeRange.value = range
}

export function showLast(preset: '15m' | '1h'): void {
  const toMs = serverNowMs()
  showRange({ kind: 'fixed', preset, fromMs: toMs - (preset === '1h' ? 3_600_000 : 900_000), toMs })
}

/** Shows the whole seconds around a stretch of the range in view. */
export function zoomTo(fromMs: number, toMs: number): void {
  zoomedFrom.value = [...zoomedFrom.peek(), timeRange.peek()].slice(-MAX_ZOOMS)
  timeRange.value = {
    kind: 'fixed',
    preset: 'custom',
    fromMs: Math.floor(fromMs / 1000) * 1000,
    toMs: Math.ceil(toMs / 1000) * 1000,
  }
}

export function zoomBack(): void {
  const before = zoomedFrom.peek().at(-1)
  if (!before) return
  zoomedFrom.value = zoomedFrom.peek().slice(0, -1)
  timeRange.value = before
}

/** The bounds to draw now. */
export function boundsOf(range: TimeRange): { fromMs: number; toMs: number } {
  if (range.kind === 'fixed') return range
  const toMs = viewNowMs()
  return { fromMs: toMs - liveSpanMs.value, toMs }
}
