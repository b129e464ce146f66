import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { ResultQuality, ResultSource, WindowResult } from '../result/window-result.ts'
import { countSeries } from './completeness.ts'
import type { EmittedWindow } from './emitted-window.ts'
import type { GapFill } from './gap-fill.ts'
import type { PaneStore } from './pane-store.ts'
import type { QueryWindows } from './query-windows.ts'
import { computeValues, type GroupSeries, type RowView } from './row.ts'
import type { RunningQuery } from './running-query.ts'
import { SeriesValuesView } from './series-values.ts'
import { type Candidate, choose, diffRows } from './shown-rows.ts'
import { WindowView } from './window-view.ts'

export interface WindowEmitterOptions {
  readonly registry: SeriesRegistry
  /** Undefined over history: completeness is then not known. */
  readonly progress: SeriesProgress | undefined
  readonly source: ResultSource
  /** Number of this life of the engine; the high part of each revision. */
  readonly generation: () => number
  readonly emit: (row: WindowResult, query: RunningQuery) => void
}

/** Turns panes into rows: of windows that are due, of those that late samples changed, of those still open. */
export class WindowEmitter {
  readonly #registry: SeriesRegistry
  readonly #progress: SeriesProgress | undefined
  readonly #source: ResultSource
  readonly #generation: () => number
  readonly #emit: (row: WindowResult, query: RunningQuery) => void
  readonly #view = new WindowView()
  readonly #seriesValues = new SeriesValuesView()

  constructor(options: WindowEmitterOptions) {
    this.#registry = options.registry
    this.#progress = options.progress
    this.#source = options.source
    this.#generation = options.generation
    this.#emit = options.emit
  }

  emitDue(store: PaneStore, query: QueryWindows, watermarkMs: number, nowMs: number): void {
    const dueMs = watermarkMs - query.emitAfterMs
    const { fill, scheme } = query
    const firstPane = store.firstPaneAfter(query.emittedThroughMs - scheme.longestSizeMs)
    const ends =
      fill === undefined
        ? query.dueEnds(store.panes, firstPane, dueMs)
        : query.dueEndsFilled(store.panes, firstPane, dueMs, fill)
    for (const endMs of ends) {
      const startMs = scheme.startOf(endMs)
      this.#view.open(store.partsOfDue(query, startMs, endMs))
      if (this.#view.isEmpty && fill === undefined) continue
      this.#emitRows(store, query, query.emittedWindow(startMs, endMs), store.groups.ordered(), nowMs, false)
    }
    query.emittedThroughMs = Math.max(query.emittedThroughMs, dueMs)
  }

  emitRevised(store: PaneStore, query: QueryWindows, watermarkMs: number, nowMs: number): void {
    for (const window of dirtyWindows(query)) {
      if (window.endMs > query.emittedThroughMs) continue
      const isLast = window.endMs + query.latenessMs <= watermarkMs
      if (!isLast && (query.isFinalOnly || nowMs - window.emittedAtMs < query.reviseEveryMs)) continue
      this.#view.open(store.partsOf(query, window.startMs, window.endMs))
      const ordered = store.groups.ordered()
      const slots = isSeenWhole(query, window) ? ordered : ordered.filter((slot) => window.dirty.has(slot))
      this.#emitRows(store, query, window, slots, nowMs, false)
    }
  }

  /** Rows of windows that are not over yet, where they differ from the last ones. */
  emitEarly(store: PaneStore, query: QueryWindows, nowMs: number): void {
    const firstPane = store.firstPaneAfter(query.emittedThroughMs - query.scheme.longestSizeMs)
    for (const endMs of query.dueEnds(store.panes, firstPane, query.scheme.lastEndHolding(nowMs))) {
      const startMs = query.scheme.startOf(endMs)
      this.#view.open(store.partsOf(query, startMs, endMs))
      if (this.#view.isEmpty) continue
      this.#emitRows(store, query, query.emittedWindow(startMs, endMs), store.groups.ordered(), nowMs, true)
    }
  }

  #emitRows(
    store: PaneStore,
    query: QueryWindows,
    window: EmittedWindow,
    slots: Uint32Array,
    nowMs: number,
    early: boolean,
  ): void {
    const { startMs, endMs } = window
    const candidates = this.#candidates(store, query, window, slots, early)
    const series = countSeries(store, this.#view, endMs, endMs - startMs, this.#registry, this.#progress)
    const rows = diffRows({
      emitted: window.rows,
      looked: startMs < query.coversFromMs ? toldOrEmpty(window, slots, candidates) : slots,
      shown: choose(candidates, query.rules),
      generation: this.#generation(),
      afterRevision: query.toldAt(startMs),
      source: this.#source,
      rowOf: (candidate: Candidate, revision: number) =>
        this.#rowOf(store, query, window, candidate, series[candidate.slot]!, revision, early),
    })
    window.dirty.clear()
    window.emittedAtMs = nowMs
    for (const row of rows) this.#emit(row, query)
  }

  /** A row for each of the slots that has samples, or is filled. */
  #candidates(
    store: PaneStore,
    query: QueryWindows,
    window: EmittedWindow,
    slots: Uint32Array,
    early: boolean,
  ): Candidate[] {
    const view = this.#rowView(store, query, window)
    const candidates: Candidate[] = []
    for (const slot of slots) {
      if (view.count(slot) > 0) {
        const { values, count, quality } = computeValues(query.plan.columns, view, slot)
        const samples = store.isReading ? this.#seriesValues.samples(slot) : count
        candidates.push({ slot, values, count: samples, quality })
        if (query.fill !== undefined && !early) this.#noteRow(query, query.fill, window, slot, values)
        continue
      }
      const values = early ? undefined : query.fill?.valuesAt(slot, window.startMs)
      if (values !== undefined) candidates.push({ slot, values, count: 0 })
    }
    return candidates
  }

  #rowView(store: PaneStore, query: QueryWindows, { startMs, endMs }: EmittedWindow): RowView {
    if (!store.isReading) return this.#view
    const divisor = query.plan.reading === 'rate' ? (endMs - startMs) / 1_000 : 1
    this.#seriesValues.open(this.#view, store.positions, divisor)
    return this.#seriesValues
  }

