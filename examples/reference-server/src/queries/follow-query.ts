import { nominalWindowMs, type Query, type WindowResult } from '@windrow/core'
import type { ServerContext } from '../context.ts'
import type { SseWriter } from '../http/sse-writer.ts'
import { readHistory } from './result-history.ts'
import { rowToJson } from './result-json.ts'
import { windowOf } from './stored-queries.ts'

/** Rows held for a slow reader; above, the newest revision of each row is kept and `skipped` is sent. */
const BUFFER_ROWS = 4096

/** A reader that resumes gets windows again that end this far and the lateness behind the newest one it has. */
const RESUME_OVERLAP_MS = 30_000
/** Of queries that do not say. */
const LATENESS_MS = 10_000

export interface FollowOptions {
  /** Rows from here on come first; undefined: only the newest row of each group. */
  readonly fromMs: number | undefined
  /** End of the newest window the reader has, from `Last-Event-ID`. */
  readonly lastEndMs: number | undefined
  /** Whether events may carry an id yet: a reader resumes everything from one id. */
  readonly mayResume: () => boolean
  /** Called once, when the rows that were there are sent. */
  readonly onCaughtUp: () => void
}

/**
 * Sends a query's rows as events: `columns`, then the rows that were there, then every new one, until the
 * reader goes or the query is removed (`end`). Nothing is missed between the two: the subscription begins before the
 * past is read, and a row is sent twice only with a greater revision.
 */
export async function followQuery(
  context: ServerContext,
  name: string,
  writer: SseWriter,
  options: FollowOptions,
): Promise<void> {
  let { fromMs, lastEndMs } = options
  let query = context.queries.live(name)
  for (;;) {
    await followVersion(context, query, writer, { ...options, fromMs, lastEndMs })
    options.onCaughtUp()
    if (writer.signal.aborted) return
    const next = context.engine.query(name, { tenant: query.tenant })
    if (next === undefined || next === query) break
    query = next
    fromMs = undefined
    lastEndMs = undefined
  }
  await writer.event('end', JSON.stringify({ query: name, reason: 'removed' }))
}

async function followVersion(
  context: ServerContext,
  query: Query,
  writer: SseWriter,
  { fromMs, lastEndMs, mayResume, onCaughtUp }: FollowOptions,
): Promise<void> {
  const { signal } = writer
  const finalBeforeMs = query.progress().finalThroughMs
  const live = query.results({ buffer: BUFFER_ROWS, onOverflow: 'conflate', signal })
  // The end of a window that is not over, or was never there, is no place to go on from.
  const send = (row: WindowResult): Promise<void> =>
    writer.event('row', rowToJson(row), mayResume() && isClosed(row) ? String(row.endMs) : undefined)

  let queryVersion = query.queryVersion
  await sendColumns(query, writer)
  const resumeFromMs = lastEndMs === undefined ? undefined : lastEndMs - resumeOverlapMs(query)
  const snapshotFromMs = Math.max(fromMs ?? Number.NEGATIVE_INFINITY, resumeFromMs ?? Number.NEGATIVE_INFINITY)
  let rows: readonly WindowResult[] = query.latest()
  if (Number.isFinite(snapshotFromMs)) {
    rows = await readHistory(context, query, { fromMs: snapshotFromMs, toMs: Number.MAX_SAFE_INTEGER, signal })
    // Rows that were taken back while the reader was away are simply not there any more.
    if (resumeFromMs !== undefined)
      await writer.event('reset', JSON.stringify({ query: query.name, fromMs: snapshotFromMs }))
  }

  // Only windows that were open when the subscription began can be in both.
  const sent = new Map<string, number>()
  for (const row of rows) {
    if (row.endMs > finalBeforeMs) sent.set(keyOf(row), row.revision)
    await send(row)
  }
  onCaughtUp()

  for await (const item of live) {
    if ('skipped' in item) {
      await writer.event('skipped', JSON.stringify({ query: query.name, rows: item.skipped }))
      continue
    }
    // An older version may still have windows to finish after the first rows of a new one.
    if (item.queryVersion > queryVersion) {
      queryVersion = item.queryVersion
      await sendColumns(query, writer)
    }
    const sentRevision = sent.get(keyOf(item))
    if (sentRevision !== undefined && sentRevision >= item.revision) continue
    await send(item)
  }
}

async function sendColumns(query: Query, writer: SseWriter): Promise<void> {
  const { name, queryVersion, columns, plan } = query
  await writer.event('columns', JSON.stringify({ query: name, queryVersion, columns, window: windowOf(plan) }))
}

function isClosed({ early, retracted }: WindowResult): boolean {
  return early !== true && retracted !== true
}

function resumeOverlapMs({ plan }: Query): number {
  return nominalWindowMs(plan.window).sizeMs + (plan.latenessMs ?? LATENESS_MS) + RESUME_OVERLAP_MS
}

function keyOf(row: WindowResult): string {
  return `${row.queryVersion} ${row.startMs} ${JSON.stringify(row.group)}`
}
