import { compileSelector, type Engine } from '@windrow/core'

const WINDOWS = [
  { text: '10s', ms: 10_000 },
  { text: '1m', ms: 60_000 },
  { text: '5m', ms: 300_000 },
  { text: '15m', ms: 900_000 },
  { text: '1h', ms: 3_600_000 },
  { text: '6h', ms: 21_600_000 },
  { text: '24h', ms: 86_400_000 },
] as const

/** A window should hold at least about this many rows, and the answer not be longer than this. */
const ROWS_PER_WINDOW = 10
const MAX_WINDOWS = 500
const PLAIN_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/

export interface ReplayedSeries {
  readonly server: string
  readonly metric: string
  readonly rows: number
  readonly firstMs: number
  readonly lastMs: number
}

/** What to ask when no stored query reads the series; undefined when one does. */
export function replayHint(engine: Engine, replay: ReplayedSeries): string | undefined {
  const series = { server: replay.server, metric: replay.metric, labels: [] }
  if (engine.queries().some((query) => compileSelector(query.plan.selector)(series))) return undefined
  const text = replayQueryText(replay)
  return (
    `no stored query reads ${replay.server}/${replay.metric}; store this one in the dashboard without SINCE and UNTIL and ` +
    `choose that range under Custom, or POST it to /v1/query as it is: ${text}`
  )
}

/** A query over what the replay stored; it needs no stored query. */
export function replayQueryText(replay: ReplayedSeries): string {
  const spanMs = replay.lastMs - replay.firstMs
  const leastMs = Math.max((spanMs / Math.max(1, replay.rows - 1)) * ROWS_PER_WINDOW, spanMs / MAX_WINDOWS)
  const window = WINDOWS.find(({ ms }) => ms >= leastMs) ?? WINDOWS[WINDOWS.length - 1]!
  const since = new Date(replay.firstMs).toISOString()
  const until = new Date(replay.lastMs + 1).toISOString()
  return (
    `FROM ${quoteName(replay.server)} SELECT ${quoteName(replay.metric)} ` +
    `WINDOW ${window.text} COMPUTE avg, max SINCE "${since}" UNTIL "${until}"`
  )
}

/** A name as the query language wants it: quoted unless it is plain and no keyword of that place. */
function quoteName(name: string): string {
  if (PLAIN_NAME.test(name) && !/^(select|where|window|except|and|not|in|exists)$/i.test(name)) return name
  return `"${name.replace(/[\\"]/g, '\\$&')}"`
}
