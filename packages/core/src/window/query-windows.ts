import type { LatePolicy, QueryPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { EmittedWindow } from './emitted-window.ts'
import { loadEmittedWindows, saveEmittedWindows } from './emitted-windows-state.ts'
import { GapFill, type StartRange } from './gap-fill.ts'
import type { Pane } from './pane.ts'
import { QueryBase } from './query-base.ts'
import type { RunningQueryOptions } from './running-query.ts'
import type { WindowScheme } from './window-scheme.ts'

/**
 * Which windows of one query are open, emitted or closed for good, and what late samples did to them. Time here
 * is the watermark: a window is emitted when the watermark reaches its end and can be revised until the
 * watermark is `latenessMs` past it.
 */
export class QueryWindows extends QueryBase {
  readonly scheme: WindowScheme
  readonly emitted: Map<number, EmittedWindow> = new Map()
  /** Undefined when nothing is said of windows without samples. */
  fill: GapFill | undefined
  finalThroughMs: number = Number.NEGATIVE_INFINITY
  /** Windows that end at or before this were emitted under other options: the next emission is of all their rows. */
  alteredThroughMs: number = Number.NEGATIVE_INFINITY
  /** How many times a window came to be revised. */
  marks = 0
  /** The watermark at which the next window is due or final. */
  #nextMs = Number.NEGATIVE_INFINITY
  #hasDirty = false

  constructor(options: RunningQueryOptions, scheme: WindowScheme) {
    super(options)
    this.scheme = scheme
    this.#prepare(options.plan)
  }

  override alter(plan: QueryPlan, latenessMs: number, late: LatePolicy): void {
    this.alteredThroughMs = this.emittedThroughMs
    super.alter(plan, latenessMs, late)
    this.#prepare(plan)
    this.#nextMs = Number.NEGATIVE_INFINITY
  }

  get firstWholeStartMs(): number {
    if (this.coversFromMs === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY
    const startMs = this.scheme.startAt(this.coversFromMs)
    return startMs === this.coversFromMs ? startMs : this.#startAfter(this.scheme.endOf(startMs))
  }

  firstStartAfter(): number {
    return Math.max(this.firstWholeStartMs, this.#startAfter(this.emittedThroughMs))
  }

  beginAt(watermarkMs: number): void {
    this.emittedThroughMs = watermarkMs
    this.closeThrough(watermarkMs + this.latenessMs)
  }

  beginOver(firstStartMs: number): void {
    this.emittedThroughMs = this.scheme.lastEndAt(this.scheme.endOf(firstStartMs) - 1)
    this.finalThroughMs = this.emittedThroughMs
  }

  /** How far the watermark has to be past a window's end for it to be emitted. */
  get emitAfterMs(): number {
    return this.isFinalOnly ? this.latenessMs : 0
  }

  /** Whether there is anything to do at this watermark; most ticks have nothing for most queries. */
  isDue(watermarkMs: number): boolean {
    return this.#hasDirty || watermarkMs >= this.#nextMs
  }

  /** Every window this version owns is final. */
  get isDone(): boolean {
    return (
      this.ownsUntilMs !== Number.POSITIVE_INFINITY &&
      this.finalThroughMs >= this.scheme.lastEndHolding(this.ownsUntilMs - 1)
    )
  }

  /** Samples at or after this time are behind no emitted window. */
  get onTimeFromMs(): number {
    return this.emittedThroughMs === Number.NEGATIVE_INFINITY
      ? Number.NEGATIVE_INFINITY
      : this.scheme.lastEndAt(this.emittedThroughMs)
  }

  protected get paceMs(): number {
    return this.scheme.shortestStepMs
  }

  /**
   * Counts a sample that may be behind emitted windows, once, under its worst outcome, and marks what it
   * changes. True when some window of this query still takes it.
   */
  takeLate(slot: number, timeMs: number, seriesRef: number, value: number): boolean {
    const { scheme } = this
    const firstEndMs = scheme.firstEndAfter(timeMs)
    const lastEndMs = scheme.lastEndHolding(timeMs)
    if (firstEndMs > this.emittedThroughMs) this.onTime++
    else if (firstEndMs <= this.finalThroughMs) this.takeTooLate(timeMs, seriesRef, value)
    else if (this.owns(scheme.startOf(firstEndMs)) || this.owns(scheme.startAt(timeMs))) this.lateApplied++
    else this.onTime++
    let endMs = Math.max(firstEndMs, scheme.firstEndAfter(this.finalThroughMs))
    for (; endMs <= lastEndMs && endMs <= this.emittedThroughMs; endMs = scheme.firstEndAfter(endMs)) {
      const startMs = scheme.startOf(endMs)
      if (!this.owns(startMs)) continue
      const window = this.emittedWindow(startMs, endMs)
      this.#markDirty(window, slot)
      window.late.set(slot, (window.late.get(slot) ?? 0) + 1)
    }
    return lastEndMs > this.finalThroughMs
  }

  holds(timeMs: number): boolean {
    const firstEndMs = this.scheme.firstEndAfter(timeMs)
    const lastEndMs = this.scheme.lastEndHolding(timeMs)
    if (lastEndMs <= this.sinceMs) return false
    return this.owns(this.scheme.startOf(firstEndMs)) || this.owns(this.scheme.startOf(lastEndMs))
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

  /** Has the rows of a group looked at in the emitted windows of a range, which may be filled otherwise. */
  markFilled(slot: number, { fromMs, untilMs }: StartRange): void {
    const { scheme } = this
    let startMs = this.#startAfter(scheme.endOf(scheme.startAt(fromMs - 1)))
    while (startMs < untilMs) {
      const endMs = scheme.endOf(startMs)
      if (endMs > this.emittedThroughMs) return
      if (this.owns(startMs)) this.#markDirty(this.emittedWindow(startMs, endMs), slot)
      startMs = this.#startAfter(endMs)
    }
  }

  /** A repair made another row of a window that is over: what live windows fill from it is looked at again. */
  noteRepaired(slot: number, startMs: number, values: WindowResult['values']): void {
    const { fill } = this
    if (fill === undefined) return
    const range = fill.dependents(slot, startMs, !fill.hasRow(slot, startMs))
    fill.noteRow(slot, startMs, values)
    if (range === undefined) return
    const liveFromMs = this.#startAfter(this.finalThroughMs)
    this.markFilled(slot, { ...range, fromMs: Math.max(range.fromMs, liveFromMs) })
  }

  /** Whether a window that holds the pane can still be emitted or revised. */
  needsPane(pane: Pane): boolean {
    return this.scheme.lastEndHolding(pane.startMs) > this.finalThroughMs
  }

  /**
   * Whether a window that starts or ends in `[fromMs, toMs]` can still be emitted or revised: then panes must stay
   * apart there.
   */
  hasLiveEdge(fromMs: number, toMs: number): boolean {
    const startMs = this.scheme.startAt(toMs)
    if (startMs >= fromMs && this.scheme.endOf(startMs) > this.finalThroughMs) return true
    const endMs = this.scheme.lastEndAt(toMs)
    return endMs >= fromMs && endMs > this.finalThroughMs
  }

  /** Moves the line behind which nothing changes, and forgets what lies behind it. */
  closeThrough(watermarkMs: number): void {
    this.finalThroughMs = Math.max(this.finalThroughMs, this.scheme.lastEndAt(watermarkMs - this.latenessMs))
    this.fill?.forget(this.scheme.startOf(this.finalThroughMs))
    this.#hasDirty = false
    for (const [startMs, window] of this.emitted)
      if (window.endMs <= this.finalThroughMs) this.emitted.delete(startMs)
      else if (window.dirty.size > 0) this.#hasDirty = true
    this.#nextMs = Math.min(
      this.scheme.firstEndAfter(this.emittedThroughMs) + this.emitAfterMs,
      this.scheme.firstEndAfter(this.finalThroughMs) + this.latenessMs,
    )
  }

  /** Ends of the owned windows that hold panes and are due, in rising order, each once. */
  *dueEnds(panes: readonly Pane[], firstPane: number, dueMs: number): Generator<number> {
    const { scheme } = this
    let nextEndMs = Number.NEGATIVE_INFINITY
    if (this.emittedThroughMs !== Number.NEGATIVE_INFINITY) nextEndMs = scheme.firstEndAfter(this.emittedThroughMs)
    for (let i = firstPane; i < panes.length; i++) {
      const pane = panes[i]!
      let endMs = Math.max(nextEndMs, scheme.firstEndAfter(pane.startMs))
      if (endMs > dueMs) return
      const lastEndMs = scheme.lastEndHolding(pane.startMs)
      for (; endMs <= lastEndMs && endMs <= dueMs; endMs = scheme.firstEndAfter(endMs))
        if (this.owns(scheme.startOf(endMs))) yield endMs
      nextEndMs = endMs
    }
  }

  /** As `dueEnds`, with the windows between them that hold nothing but filled rows. */
  *dueEndsFilled(panes: readonly Pane[], firstPane: number, dueMs: number, fill: GapFill): Generator<number> {
    const due = this.dueEnds(panes, firstPane, dueMs)
    let doneMs = this.emittedThroughMs
    for (let next = due.next(); ; ) {
      const heldMs = next.done === true ? Number.POSITIVE_INFINITY : next.value
      let endMs = heldMs
      if (doneMs !== Number.NEGATIVE_INFINITY) {
        const emptyMs = this.scheme.firstEndAfter(doneMs)
        const startMs = this.scheme.startOf(emptyMs)
        if (emptyMs < heldMs && emptyMs <= dueMs && startMs < fill.fillsBeforeMs) endMs = emptyMs
      }
      if (endMs === Number.POSITIVE_INFINITY) return
      if (endMs === heldMs) next = due.next()
      doneMs = endMs
      if (this.owns(this.scheme.startOf(endMs))) yield endMs
    }
  }

  save(writer: StateWriter): void {
    this.saveLines(writer)
    writer.f64(this.finalThroughMs)
    writer.f64(this.alteredThroughMs)
    writer.f64(this.#nextMs)
    writer.boolean(this.#hasDirty)
    writer.f64(this.earlyPeriod)
    saveEmittedWindows(writer, this.emitted)
    writer.boolean(this.fill !== undefined)
    this.fill?.save(writer)
  }

  /** Reads what a query of the same plan saved, into one that has done nothing yet. Groups have slots below `slots`. */
  load(reader: StateReader, slots: number): void {
    this.loadLines(reader)
    this.finalThroughMs = reader.f64('final line')
    this.alteredThroughMs = reader.f64('line of an alteration')
    this.#nextMs = reader.f64('next time of a query')
    this.#hasDirty = reader.boolean('whether windows are to be revised')
    this.earlyPeriod = reader.f64('period of early rows')
    loadEmittedWindows(reader, this.emitted, slots)
    const { offset } = reader
    if (reader.boolean('whether a query fills') !== (this.fill !== undefined))
      reader.corrupt(`query ${this.name} fills, or does not, unlike the one that was saved`, offset)
    this.fill?.load(reader, slots)
  }

  /** Start of the first window that ends after `endMs`. */
  #startAfter(endMs: number): number {
    return this.scheme.startOf(this.scheme.firstEndAfter(endMs))
  }

  #prepare(plan: QueryPlan): void {
    const { fill, columns } = plan
    if (fill === undefined) this.fill = undefined
    else if (this.fill !== undefined) this.fill.alter(fill)
    else {
      this.fill = new GapFill({ fill, columns, scheme: this.scheme })
      this.#tellEmitted(this.fill)
    }
  }

  /** Tells a new fill of the rows that are known: those of windows that can still be revised. */
  #tellEmitted(fill: GapFill): void {
    for (const { startMs, endMs, rows } of this.emitted.values())
      if (endMs <= this.emittedThroughMs)
        for (const [slot, { count, values }] of rows) if (count > 0) fill.noteRow(slot, startMs, values)
  }

  /** A row of an emitted window has to be looked at again. */
  #markDirty(window: EmittedWindow, slot: number): void {
    if (window.dirty.size === 0) this.marks++
    window.dirty.add(slot)
    this.#hasDirty = true
  }
}