  /** Tells the fill of a row, and has the filled rows that depend on it looked at, for the first time or again. */
  #noteRow(query: QueryWindows, fill: GapFill, window: EmittedWindow, slot: number, values: Candidate['values']): void {
    const { startMs } = window
    // Windows after it that are still to come will ask by themselves.
    const range =
      window.endMs < query.emittedThroughMs ? fill.dependents(slot, startMs, !fill.hasRow(slot, startMs)) : undefined
    fill.noteRow(slot, startMs, values)
    if (range !== undefined) query.markFilled(slot, range)
  }

  #rowOf(
    store: PaneStore,
    query: QueryWindows,
    window: EmittedWindow,
    { slot, values, count, quality }: Candidate,
    series: GroupSeries,
    revision: number,
    early: boolean,
  ): WindowResult {
    return {
      tenant: query.tenant,
      query: query.name,
      queryVersion: query.version,
      group: store.groups.values(slot),
      startMs: window.startMs,
      endMs: window.endMs,
      values,
      count,
      seriesSeen: series.seen,
      seriesExpected: this.#progress === undefined ? null : series.expected,
      completeness: this.#progress === undefined ? null : series.expected === 0 ? 1 : series.present / series.expected,
      revision,
      partial: window.startMs < query.coversFromMs,
      ...(early ? EARLY : undefined),
      lateApplied: window.late.get(slot) ?? 0,
      source: this.#source,
      ...withQuality(quality, series.intervalLonger),
    }
  }
}

/**
 * Panes of before a query may have taken in those that a partial window was made of. Then nothing can be said of it any
 * more, and what was said stands.
 */
function toldOrEmpty({ rows }: EmittedWindow, slots: Uint32Array, candidates: readonly Candidate[]): Uint32Array {
  const known = new Set(candidates.map(({ slot }) => slot))
  return slots.filter((slot) => known.has(slot) || rows.get(slot)?.count === 0)
}

/** Whether a correction of one row can change others. */
function isSeenWhole({ rules, alteredThroughMs }: QueryWindows, { endMs }: EmittedWindow): boolean {
  return rules?.limit !== undefined || endMs <= alteredThroughMs
}

/**
 * The windows to be revised in the order of their starts, as filled rows are taken from windows before; with those that
 * become so while an earlier one is revised.
 */
function* dirtyWindows(query: QueryWindows): Generator<EmittedWindow> {
  let afterMs = Number.NEGATIVE_INFINITY
  for (let marks = Number.NaN; marks !== query.marks; ) {
    marks = query.marks
    const windows = [...query.emitted.values()].filter(({ dirty, startMs }) => dirty.size > 0 && startMs > afterMs)
    for (const window of windows.sort((a, b) => a.startMs - b.startMs)) {
      afterMs = window.startMs
      yield window
      if (marks !== query.marks) break
    }
  }
}

const EARLY = { early: true } as const
const NO_QUALITY: { readonly quality?: ResultQuality } = {}

function withQuality(
  quality: ResultQuality | undefined,
  intervalLonger: boolean,
): { readonly quality?: ResultQuality } {
  if (intervalLonger) return { quality: { ...quality, intervalLongerThanWindow: true } }
  return quality === undefined ? NO_QUALITY : { quality }
}
