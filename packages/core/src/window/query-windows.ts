import type { QueryPlan, WindowPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import { firstEndAfter, lastEndAt, lastEndHolding, windowStartAt } from './edges.ts'
import type { Pane } from './pane.ts'

/** A corrected row goes out at most once in this many ms: the step, but no less and no more. */
const REVISE_AT_LEAST_MS = 1_000
const REVISE_AT_MOST_MS = 5_000

/** What was emitted of one window, kept while late samples may still change it. */
export interface EmittedWindow {
  readonly startMs: number
  readonly endMs: number
  /** Newest row by slot. */
  readonly rows: Map<number, WindowResult>
  /** Slots that late samples changed since the last emission. */
  readonly dirty: Set<number>
  /** Samples by slot that came after the first emission. */
  readonly late: Map<number, number>
  emittedAtMs: number
}

export interface QueryWindowsOptions {
  readonly name: string
  readonly tenant: string
  readonly version: number
  readonly plan: QueryPlan
  readonly latenessMs: number
  /** Takes an emitted row; false when the query is gone. */
  readonly deliver: (row: WindowResult) => boolean
}

/**
 * Which windows of one query are open, emitted or closed for good, and what late samples did to them. Time here
 * is the watermark: a window is emitted when the watermark reaches its end and can be revised until the
 * watermark is `latenessMs` past it.
 */
export class QueryWindows {
  readonly name: string
  readonly tenant: string
  readonly version: number
  readonly plan: QueryPlan
  readonly window: WindowPlan
  #latenessMs: number
  /** The watermark at which the next window is due or final. */
  #nextMs = Number.NEGATIVE_INFINITY
  #hasDirty = false
  readonly needsSketch: boolean
  readonly deliver: (row: WindowResult) => boolean
  /** Windows that start before this hold less than all samples. */
  coversFromMs: number = Number.NEGATIVE_INFINITY
  /** Windows that end at or before this were emitted. */
  emittedThroughMs: number = Number.NEGATIVE_INFINITY
  /** Windows that end at or before this can change no more. */
  finalThroughMs: number = Number.NEGATIVE_INFINITY
  readonly emitted: Map<number, EmittedWindow> = new Map()
  onTime = 0
  lateApplied = 0
  lateDropped = 0

  constructor(options: QueryWindowsOptions) {
    this.name = options.name
    this.tenant = options.tenant
    this.version = options.version
    this.plan = options.plan
    this.window = options.plan.window
    this.#latenessMs = options.latenessMs
    this.deliver = options.deliver
    this.needsSketch = options.plan.columns.some((column) => column.aggregate.fn === 'percentile')
  }

  get latenessMs(): number {
    return this.#latenessMs
  }

  set latenessMs(latenessMs: number) {
    this.#latenessMs = latenessMs
    this.#nextMs = Number.NEGATIVE_INFINITY
  }

  /** Whether there is anything to do at this watermark; most ticks have nothing for most queries. */
  isDue(watermarkMs: number): boolean {
    return this.#hasDirty || watermarkMs >= this.#nextMs
  }

  /** Samples at or after this time are behind no emitted window. */
  get onTimeFromMs(): number {
    return this.emittedThroughMs === Number.NEGATIVE_INFINITY
      ? Number.NEGATIVE_INFINITY
      : lastEndAt(this.window, this.emittedThroughMs)
  }

  get reviseEveryMs(): number {
    return Math.min(REVISE_AT_MOST_MS, Math.max(REVISE_AT_LEAST_MS, this.window.stepMs))
  }

  /**
   * Counts a sample that may be behind emitted windows, once, under its worst outcome, and marks what it
   * changes. True when some window of this query still takes it.
   */
  takeLate(slot: number, timeMs: number): boolean {
    const firstEndMs = firstEndAfter(this.window, timeMs)
    const lastEndMs = lastEndHolding(this.window, timeMs)
    if (firstEndMs > this.emittedThroughMs) this.onTime++
    else if (firstEndMs <= this.finalThroughMs) this.lateDropped++
    else this.lateApplied++
    const { sizeMs, stepMs } = this.window
    const fromMs = Math.max(firstEndMs, firstEndAfter(this.window, this.finalThroughMs))
    for (let endMs = fromMs; endMs <= lastEndMs && endMs <= this.emittedThroughMs; endMs += stepMs) {
      const window = this.emittedWindow(endMs - sizeMs, endMs)
      window.dirty.add(slot)
      this.#hasDirty = true
      window.late.set(slot, (window.late.get(slot) ?? 0) + 1)
    }
    return lastEndMs > this.finalThroughMs
  }

  emittedWindow(startMs: number, endMs: number): EmittedWindow {
    const known = this.emitted.get(startMs)
    if (known !== undefined) return known
    const window: EmittedWindow = {
      startMs,
      endMs,
      rows: new Map(),
      dirty: new Set(),
      late: new Map(),
      emittedAtMs: Number.NEGATIVE_INFINITY,
    }
    this.emitted.set(startMs, window)
    return window
  }

  /** Whether a window that holds the pane can still be emitted or revised. */
  needsPane(pane: Pane): boolean {
    return lastEndHolding(this.window, pane.startMs) > this.finalThroughMs
  }

  /**
   * Whether a window that starts or ends in `[fromMs, toMs]` can still be emitted or revised: then panes must stay
   * apart there.
   */
  hasLiveEdge(fromMs: number, toMs: number): boolean {
    const startMs = windowStartAt(this.window, toMs)
    if (startMs >= fromMs && startMs + this.window.sizeMs > this.finalThroughMs) return true
    const endMs = lastEndAt(this.window, toMs)
    return endMs >= fromMs && endMs > this.finalThroughMs
  }

  /** Moves the line behind which nothing changes, and forgets what lies behind it. */
  closeThrough(watermarkMs: number): void {
    this.finalThroughMs = Math.max(this.finalThroughMs, lastEndAt(this.window, watermarkMs - this.#latenessMs))
    this.#hasDirty = false
    for (const [startMs, window] of this.emitted)
      if (window.endMs <= this.finalThroughMs) this.emitted.delete(startMs)
      else if (window.dirty.size > 0) this.#hasDirty = true
    this.#nextMs = Math.min(
      firstEndAfter(this.window, this.emittedThroughMs),
      firstEndAfter(this.window, this.finalThroughMs) + this.#latenessMs,
    )
  }

  /** Ends of the windows that hold panes and are due at the watermark, in rising order, each once. */
  *dueEnds(panes: readonly Pane[], firstPane: number, watermarkMs: number): Generator<number> {
    const { stepMs } = this.window
    let nextEndMs = Number.NEGATIVE_INFINITY
    if (this.emittedThroughMs !== Number.NEGATIVE_INFINITY)
      nextEndMs = firstEndAfter(this.window, this.emittedThroughMs)
    for (let i = firstPane; i < panes.length; i++) {
      const pane = panes[i]!
      let endMs = Math.max(nextEndMs, firstEndAfter(this.window, pane.startMs))
      if (endMs > watermarkMs) return
      const lastEndMs = lastEndHolding(this.window, pane.startMs)
      for (; endMs <= lastEndMs && endMs <= watermarkMs; endMs += stepMs) yield endMs
      nextEndMs = endMs
    }
  }
}
