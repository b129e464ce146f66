import type { Engine, Query, StorageAdapter, WindowResult } from '@windrow/core'
import { HttpError } from '../http/http-error.ts'

/** Most rows one answer holds; at about 300 bytes a row some 30 MB of JSON. */
const MAX_ROWS = 100_000

const REVISIONS_PER_GENERATION = 65_536

export interface HistoryRange {
  /** Windows that start in `[fromMs, toMs)`. */
  readonly fromMs: number
  readonly toMs: number
  readonly signal?: AbortSignal
}

export interface HistorySources {
  readonly engine: Engine
  readonly storage: StorageAdapter
  /** Number of this life of the server: the high part of the revisions it gives out. */
  readonly generation: number
}

export interface QueryHistory {
  /** By window start, then group. */
  readonly rows: readonly WindowResult[]
  /** Windows that start before this were computed from raw samples, whole; the others are as the query emitted them. */
  readonly rawBeforeMs: number
}

/**
 * Rows of a stored query: what it emitted and, for the time before it was there, what its plan gives over the
 * raw samples. So a new query shows its past at once, and its cut first window comes out whole.
 * Only the present version of the query is read.
 */
export async function readHistory(
  { engine, storage, generation }: HistorySources,
  query: Query,
  { fromMs, toMs, signal }: HistoryRange,
): Promise<QueryHistory> {
  const { tenant, name, queryVersion, plan } = query
  const withSignal = signal === undefined ? {} : { signal }
  await engine.flush()
  const coversFromMs = query.coversFromMs ?? Number.POSITIVE_INFINITY
  // A window that is not over would come out of the raw samples half full.
  const overBeforeMs = query.progress().watermarkMs - plan.window.sizeMs + 1
  const rawBeforeMs = Math.max(fromMs, Math.min(coversFromMs, overBeforeMs, toMs))
  const request = { tenant, query: name, queryVersion, fromMs: rawBeforeMs, toMs, ...withSignal }
  const emitted = await collectRows(storage.scanResults(request))
  if (rawBeforeMs === fromMs) return { rows: emitted, rawBeforeMs }

  const computed = await collectRows(
    engine.run(plan, { tenant, query: name, fromMs, toMs: rawBeforeMs, ...withSignal }),
  )
  // The last revision of this life: a whole row must win over the cut one that the query may have emitted.
  const revision = (generation + 1) * REVISIONS_PER_GENERATION - 1
  const rows = computed.filter((row) => row.startMs >= fromMs).map((row) => ({ ...row, queryVersion, revision }))
  for (const row of emitted) rows.push(row)
  if (rows.length > MAX_ROWS) throw tooManyRows()
  return { rows, rawBeforeMs }
}

/** Reads to the end, or throws `TOO_MANY_ROWS`. Lets other work in between, so that an abort is seen. */
export async function collectRows(rows: AsyncIterable<WindowResult>): Promise<WindowResult[]> {
  const collected: WindowResult[] = []
  for await (const row of rows) {
    if (collected.length === MAX_ROWS) throw tooManyRows()
    collected.push(row)
    if (collected.length % 1024 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return collected
}

function tooManyRows(): HttpError {
  return new HttpError(400, 'TOO_MANY_ROWS', `the result has more than ${MAX_ROWS} rows`, {
    hint: 'ask for a shorter time, a longer WINDOW or fewer groups',
  })
}
