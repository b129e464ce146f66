import type { FixedWindowPlan } from '../plan/query-plan.ts'
import type { WindowScheme } from './window-scheme.ts'

/** Windows of one length, one every `stepMs`. Plans guarantee whole milliseconds and `stepMs <= sizeMs`. */
export class FixedWindows implements WindowScheme {
  readonly key: string
  readonly shortestStepMs: number
  readonly longestStepMs: number
  readonly shortestSizeMs: number
  readonly longestSizeMs: number
  readonly isNested: boolean
  readonly inWholeSeconds: boolean
  readonly periodicEdges: readonly { readonly everyMs: number; readonly phaseMs: number }[]
  readonly #sizeMs: number
  readonly #stepMs: number
  /** Phase of starts and of ends. */
  readonly #startsAtMs: number
  readonly #endsAtMs: number

  constructor({ sizeMs, stepMs, offsetMs }: FixedWindowPlan) {
    this.key = `${sizeMs},${stepMs},${offsetMs}`
    this.shortestStepMs = this.longestStepMs = this.#stepMs = stepMs
    this.shortestSizeMs = this.longestSizeMs = this.#sizeMs = sizeMs
    this.#startsAtMs = offsetMs
    this.#endsAtMs = offsetMs + sizeMs
    this.periodicEdges = [
      { everyMs: stepMs, phaseMs: this.#startsAtMs },
      { everyMs: stepMs, phaseMs: this.#endsAtMs },
    ]
    this.isNested = sizeMs % stepMs === 0
    this.inWholeSeconds = [sizeMs, stepMs, offsetMs].every((ms) => ms % 1_000 === 0)
  }

  startAt(timeMs: number): number {
    return Math.floor((timeMs - this.#startsAtMs) / this.#stepMs) * this.#stepMs + this.#startsAtMs
  }

  endOf(startMs: number): number {
    return startMs + this.#sizeMs
  }

  startOf(endMs: number): number {
    return endMs - this.#sizeMs
  }

  firstEndAfter(timeMs: number): number {
    return (Math.floor((timeMs - this.#endsAtMs) / this.#stepMs) + 1) * this.#stepMs + this.#endsAtMs
  }

  lastEndAt(timeMs: number): number {
    return Math.floor((timeMs - this.#endsAtMs) / this.#stepMs) * this.#stepMs + this.#endsAtMs
  }

  lastEndHolding(timeMs: number): number {
    return this.startAt(timeMs) + this.#sizeMs
  }

  paneAround(timeMs: number): { readonly startMs: number; readonly endMs: number } {
    const start = this.startAt(timeMs)
    const end = this.firstEndAfter(timeMs)
    return { startMs: Math.max(start, end - this.#stepMs), endMs: Math.min(start + this.#stepMs, end) }
  }
}
