import type { PairCounts } from '../counter/counter-pairs.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import { planIdentity } from '../plan/plan-identity.ts'
import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { ResultSource, WindowResult } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { MAX_PANES, panesNeeded, shortestPaneMs } from './pane-edges.ts'
import { PaneStore, storeKey } from './pane-store.ts'
import { QueryWindows } from './query-windows.ts'
import type { RunningQuery, RunningQueryOptions } from './running-query.ts'
import { SampleRouter } from './sample-router.ts'
import { windowScheme } from './scheme-of.ts'
import type { SeriesStore } from './series-store.ts'
import { SessionEmitter } from './session-emitter.ts'
import { SessionQuery } from './session-query.ts'
import { SessionStore } from './session-store.ts'
import { WindowEmitter } from './window-emitter.ts'

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
  /** Number of this life of the engine; the high part of each revision. */
  readonly generation: () => number
  readonly emit: (row: WindowResult, query: RunningQuery) => void
}

/** A query and its store, with what the store had counted before the query came. */
type Joined = Counted &
  (
    | { readonly query: QueryWindows; readonly store: PaneStore }
    | { readonly query: SessionQuery; readonly store: SessionStore }
  )

interface Counted {
  readonly matched: number
  readonly onTime: number
  readonly excluded: number
}

/**
 * The windowing operator, one per tenant and time line: batches go in, the watermark moves, rows come out. Live
 * data, a replay and a run over history differ only in who moves the watermark.
 */
export class WindowOperator {
  readonly #registry: SeriesRegistry
  readonly #tenantId: number
  readonly #progress: SeriesProgress | undefined
  readonly #emitter: WindowEmitter
  readonly #isLive: boolean
  readonly #router: SampleRouter
  readonly #stores: PaneStore[] = []
  readonly #sessionEmitter: SessionEmitter
  readonly #sessionStores: SessionStore[] = []
  readonly #joined = new Map<RunningQuery, Joined>()
  #watermarkMs = Number.NEGATIVE_INFINITY
  #startMs: number | undefined
  /** End of the last gap in what was seen. */
  #gapUntilMs = Number.NEGATIVE_INFINITY
  #maxEventMs = Number.NEGATIVE_INFINITY

  constructor(options: WindowOperatorOptions) {
    this.#registry = options.registry
    this.#tenantId = options.tenantId
    this.#progress = options.progress
    this.#startMs = options.startMs
    this.#isLive = options.source === 'live'
    this.#emitter = new WindowEmitter(options)
    this.#sessionEmitter = new SessionEmitter(options)
    this.#router = new SampleRouter(options.registry)
  }

  get watermarkMs(): number {
    return this.#watermarkMs
  }

  /** Panes and sessions held. */
  get items(): number {
    return this.#allStores().reduce((items, store) => items + store.items, 0)
  }

  /** See `PaneStore`: of the store that has most. */
  get heldBackShare(): number {
    return this.#stores.reduce((most, store) => Math.max(most, store.heldBackShare), 0)
  }

  /** What pairing the samples of counters has come upon. */
  get pairCounts(): PairCounts {
    return this.#router.pairCounts
  }

  get stateBytes(): number {
    return this.#allStores().reduce((bytes, store) => bytes + store.bytes, this.#router.bytes)
  }

  /** Number of series the query reads. */
  seriesMatched(query: RunningQuery): number {
    this.#route()
    return this.#joined.get(query)?.store.seriesMatched ?? 0
  }

  /** The panes the query reads, if it has any. */
  storeOf(query: RunningQuery): PaneStore | undefined {
    const store = this.#joined.get(query)?.store
    return store instanceof PaneStore ? store : undefined
  }

  /** Panes of the query and their bytes; shared with other queries on the same samples. */
  stateOf(query: RunningQuery): { readonly items: number; readonly bytes: number } {
    const store = this.#joined.get(query)?.store
    return store === undefined ? { items: 0, bytes: 0 } : { items: store.items, bytes: store.bytes }
  }

  /** The query's counters; see the query law. */
  countersOf(query: RunningQuery): { matched: number; applied: number; excluded: number } {
    const joined = this.#joined.get(query)
    if (joined === undefined) return { matched: 0, applied: 0, excluded: 0 }
    const { store } = joined
    return {
      matched: store.matched - joined.matched,
      applied: store.onTime - joined.onTime + query.onTime,
      excluded: store.excluded - joined.excluded,
    }
  }

  /** A query for this time line; it is added by `addQuery`. */
  newQuery(options: RunningQueryOptions): RunningQuery {
    const { window } = options.plan
    if (window.type === 'session') return new SessionQuery(options, window)
    return new QueryWindows(options, windowScheme(window))
  }

