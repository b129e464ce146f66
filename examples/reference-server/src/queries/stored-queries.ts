import type {
  ColumnSchema,
  Engine,
  MetricDeclaration,
  Query,
  QueryCounters,
  QueryPlan,
  QueryState,
} from '@windrow/core'
import { HttpError, toHttpError } from '../http/http-error.ts'
import type { MetadataStore, StoredQuery } from '../store/metadata-store.ts'
import type { QueryText } from './query-text.ts'
import { finiteOrNull } from './result-json.ts'

/** A stored query as the API shows it. */
export interface StoredQueryView {
  readonly name: string
  readonly text: string
  readonly state: QueryState
  /** Why the state is `invalid`. */
  readonly problem?: string
  readonly queryVersion: number | null
  readonly window: { readonly sizeMs: number; readonly stepMs: number } | null
  readonly columns: readonly ColumnSchema[]
  readonly coversFromMs: number | null
  readonly seriesMatched: number
  readonly unmatched: readonly string[]
  readonly counters: Readonly<QueryCounters> | null
  readonly progress: QueryProgressView | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** Times are null while they are unknown, that is before the first sample. */
export interface QueryProgressView {
  readonly watermarkMs: number | null
  readonly finalThroughMs: number | null
  readonly lateDropped: number
}

/** What a query has given out since the server started. */
export interface EmissionCounters {
  readonly rows: number
  /** Windows with at least one row, each counted once. */
  readonly windows: number
}

/** Keeps the stored text on disk and the running query in the engine in step: both change or neither. */
export interface StoredQueries {
  list(): StoredQueryView[]
  view(name: string): StoredQueryView
  create(query: { readonly name: string; readonly text: string; readonly state: 'running' | 'paused' }): StoredQueryView
  update(name: string, change: { readonly text?: string; readonly state?: 'running' | 'paused' }): StoredQueryView
  remove(name: string): void
  /** The query in the engine; throws 404, or 409 when it is stored but its text does not compile. */
  live(name: string): Query
  emissions(name: string): EmissionCounters
  declareMetric(metric: string, declaration: MetricDeclaration): void
}

interface Entry {
  stored: StoredQuery
  /** Undefined when the text does not compile or the engine refuses it; `problem` says why. */
  query: Query | undefined
  problem: string | undefined
  readonly emitted: { rows: number; windows: number; lastStartMs: number }
}

/** Loads what is stored into the engine. A query that no longer compiles is kept, as `invalid`. */
export function createStoredQueries(options: {
  readonly engine: Engine
  readonly store: MetadataStore
  readonly queryText: QueryText
  readonly tenant: string
  readonly nowMs: () => number
}): StoredQueries {
  const { engine, store, queryText, tenant, nowMs } = options
  const entries = new Map<string, Entry>()

  for (const { metric, kind, unit } of store.metrics().filter((declared) => declared.tenant === tenant))
    engine.declareMetric(metric, declarationOf(kind, unit), { tenant })
  for (const stored of store.queries().filter((query) => query.tenant === tenant)) {
    const entry = entryOf(stored)
    entries.set(stored.name, entry)
    try {
      start(entry, queryText.compileRestored(stored.text))
    } catch (error) {
      entry.problem = toHttpError(error).message
    }
  }

  function start(entry: Entry, plan: QueryPlan): void {
    const { name, state } = entry.stored
    use(entry, engine.addQuery(name, plan, { tenant, paused: state === 'paused' }))
  }

  function use(entry: Entry, query: Query): void {
    if (entry.query === query) return
    entry.query = query
    entry.problem = undefined
    query.subscribe(({ startMs }) => {
      entry.emitted.rows++
      if (startMs <= entry.emitted.lastStartMs) return
      entry.emitted.lastStartMs = startMs
      entry.emitted.windows++
    })
  }

  function find(name: string): Entry {
    const entry = entries.get(name)
    if (entry === undefined)
      throw new HttpError(404, 'QUERY_NOT_FOUND', `there is no stored query "${name}"`, {
        hint: 'GET /v1/queries lists them',
      })
    return entry
  }

  function apply(entry: Entry, plan: QueryPlan | undefined, state: 'running' | 'paused'): void {
    if (plan !== undefined) {
      if (entry.query === undefined) start(entry, plan)
      else use(entry, engine.alterQuery(entry.stored.name, plan, { tenant }))
    }
    if (entry.query === undefined) return
    if (state === 'paused' && entry.query.state === 'running') entry.query.pause()
    if (state === 'running' && entry.query.state === 'paused') entry.query.resume()
  }

  return {
    list: () => [...entries.values()].map(viewOf).sort((left, right) => (left.name < right.name ? -1 : 1)),
    view: (name) => viewOf(find(name)),
    create({ name, text, state }) {
      if (entries.has(name))
        throw new HttpError(409, 'QUERY_EXISTS', `there is a stored query "${name}" already`, {
          hint: 'change it with PUT, or choose another name',
        })
      const plan = queryText.compileStored(text)
      const timeMs = nowMs()
      const entry = entryOf({ tenant, name, text, state, createdAtMs: timeMs, updatedAtMs: timeMs })
      try {
        store.transaction(() => {
          store.putQuery(entry.stored)
          start(entry, plan)
        })
      } catch (error) {
        if (entry.query !== undefined) engine.removeQuery(name, { tenant })
        throw error
      }
      entries.set(name, entry)
      return viewOf(entry)
    },
    update(name, change) {
      const entry = find(name)
      const before = entry.stored
      const planBefore = entry.query?.plan
      const plan = change.text === undefined ? undefined : queryText.compileStored(change.text)
      const after = {
        ...before,
        text: change.text ?? before.text,
        state: change.state ?? before.state,
        updatedAtMs: nowMs(),
      }
      let applied = false
      try {
        store.transaction(() => {
          store.putQuery(after)
          entry.stored = after
          apply(entry, plan, after.state)
          applied = true
        })
      } catch (error) {
        entry.stored = before
        if (applied) apply(entry, planBefore, before.state)
        throw error
      }
      return viewOf(entry)
    },
    remove(name) {
      const entry = find(name)
      store.transaction(() => store.removeQuery(tenant, name))
      entries.delete(name)
      if (entry.query !== undefined) engine.removeQuery(name, { tenant })
    },
    live(name) {
      const entry = find(name)
      if (entry.query === undefined)
        throw new HttpError(409, 'QUERY_INVALID', `the stored query "${name}" does not run: ${entry.problem}`, {
          hint: 'give it a right text with PUT',
        })
      return entry.query
    },
    emissions: (name) => find(name).emitted,
    declareMetric(metric, declaration) {
      store.transaction(() => {
        store.putMetric({ tenant, metric, ...declaration }, nowMs())
        engine.declareMetric(metric, declaration, { tenant })
      })
    },
  }
}

function entryOf(stored: StoredQuery): Entry {
  return {
    stored,
    query: undefined,
    problem: undefined,
    emitted: { rows: 0, windows: 0, lastStartMs: Number.NEGATIVE_INFINITY },
  }
}

function declarationOf(kind: MetricDeclaration['kind'], unit: string | undefined): MetricDeclaration {
  return { ...(kind === undefined ? {} : { kind }), ...(unit === undefined ? {} : { unit }) }
}

function viewOf({ stored, query, problem }: Entry): StoredQueryView {
  const reason = query === undefined ? problem : query.problem
  return {
    name: stored.name,
    text: stored.text,
    state: query?.state ?? 'invalid',
    ...(reason === undefined ? {} : { problem: reason }),
    queryVersion: query?.queryVersion ?? null,
    window: query === undefined ? null : { sizeMs: query.plan.window.sizeMs, stepMs: query.plan.window.stepMs },
    columns: query?.columns ?? [],
    coversFromMs: finiteOrNull(query?.coversFromMs ?? null),
    seriesMatched: query?.seriesMatched ?? 0,
    unmatched: query?.unmatched ?? [],
    counters: query === undefined ? null : { ...query.counters },
    progress: query === undefined ? null : progressOf(query),
    createdAtMs: stored.createdAtMs,
    updatedAtMs: stored.updatedAtMs,
  }
}

/** The query's progress in a form JSON can carry. */
export function progressOf(query: Query): QueryProgressView {
  const { watermarkMs, finalThroughMs, lateDropped } = query.progress()
  return { watermarkMs: finiteOrNull(watermarkMs), finalThroughMs: finiteOrNull(finalThroughMs), lateDropped }
}
