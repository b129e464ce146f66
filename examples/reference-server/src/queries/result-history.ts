import type { Engine, Query, StorageAdapter, WindowResult } from '@windrow/core'
import { HttpError } from '../http/http-error.ts'
import { fullerRows } from './fuller-rows.ts'

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

/**
 * Rows of a stored query by window start, then group: what it emitted and, for the time before it was there, what its
 * plan gives over the raw samples. So a new query shows its past at once, and its cut first window comes out whole.
 * Rows that were taken back are not there. Only the present version of the query is read.
 */
export async function readHistory(
  { engine, storage, generation }: HistorySources,
  query: Query,
  { fromMs, toMs, signal }: HistoryRange,
): Promise<readonly WindowResult[]> {
  const { tenant, name, queryVersion, plan } = query
  const withSignal = signal === undefined ? {} : { signal }
  await engine.flush()
  const emitted = await collectRows(
    storage.scanResults({ tenant, query: name, queryVersion, fromMs, toMs, ...withSignal }),
  )
  const { watermarkMs } = query.progress()
  const computeToMs = Math.min(toMs, query.coversFromMs ?? Number.POSITIVE_INFINITY, watermarkMs)
  if (!(computeToMs > fromMs)) return emitted

  const history = await collectRows(engine.run(plan, { tenant, query: name, fromMs, toMs: computeToMs, ...withSignal }))
  const revision = revisionOver([...emitted, ...query.latest()], generation)
  const computed = history
    // A window that is not over would come out of the raw samples half full.
    .filter((row) => row.startMs >= fromMs && row.endMs <= watermarkMs)
    .map((row) => ({ ...row, queryVersion, revision }))
  const rows = fullerRows(plan, emitted, computed)
  if (rows.length > MAX_ROWS) throw tooManyRows()
  return rows
}

/** The last revision of the generation at work: a whole row must win over the cut one that the query may have emitted. */
function revisionOver(rows: readonly WindowResult[], generation: number): number {
  let newest = generation * REVISIONS_PER_GENERATION
  for (const { revision } of rows) newest = Math.max(newest, revision)
  return (Math.floor(newest / REVISIONS_PER_GENERATION) + 1) * REVISIONS_PER_GENERATION - 1
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