  /** Adds a query; its windows count from the samples applied after this. `nowMs` bounds future-stamped samples. */
  addQuery(query: RunningQuery, nowMs: number): void {
    this.#route()
    const seenMs = Math.min(this.#maxEventMs, nowMs)
    const joined = this.#join(query, seenMs)
    this.#joined.set(query, joined)
    query.beginAt(this.#watermarkMs)
    const { store } = joined
    const cutMs = this.#cutAfter(seenMs)
    if (store instanceof PaneStore) store.addQuery(joined.query as QueryWindows, cutMs)
    else query.coversFromMs = cutMs ?? Number.NEGATIVE_INFINITY
    // Panes do not show all that came ahead of the clock: the store may be newer, or have freed or joined them.
    query.coversFromMs = Math.max(query.coversFromMs, this.#aheadMs(store, seenMs), this.#gapUntilMs)
    query.sinceMs = query.coversFromMs
  }

  /**
   * Adds a query whose first window starts at `firstStartMs`, over samples known to be whole from
   * `coversFromMs` on: for history, where there is no moment of adding.
   */
  addQueryOver(query: RunningQuery, firstStartMs: number, coversFromMs: number): void {
    this.#startMs = Number.NEGATIVE_INFINITY
    this.addQuery(query, Number.POSITIVE_INFINITY)
    query.coversFromMs = coversFromMs
    query.beginOver(firstStartMs)
    this.storeOf(query)?.refreshOnTime()
  }

  /** Samples with times before `untilMs` may be missing: windows that start earlier are partial. */
  noteGap(untilMs: number): void {
    this.#gapUntilMs = Math.max(this.#gapUntilMs, untilMs)
    for (const query of this.#joined.keys()) query.coversFromMs = Math.max(query.coversFromMs, untilMs)
  }

  /** Tells a query that fills what a repair made of a window that is over. */
  noteRepaired(query: RunningQuery, { group, startMs, values }: WindowResult): void {
    const joined = this.#joined.get(query)
    if (!(joined?.store instanceof PaneStore)) return
    const slot = joined.store.groups.find(group)
    if (slot !== undefined) (joined.query as QueryWindows).noteRepaired(slot, startMs, values)
  }

  removeQuery(query: RunningQuery): void {
    const joined = this.#joined.get(query)
    if (joined === undefined) return
    this.#joined.delete(query)
    const { store } = joined
    if (store instanceof PaneStore) {
      store.removeQuery(joined.query as QueryWindows)
      if (store.queries.length > 0) return
      this.#stores.splice(this.#stores.indexOf(store), 1)
    } else this.#sessionStores.splice(this.#sessionStores.indexOf(store), 1)
    this.#router.remove(store)
  }

  /** Folds every row into the panes of every store that selects its series. Rows are valid and of this tenant. */
  apply(batch: SampleBatch, minEventMs: number, maxEventMs: number): void {
    this.#route()
    if (this.#startMs === undefined && minEventMs !== Number.POSITIVE_INFINITY) {
      this.#startMs = minEventMs
      for (const query of this.#joined.keys()) query.coversFromMs = Math.max(query.coversFromMs, minEventMs)
    }
    if (maxEventMs > this.#maxEventMs) this.#maxEventMs = maxEventMs
    this.#router.apply(batch)
  }

  /**
   * Moves the watermark (never back): emits the windows that are due, then rows that late samples changed, then
   * frees what can change no more. `nowMs` paces corrections.
   */
  advance(watermarkMs: number, nowMs: number): void {
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs
    if (this.#watermarkMs === Number.NEGATIVE_INFINITY) return
    this.#route()
    this.#router.release(this.#watermarkMs)
    for (const store of [...this.#stores]) {
      let isChanged = false
      for (const query of [...store.queries]) {
        if (query.isDue(this.#watermarkMs)) {
          isChanged = true
          // What is filled is taken from earlier rows, as they are now.
          if (query.fill !== undefined) this.#emitter.emitRevised(store, query, this.#watermarkMs, nowMs)
          this.#emitter.emitDue(store, query, this.#watermarkMs, nowMs)
          if (query.fill === undefined) this.#emitter.emitRevised(store, query, this.#watermarkMs, nowMs)
          query.closeThrough(this.#watermarkMs)
        }
        if (this.#isLive && query.takeEarlyPeriod(nowMs)) this.#emitter.emitEarly(store, query, nowMs)
        if (query.isDone) this.#finish(query)
      }
      if (!isChanged) continue
      store.refreshOnTime()
      store.tidy()
    }
    for (const store of [...this.#sessionStores]) {
      store.advance(this.#watermarkMs, nowMs, this.#sessionEmitter)
      if (store.query.isDone) this.#finish(store.query)
    }
  }

  /** The watermark at which every window that holds data is due. */
  get drainedMs(): number {
    let drainedMs = this.#watermarkMs
    for (const store of this.#stores) {
      const last = store.panes[store.panes.length - 1]
      // Counters that wait for their neighbours are in no pane yet.
      const lastMs = store.isReading ? this.#maxEventMs : (last?.endMs ?? Number.NEGATIVE_INFINITY) - 1
      for (const query of store.queries)
        drainedMs = Math.max(drainedMs, query.scheme.lastEndHolding(lastMs) + query.emitAfterMs)
    }
    for (const store of this.#sessionStores) drainedMs = Math.max(drainedMs, store.drainedMs)
    return drainedMs
  }

  /**
   * Writes all state, with that of the queries that run; those of `queries` that do not are left out. Between two
   * calls of other methods, never from within `emit`.
   */
  save(writer: StateWriter, queries: readonly RunningQuery[]): void {
    this.#route()
    const numbers = new Map(queries.map((query, number) => [query, number]))
    writer.f64(this.#watermarkMs)
    writer.f64(this.#startMs ?? Number.NaN)
    writer.f64(this.#maxEventMs)
    writer.f64(this.#gapUntilMs)
    this.#router.save(writer)
    writer.varint(this.#stores.length)
    for (const store of this.#stores) {
      writer.varint(store.queries.length)
      for (const query of store.queries) this.#saveJoined(writer, query, numbers)
      store.save(writer)
      writer.varint(this.#router.routesOf(store.metric).stores.indexOf(store))
    }
    writer.varint(this.#sessionStores.length)
    for (const store of this.#sessionStores) {
      this.#saveJoined(writer, store.query, numbers)
      store.save(writer)
      writer.varint(this.#router.routesOf(store.metric).stores.indexOf(store))
    }
  }

  /**
   * Takes on what `save` wrote, into an operator that has done nothing yet, over a registry that has all series of
   * then. `queries` are new ones of the same plans, made by `newQuery`, each at the place it had. What is emitted from
   * then on is to the bit what the operator that was saved would emit.
   *
   * @throws WindrowError `STATE_CORRUPT`, also when the queries are not those of the snapshot; the operator is then of
   * no use
   */
  load(reader: StateReader, queries: readonly RunningQuery[]): void {
    if (this.#joined.size > 0) throw new TypeError('an operator that has queries cannot load others')
    this.#watermarkMs = reader.f64('watermark')
    const startMs = reader.f64('start')
    this.#startMs = Number.isNaN(startMs) ? undefined : startMs
    this.#maxEventMs = reader.f64('greatest time')
    this.#gapUntilMs = reader.f64('end of a gap')
    this.#router.load(reader)
    this.#progress?.ensure(this.#registry.size)
    // A sample is told to the stores of its metric in their order.
    const places = new Map<SeriesStore, number>()
    for (let left = reader.count('stores'); left > 0; left--)
      places.set(this.#loadPanes(reader, queries), reader.varint('place of a store'))
    for (let left = reader.count('session stores'); left > 0; left--)
      places.set(this.#loadSessions(reader, queries), reader.varint('place of a store'))
    for (const [store] of [...places].sort(([, a], [, b]) => a - b))
      this.#router.routesOf(store.metric).restore(store, reader)
  }

  #saveJoined(writer: StateWriter, query: RunningQuery, numbers: ReadonlyMap<RunningQuery, number>): void {
    const number = numbers.get(query)
    if (number === undefined) throw new RangeError(`query ${query.name} is not among those to be saved`)
    const { matched, onTime, excluded } = this.#joined.get(query)!
    writer.varint(number)
    writer.text(planIdentity(query.plan))
    writer.varint(matched)
    writer.varint(onTime)
    writer.varint(excluded)
  }

  #loadPanes(reader: StateReader, queries: readonly RunningQuery[]): PaneStore {
    const { offset } = reader
    const counted = new Map<QueryWindows, Counted>()
    for (let left = reader.count('queries of a store', 5); left > 0; left--) {
      const query = this.#savedQuery(reader, queries)
      if (!(query instanceof QueryWindows) || counted.has(query))
        reader.corrupt('query is of sessions or comes twice', offset)
      counted.set(query, loadCounted(reader))
    }
    const own = [...counted.keys()]
    const [first] = own
    if (first === undefined || own.some(({ plan }) => storeKey(plan) !== storeKey(first.plan)))
      reader.corrupt('queries are none that share a store', offset)
    const store = new PaneStore(this.#registry.metricEntry(this.#tenantId, first.plan.selector.metric), first.plan)
    store.load(reader, own)
    for (const [query, counts] of counted) this.#joined.set(query, { query, store, ...counts })
    this.#stores.push(store)
    return store
  }

  #loadSessions(reader: StateReader, queries: readonly RunningQuery[]): SessionStore {
    const { offset } = reader
    const query = this.#savedQuery(reader, queries)
    if (!(query instanceof SessionQuery)) reader.corrupt('query is not of sessions', offset)
    const counts = loadCounted(reader)
    const store = new SessionStore(this.#registry.metricEntry(this.#tenantId, query.plan.selector.metric), query)
    store.load(reader)
    this.#joined.set(query, { query, store, ...counts })
    this.#sessionStores.push(store)
    return store
  }

  /** The query whose number comes next. */
  #savedQuery(reader: StateReader, queries: readonly RunningQuery[]): RunningQuery {
    const { offset } = reader
    const query = queries[reader.index('query', queries.length)]!
    if (reader.text('plan of a query') !== planIdentity(query.plan) || this.#joined.has(query))
      reader.corrupt(`query ${query.name} has another plan than the one that was saved, or comes twice`, offset)
    return query
  }

  #route(): void {
    this.#progress?.ensure(this.#registry.size)
    this.#router.route()
  }

  /** The first time that a query sees whole when samples up to `seenMs` came before it; undefined: nobody knows yet. */
  #cutAfter(seenMs: number): number | undefined {
    return seenMs === Number.NEGATIVE_INFINITY ? this.#startMs : seenMs + 1
  }

  /** One past the newest sample of a store's series that lies after `seenMs`; -Infinity when there is none. */
  #aheadMs(store: SeriesStore, seenMs: number): number {
    let aheadMs = Number.NEGATIVE_INFINITY
    if (this.#progress === undefined) return aheadMs
    for (let position = 0; position < store.seriesMatched; position++) {
      const lastMs = this.#progress.lastMs[store.refs[position]!]!
      if (lastMs > seenMs) aheadMs = Math.max(aheadMs, lastMs + 1)
    }
    return aheadMs
  }

  /** Every window of this version is final: the next one goes on alone. */
  #finish(query: RunningQuery): void {
    query.onDone?.()
    this.removeQuery(query)
  }

  #allStores(): SeriesStore[] {
    return [...this.#stores, ...this.#sessionStores]
  }

  #join(query: RunningQuery, seenMs: number): Joined {
    if (query instanceof QueryWindows) {
      const store = this.#shareStore(query, seenMs)
      return { query, store, matched: store.matched, onTime: store.onTime, excluded: store.excluded }
    }
    if (!(query instanceof SessionQuery)) throw new TypeError('the query was not made by newQuery')
    const metric = this.#registry.metricEntry(this.#tenantId, query.plan.selector.metric)
    const store = new SessionStore(metric, query)
    this.#router.routesOf(metric).add(store)
    this.#sessionStores.push(store)
    return { query, store, matched: 0, onTime: 0, excluded: 0 }
  }

  /**
   * Whether a query added now knows what those on the store do. If not, the first sample of a counter may be an amount
   * to one and a base line to the other, and samples are folded once for all.
   */
  #beginsLike(store: PaneStore, seenMs: number): boolean {
    const cutMs = this.#cutAfter(seenMs) ?? Number.NEGATIVE_INFINITY
    const coversFromMs = Math.max(cutMs, this.#aheadMs(store, seenMs), this.#gapUntilMs)
    return store.queries.every((query) => query.coversFromMs === coversFromMs)
  }

  #shareStore(query: QueryWindows, seenMs: number): PaneStore {
    const { plan } = query
    const metric = this.#registry.metricEntry(this.#tenantId, plan.selector.metric)
    const routes = this.#router.routesOf(metric)
    const key = storeKey(plan)
    const shared = routes.stores.find(
      (store): store is PaneStore =>
        store instanceof PaneStore &&
        store.key === key &&
        (!store.isReading || this.#beginsLike(store, seenMs)) &&
        hasRoom(store.queries, query),
    )
    if (shared !== undefined) return shared
    const store = new PaneStore(metric, plan)
    routes.add(store)
    this.#stores.push(store)
    return store
  }
}

/** Whether panes are neither too short nor too many when the windows of one more query cut them. */
function hasRoom(queries: readonly QueryWindows[], added: QueryWindows): boolean {
  const schemes = queries.map((query) => query.scheme)
  const shortestMs = shortestPaneMs(schemes, added.scheme)
  return shortestMs >= SHORTEST_SHARED_PANE_MS && panesNeeded([...queries, added]) <= MAX_PANES
}

function loadCounted(reader: StateReader): Counted {
  return {
    matched: reader.varint('samples matched before a query'),
    onTime: reader.varint('samples on time before a query'),
    excluded: reader.varint('samples excluded before a query'),
  }
}
