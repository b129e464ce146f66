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

/** A window should hold about this many rows. */
const ROWS_PER_WINDOW = 10
const PLAIN_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/

/**
 * What to ask when no stored query reads the series; undefined when one does. The text runs over what the
 * replay stored, so it needs no stored query.
 */
export function replayHint(
  engine: Engine,
  replay: { server: string; metric: string; rows: number; firstMs: number; lastMs: number },
): string | undefined {
  const series = { server: replay.server, metric: replay.metric, labels: [] }
  if (engine.queries().some((query) => compileSelector(query.plan.selector)(series))) return undefined
  const intervalMs = (replay.lastMs - replay.firstMs) / Math.max(1, replay.rows - 1)
  const window = WINDOWS.find(({ ms }) => ms >= intervalMs * ROWS_PER_WINDOW) ?? WINDOWS[WINDOWS.length - 1]!
  const since = new Date(replay.firstMs).toISOString()
  const until = new Date(replay.lastMs + 1).toISOString()
  return (
    `no stored query reads ${replay.server}/${replay.metric}; to see it: FROM ${quoteName(replay.server)} SELECT ${quoteName(replay.metric)} ` +
    `WINDOW ${window.text} COMPUTE avg, max SINCE "${since}" UNTIL "${until}"`
  )
}

/** A name as the query language wants it: quoted unless it is plain and no keyword of that place. */
function quoteName(name: string): string {
  if (PLAIN_NAME.test(name) && !/^(select|where|window|except|and|not|in|exists)$/i.test(name)) return name
  return `"${name.replace(/[\\"]/g, '\\$&')}"`
}
