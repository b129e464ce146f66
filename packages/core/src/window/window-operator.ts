import { decodeDistribution } from '../aggregate/state-codec.ts'
import { BatchColumn, type SampleBatch, SampleFlag } from '../ingest/sample-batch.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { ResultQuality, ResultSource, WindowResult } from '../result/window-result.ts'
import { countSeries } from './completeness.ts'
import { shortestPaneMs } from './edges.ts'
import { ENTRY_NEXT, ENTRY_POSITION, ENTRY_STORE, ENTRY_STRIDE, MetricRoutes } from './metric-routes.ts'
import { PaneStore } from './pane-store.ts'
import type { EmittedWindow, QueryWindows } from './query-windows.ts'
import { computeValues, sameRow } from './row.ts'
import { WindowView } from './window-view.ts'

/** Queries whose edges would cut panes shorter than this keep panes of their own. */
const SHORTEST_SHARED_PANE_MS = 1_000

export interface WindowOperatorOptions {
  readonly registry: SeriesRegistry
  readonly tenantId: number
  readonly source: ResultSource
  /** Undefined over history: completeness is then not known. */
  readonly progress: SeriesProgress | undefined
  /** Since when every sample is seen, ms; undefined: since the first one. */
  readonly startMs?: number | undefined
  /** Raised at every restart; the high part of each revision. */
  readonly generation: number
  readonly emit: (row: WindowResult, query: QueryWindows) => void
}

/**
 * The windowing operator, one per tenant and time line: batches go in, the watermark moves, rows come out. Live
 * data, a replay and a run over history differ only in who moves the watermark.
 */
export class WindowOperator {
  readonly #registry: SeriesRegistry
  readonly #tenantId: number
  readonly #source: ResultSource
  readonly #progress: SeriesProgress | undefined
  readonly #generation: number
  readonly #emit: (row: WindowResult, query: QueryWindows) => void
  /** By `MetricEntry.id`. */
  readonly #routesOfMetric: (MetricRoutes | undefined)[] = []
  readonly #stores: PaneStore[] = []
  readonly #storeOfQuery = new Map<
    QueryWindows,
    { store: PaneStore; matched: number; onTime: number; excluded: number }
  >()
  readonly #view = new WindowView()
  #routedSeries = 0
  #watermarkMs = Number.NEGATIVE_INFINITY
  #startMs: number | undefined
  #maxEventMs = Number.NEGATIVE_INFINITY

  constructor(options: WindowOperatorOptions) {
    this.#registry = options.registry
    this.#tenantId = options.tenantId
    this.#source = options.source
    this.#progress = options.progress
    this.#generation = options.generation
    this.#startMs = options.startMs
    this.#emit = options.emit
  }

  get watermarkMs(): number {
    return this.#watermarkMs
  }

  get paneCount(): number {
    return this.#stores.reduce((count, store) => count + store.panes.length, 0)
  }

  get stateBytes(): number {
    const routes = this.#routesOfMetric.reduce((bytes, of) => bytes + (of?.bytes ?? 0), 0)
    return this.#stores.reduce((bytes, store) => bytes + store.bytes, routes)
  }

  /** Number of series the query reads. */
  seriesMatched(query: QueryWindows): number {
    this.#route()
    return this.storeOf(query)?.seriesMatched ?? 0
  }

  storeOf(query: QueryWindows): PaneStore | undefined {
    return this.#storeOfQuery.get(query)?.store
  }

  /** The query's counters; see the query law. */
  countersOf(query: QueryWindows): { matched: number; applied: number; excluded: number } {
    const joined = this.#storeOfQuery.get(query)
    if (joined === undefined) return { matched: 0, applied: 0, excluded: 0 }
    const { store } = joined
    return {
      matched: store.matched - joined.matched,
      applied: store.onTime - joined.onTime + query.onTime,
      excluded: store.excluded - joined.excluded,
    }
  }

