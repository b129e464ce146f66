import {
  type ColumnSchema,
  type Engine,
  type MetricDeclaration,
  nominalWindowMs,
  type Query,
  type QueryCounters,
  type QueryPlan,
  type QueryState,
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
  readonly window: WindowView | null
  readonly columns: readonly ColumnSchema[]
  readonly coversFromMs: number | null
  readonly seriesMatched: number
  readonly unmatched: readonly string[]
  readonly counters: Readonly<QueryCounters> | null
  readonly progress: QueryProgressView | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** How long windows are at most and how far apart they begin at most; of sessions MAX and GAP. */
export interface WindowView {
  readonly type: QueryPlan['window']['type']
  readonly sizeMs: number
  readonly stepMs: number
}

/** Times are null while they are unknown, that is before the first sample. */
export interface QueryProgressView {
  readonly watermarkMs: number | null
  readonly finalThroughMs: number | null
  readonly lateDropped: number
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
  declareMetric(metric: string, declaration: MetricDeclaration): void
}

interface Entry {
  stored: StoredQuery
  /** Undefined when the text does not compile or the engine refuses it; `problem` says why. */
  query: Query | undefined
  problem: string | undefined
}

/**
 * Brings the engine in line with what is stored, which wins over what a snapshot brought back: a query of an equal
 * plan goes on as it is, another one is altered, one that is not stored is removed. A query that no longer compiles is
 * kept, as `invalid`. Versions go on from the last one each name had.
 */
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
      const plan = queryText.compileRestored(stored.text)
      entry.query = engine.query(stored.name, { tenant })
      apply(entry, plan, Math.max(1, store.lastVersion(tenant, stored.name)))
      keepVersion(entry)
    } catch (error) {
      entry.query = undefined
      entry.problem = toHttpError(error).message
    }
  }
  for (const { name } of engine.queries({ tenant }))
    if (entries.get(name)?.query === undefined) engine.removeQuery(name, { tenant })

  /** Brings the engine in line with the entry. `version` is the least one that a query whose plan is given gets. */
  function apply(entry: Entry, plan: QueryPlan | undefined, version: number): void {
    const { name, state } = entry.stored
    if (plan !== undefined) {
      entry.query =
        entry.query === undefined
          ? engine.addQuery(name, plan, { tenant, paused: state === 'paused', version })
          : engine.alterQuery(name, plan, { tenant, version })
      entry.problem = undefined
    }
    if (state === 'paused' && entry.query?.state === 'running') entry.query.pause()
    if (state === 'running' && entry.query?.state === 'paused') entry.query.resume()
  }

  function keepVersion({ stored: { name }, query }: Entry): void {
    if (query !== undefined && query.queryVersion !== store.lastVersion(tenant, name))
      store.putVersion(tenant, name, query.queryVersion)
  }

  /** Of a query that is new, or that had a text without a meaning. */
  function nextVersion(name: string): number {
    return store.lastVersion(tenant, name) + 1
  }

  function find(name: string): Entry {
    const entry = entries.get(name)
    if (entry === undefined)
      throw new HttpError(404, 'QUERY_NOT_FOUND', `there is no stored query "${name}"`, {
        hint: 'GET /v1/queries lists them',
      })
    return entry
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
          apply(entry, plan, nextVersion(name))
          keepVersion(entry)
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
          apply(entry, plan, entry.query?.queryVersion ?? nextVersion(name))
          applied = true
          keepVersion(entry)
        })
      } catch (error) {
        entry.stored = before
        if (applied) apply(entry, planBefore, entry.query?.queryVersion ?? nextVersion(name))
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
    declareMetric(metric, declaration) {
      store.transaction(() => {
        store.putMetric({ tenant, metric, ...declaration }, nowMs())
        engine.declareMetric(metric, declaration, { tenant })
      })
    },
  }
}

function entryOf(stored: StoredQuery): Entry {
  return { stored, query: undefined, problem: undefined }
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
    window: query === undefined ? null : windowOf(query.plan),
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

export function windowOf({ window }: Pick<QueryPlan, 'window'>): WindowView {
  return { type: window.type, ...nominalWindowMs(window) }
}

/** The query's progress in a form JSON can carry. */
export function progressOf(query: Query): QueryProgressView {
  const { watermarkMs, finalThroughMs, lateDropped } = query.progress()
  return { watermarkMs: finiteOrNull(watermarkMs), finalThroughMs: finiteOrNull(finalThroughMs), lateDropped }
}
