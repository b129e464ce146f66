import { signal } from '@preact/signals'
import { serverNowMs } from '../api/http.ts'

/** Draws happen at most this often. */
const LEAST_DRAW_MS = 250
/** A live picture slides this often even when nothing arrives. */
const SLIDE_MS = 1_000

/** Changes once per drawing; what is drawn reads it. */
export const frame = signal(0)
export const isPaused = signal(false)

const calmMotion = matchMedia('(prefers-reduced-motion: reduce)')
let heldAtMs = 0
let isDirty = true
let drawnAtMs = Number.NEGATIVE_INFINITY

/** The present of the picture: stands still while paused. */
export function viewNowMs(): number {
  return isPaused.peek() ? heldAtMs : serverNowMs()
}

export function setPaused(paused: boolean): void {
  heldAtMs = serverNowMs()
  isPaused.value = paused
}

/** Asks for a drawing; many requests become one. */
export function requestDraw(): void {
  isDirty = true
}

/** Draws now, also while paused: something the user did has to show at once. */
export function drawNow(): void {
  isDirty = false
  drawnAtMs = performance.now()
  frame.value += 1
}

/** Hidden tabs get no animation frames: they go on receiving, and draw when they are shown again. */
export function startFrames(): void {
  const step = (nowMs: number): void => {
    const sinceMs = nowMs - drawnAtMs
    const isDue = (isDirty && sinceMs >= LEAST_DRAW_MS) || (!calmMotion.matches && sinceMs >= SLIDE_MS)
    if (isDue && !isPaused.peek()) drawNow()
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}