  /** Adds a query; its windows count from the samples applied after this. `nowMs` bounds future-stamped samples. */
  addQuery(query: QueryWindows, nowMs: number): void {
    const store = this.#shareStore(query.plan)
    this.#route()
    query.emittedThroughMs = this.#watermarkMs
    query.closeThrough(this.#watermarkMs + query.latenessMs)
    const seenMs = Math.min(this.#maxEventMs, nowMs)
    store.addQuery(query, seenMs === Number.NEGATIVE_INFINITY ? this.#startMs : seenMs + 1)
    // A store that is new has no panes to show what came ahead of the clock.
    if (store.queries.length === 1) query.coversFromMs = Math.max(query.coversFromMs, this.#aheadMs(store, seenMs))
    this.#storeOfQuery.set(query, { store, matched: store.matched, onTime: store.onTime, excluded: store.excluded })
  }

  /**
   * Adds a query whose first window starts at `firstStartMs`, over samples known to be whole from
   * `coversFromMs` on: for history, where there is no moment of adding.
   */
  addQueryOver(query: QueryWindows, firstStartMs: number, coversFromMs: number): void {
    this.#startMs = Number.NEGATIVE_INFINITY
    this.addQuery(query, Number.POSITIVE_INFINITY)
    query.coversFromMs = coversFromMs
    query.emittedThroughMs = firstStartMs + query.window.sizeMs - query.window.stepMs
    query.finalThroughMs = query.emittedThroughMs
    this.#storeOfQuery.get(query)!.store.refreshOnTime()
  }

  removeQuery(query: QueryWindows): void {
    const joined = this.#storeOfQuery.get(query)
    if (joined === undefined) return
    this.#storeOfQuery.delete(query)
    joined.store.removeQuery(query)
    if (joined.store.queries.length > 0) return
    this.#stores.splice(this.#stores.indexOf(joined.store), 1)
    const routes = this.#routesOfMetric[joined.store.metric.id]!
    routes.remove(joined.store)
    if (routes.stores.length === 0) this.#routesOfMetric[joined.store.metric.id] = undefined
  }

  /** Folds every row into the panes of every store that selects its series. Rows are valid and of this tenant. */
  apply(batch: SampleBatch, minEventMs: number, maxEventMs: number): void {
    this.#route()
    if (this.#startMs === undefined && minEventMs !== Number.POSITIVE_INFINITY) {
      this.#startMs = minEventMs
      for (const query of this.#storeOfQuery.keys()) query.coversFromMs = Math.max(query.coversFromMs, minEventMs)
    }
    if (maxEventMs > this.#maxEventMs) this.#maxEventMs = maxEventMs
    if ((batch.columns & ~BatchColumn.startTimes) === 0) this.#applyValues(batch)
    else this.#applyMixed(batch)
  }

  /**
   * Moves the watermark (never back): emits the windows that are due, then rows that late samples changed, then
   * frees what can change no more. `nowMs` paces corrections.
   */
  advance(watermarkMs: number, nowMs: number): void {
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs
    if (this.#watermarkMs === Number.NEGATIVE_INFINITY) return
    this.#route()
    for (const store of this.#stores) {
      let isChanged = false
      for (const query of store.queries) {
        if (!query.isDue(this.#watermarkMs)) continue
        isChanged = true
        this.#emitDue(store, query, nowMs)
        this.#emitRevised(store, query, nowMs)
        query.closeThrough(this.#watermarkMs)
      }
      if (!isChanged) continue
      store.refreshOnTime()
      store.tidy()
    }
  }

  /** The watermark at which every window that holds data is due. */
  get drainedMs(): number {
    let drainedMs = this.#watermarkMs
    for (const store of this.#stores) {
      const last = store.panes[store.panes.length - 1]
      if (last === undefined) continue
      for (const { window } of store.queries) drainedMs = Math.max(drainedMs, last.endMs + window.sizeMs)
    }
    return drainedMs
  }

  #applyValues(batch: SampleBatch): void {
    const { series, timestampsMs, values, length } = batch
    const { metricIds, localIndexes } = this.#registry
    const routesOfMetric = this.#routesOfMetric
    for (let row = 0; row < length; row++) {
      const ref = series[row]!
      const routes = routesOfMetric[metricIds[ref]!]
      if (routes === undefined) continue
      const timeMs = timestampsMs[row]!
      const value = values[row]!
      let entry = routes.heads[localIndexes[ref]!]!
      if (entry < 0) continue
      const { stores, entries } = routes
      if (stores.length === 1) {
        stores[0]!.add(entry, timeMs, value)
        continue
      }
      do {
        const at = entry * ENTRY_STRIDE
        stores[entries[at + ENTRY_STORE]!]!.add(entries[at + ENTRY_POSITION]!, timeMs, value)
        entry = entries[at + ENTRY_NEXT]!
      } while (entry >= 0)
    }
  }

  #applyMixed(batch: SampleBatch): void {
    const { series, timestampsMs, values, length } = batch
    const { metricIds, localIndexes } = this.#registry
    const flags = (batch.columns & BatchColumn.flags) === 0 ? undefined : batch.flags
    const weights = (batch.columns & BatchColumn.weights) === 0 ? undefined : batch.weights
    const states = (batch.columns & BatchColumn.states) === 0 ? undefined : batch.states
    let nextState = 0
    for (let row = 0; row < length; row++) {
      const stateAt = nextState
      const hasState = states !== undefined && nextState < states.count && states.rows[nextState] === row
      if (hasState) nextState++
      const ref = series[row]!
      const routes = this.#routesOfMetric[metricIds[ref]!]
      let entry = routes === undefined ? -1 : routes.heads[localIndexes[ref]!]!
      if (routes === undefined || entry < 0) continue
      const timeMs = timestampsMs[row]!
      const value = values[row]!
      const weight = weights === undefined ? 1 : weights[row]!
      const isGap = flags !== undefined && (flags[row]! & SampleFlag.noRecordedValue) !== 0
      const state =
        hasState && !isGap
          ? decodeDistribution(states.bytes, states.offsets[stateAt]!, states.offsets[stateAt + 1]!)
          : undefined
      for (; entry >= 0; entry = routes.entries[entry * ENTRY_STRIDE + ENTRY_NEXT]!) {
        const store = routes.stores[routes.entries[entry * ENTRY_STRIDE + ENTRY_STORE]!]!
        const position = routes.entries[entry * ENTRY_STRIDE + ENTRY_POSITION]!
        if (isGap) store.exclude()
        else if (state !== undefined) store.addState(position, timeMs, state)
        else if (weight !== 1) store.addWeighted(position, timeMs, value, weight)
        else store.add(position, timeMs, value)
      }
    }
  }

  #route(): void {
    if (this.#registry.size === this.#routedSeries) return
    this.#routedSeries = this.#registry.size
    this.#progress?.ensure(this.#registry.size)
    for (const routes of this.#routesOfMetric) routes?.route()
  }

  /** One past the newest sample of a store's series that lies after `seenMs`; -Infinity when there is none. */
  #aheadMs(store: PaneStore, seenMs: number): number {
    let aheadMs = Number.NEGATIVE_INFINITY
    if (this.#progress === undefined || this.#maxEventMs <= seenMs) return aheadMs
    for (let position = 0; position < store.seriesMatched; position++) {
      const lastMs = this.#progress.lastMs[store.refs[position]!]!
      if (lastMs > seenMs) aheadMs = Math.max(aheadMs, lastMs + 1)
    }
    return aheadMs
  }

  #shareStore(plan: QueryPlan): PaneStore {
    const metric = this.#registry.metricEntry(this.#tenantId, plan.selector.metric)
    const routes = this.#routesOfMetric[metric.id] ?? new MetricRoutes(this.#registry, metric)
    this.#routesOfMetric[metric.id] = routes
    const key = JSON.stringify([plan.selector, plan.groupBy])
    const shared = routes.stores.find(
      (store) =>
        store.key === key &&
        shortestPaneMs([...store.queries.map((query) => query.window), plan.window]) >= SHORTEST_SHARED_PANE_MS,
    )
    if (shared !== undefined) return shared
    const store = new PaneStore(key, metric, plan.selector, plan.groupBy)
    routes.add(store)
    this.#stores.push(store)
    return store
  }

  #emitDue(store: PaneStore, query: QueryWindows, nowMs: number): void {
    const { sizeMs } = query.window
    const firstPane = store.firstPaneAfter(query.emittedThroughMs - sizeMs)
    for (const endMs of query.dueEnds(store.panes, firstPane, this.#watermarkMs)) {
      const startMs = endMs - sizeMs
      this.#view.open(store.partsOfDue(query, startMs, endMs))
      if (this.#view.isEmpty) continue
      const window = query.emittedWindow(startMs, endMs)
      this.#emitRows(store, query, window, store.groups.ordered(), nowMs)
    }
    query.emittedThroughMs = Math.max(query.emittedThroughMs, this.#watermarkMs)
  }

  #emitRevised(store: PaneStore, query: QueryWindows, nowMs: number): void {
    for (const window of query.emitted.values()) {
      if (window.dirty.size === 0) continue
      const isLast = window.endMs + query.latenessMs <= this.#watermarkMs
      if (!isLast && nowMs - window.emittedAtMs < query.reviseEveryMs) continue
      this.#view.open(store.partsOf(query, window.startMs, window.endMs))
      const slots = store.groups.ordered().filter((slot) => window.dirty.has(slot))
      this.#emitRows(store, query, window, slots, nowMs)
    }
  }

  #emitRows(store: PaneStore, query: QueryWindows, window: EmittedWindow, slots: Uint32Array, nowMs: number): void {
    const { startMs, endMs } = window
    const series = countSeries(store, this.#view, endMs, endMs - startMs, this.#registry, this.#progress)
    for (const slot of slots) {
      if (this.#view.count(slot) === 0) continue
      const { values, count, quality } = computeValues(query.plan.columns, this.#view, slot)
      const group = series[slot]!
      const before = window.rows.get(slot)
      const row: WindowResult = {
        tenant: query.tenant,
        query: query.name,
        queryVersion: query.version,
        group: store.groups.values(slot),
        startMs,
        endMs,
        values,
        count,
        seriesSeen: group.seen,
        seriesExpected: this.#progress === undefined ? null : group.expected,
        completeness: this.#progress === undefined ? null : group.expected === 0 ? 1 : group.present / group.expected,
        revision: before === undefined ? this.#generation * 65_536 + 1 : before.revision + 1,
        partial: startMs < query.coversFromMs,
        lateApplied: window.late.get(slot) ?? 0,
        source: this.#source,
        ...withQuality(quality, group.intervalLonger),
      }
      if (before !== undefined && sameRow(before, row)) continue
      window.rows.set(slot, row)
      this.#emit(row, query)
    }
    window.dirty.clear()
    window.emittedAtMs = nowMs
  }
}

const NO_QUALITY: { readonly quality?: ResultQuality } = {}

function withQuality(
  quality: ResultQuality | undefined,
  intervalLonger: boolean,
): { readonly quality?: ResultQuality } {
  if (intervalLonger) return { quality: { ...quality, intervalLongerThanWindow: true } }
  return quality === undefined ? NO_QUALITY : { quality }
}
