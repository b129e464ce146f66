import type { Query, WindowResult } from '@windrow/core'
import type { ServerContext } from '../context.ts'
import type { SseWriter } from '../http/sse-writer.ts'
import { readHistory } from './result-history.ts'
import { rowToJson } from './result-json.ts'

/** Rows held for a slow reader; above, the newest revision of each row is kept and `skipped` is sent. */
const BUFFER_ROWS = 4096

/** A late sample may revise windows this far behind the newest one; a reader that resumes gets them again. */
const RESUME_OVERLAP_MS = 30_000

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
  const send = (row: WindowResult): Promise<void> =>
    writer.event('row', rowToJson(row), mayResume() ? String(row.endMs) : undefined)

  let queryVersion = query.queryVersion
  await sendColumns(query, writer)
  const resumeFromMs = lastEndMs === undefined ? undefined : lastEndMs - query.plan.window.sizeMs - RESUME_OVERLAP_MS
  const snapshotFromMs = Math.max(fromMs ?? Number.NEGATIVE_INFINITY, resumeFromMs ?? Number.NEGATIVE_INFINITY)
  let wholeBeforeMs = Number.NEGATIVE_INFINITY
  let rows: readonly WindowResult[] = query.latest()
  if (Number.isFinite(snapshotFromMs)) {
    const history = await readHistory(context, query, {
      fromMs: snapshotFromMs,
      toMs: Number.MAX_SAFE_INTEGER,
      signal,
    })
    rows = history.rows
    wholeBeforeMs = history.rawBeforeMs
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
    if (item.queryVersion !== queryVersion) {
      queryVersion = item.queryVersion
      await sendColumns(query, writer)
    }
    const sentRevision = sent.get(keyOf(item))
    if (sentRevision !== undefined && sentRevision >= item.revision) continue
    // The snapshot has this window whole, from raw samples; the query saw only its end.
    if (item.partial && item.startMs < wholeBeforeMs) continue
    await send(item)
  }
}

async function sendColumns(query: Query, writer: SseWriter): Promise<void> {
  const { name, queryVersion, columns, plan } = query
  const { sizeMs, stepMs } = plan.window
  await writer.event('columns', JSON.stringify({ query: name, queryVersion, columns, window: { sizeMs, stepMs } }))
}

function keyOf(row: WindowResult): string {
  return `${row.queryVersion} ${row.startMs} ${JSON.stringify(row.group)}`
}
