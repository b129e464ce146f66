import { signal } from '@preact/signals'
import { serverNowMs } from '../api/http.ts'

/** A picture is drawn at most this often. */
const LEAST_DRAW_MS = 250
/** A live picture slides this often even when nothing arrives. */
const SLIDE_MS = 1_000

export const isPaused = signal(false)

const calmMotion = matchMedia('(prefers-reduced-motion: reduce)')
const drawings = new Set<Drawing>()
let heldAtMs = 0

/** The present of the pictures: stands still while paused. */
export function viewNowMs(): number {
  return isPaused.peek() ? heldAtMs : serverNowMs()
}

export function setPaused(paused: boolean): void {
  heldAtMs = serverNowMs()
  isPaused.value = paused
  forceAll()
}

/** When one picture is drawn. What it shows reads `frame`; everything that changes it asks here. */
export class Drawing {
  /** Changes once per drawing. */
  readonly frame = signal(0)
  #isVisible = false
  #isDirty = true
  #isForced = true
  #drawnAtMs = Number.NEGATIVE_INFINITY

  constructor() {
    drawings.add(this)
  }

  /** Something arrived; many requests become one drawing. */
  request(): void {
    this.#isDirty = true
  }

  /** The user did something: it shows with the next frame, also while paused. */
  force(): void {
    this.#isForced = true
  }

  /** Pictures out of sight are not drawn. */
  show(isVisible: boolean): void {
    if (isVisible && !this.#isVisible) this.#isForced = true
    this.#isVisible = isVisible
  }

  /** How long the picture has been waiting for its turn; undefined when it has none. */
  waitedMs(nowMs: number): number | undefined {
    if (!this.#isVisible) return undefined
    if (this.#isForced) return Number.POSITIVE_INFINITY
    const sinceMs = nowMs - this.#drawnAtMs
    if (isPaused.peek() || sinceMs < LEAST_DRAW_MS) return undefined
    return this.#isDirty || (sinceMs >= SLIDE_MS && !calmMotion.matches) ? sinceMs : undefined
  }

  draw(nowMs: number): void {
    this.#isDirty = false
    this.#isForced = false
    this.#drawnAtMs = nowMs
    this.frame.value += 1
  }

  dispose(): void {
    drawings.delete(this)
  }
}

export function forceAll(): void {
  for (const drawing of drawings) drawing.force()
}

/**
 * Draws one picture an animation frame, the longest waiting first, so that no frame has to carry a whole page.
 * Hidden tabs get no frames: they go on receiving, and draw when they are shown again.
 */
export function startFrames(): void {
  const step = (nowMs: number): void => {
    let next: Drawing | undefined
    let longestMs = 0
    for (const drawing of drawings) {
      const waitedMs = drawing.waitedMs(nowMs)
      if (waitedMs === undefined || waitedMs <= longestMs) continue
      next = drawing
      longestMs = waitedMs
    }
    next?.draw(nowMs)
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}
