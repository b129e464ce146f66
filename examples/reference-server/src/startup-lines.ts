import { ACK_MODE } from './context.ts'
import type { ServerOptions } from './options.ts'
import type { RunningServer } from './server.ts'
import { formatBytes, formatDuration } from './units.ts'
import { setAsideText } from './warnings.ts'

/** What the server says when it is ready: one line a listener, then what a 200 means and what is kept. */
export function startupLines({ urls, restored }: RunningServer, options: ServerOptions): string[] {
  const lines: string[] = []
  if (urls.http !== undefined) lines.push(`windrow listening: http ${urls.http}`)
  if (urls.otlpHttp !== undefined) lines.push(`windrow listening: otlp-http ${urls.otlpHttp}`)
  lines.push(
    `windrow: ackMode ${ACK_MODE} (accepted points are in memory and lost at a crash, until the durable spool exists); ` +
      `storage ${options.storage}, at most ${formatBytes(options.memoryLimitBytes)}, ` +
      `retention ${formatDuration(options.retentionMs)}; stored queries in ${options.dataDir}, ${snapshots(options)}`,
  )
  if (restored.kind === 'restored') lines.push('windrow: open windows go on from the last snapshot')
  if (restored.kind === 'set-aside') lines.push(`windrow: WARNING: ${setAsideText(restored)}`)
  if (urls.http !== undefined) lines.push(`windrow: dashboard at ${urls.http}/`)
  return lines
}

function snapshots({ snapshotEveryMs }: ServerOptions): string {
  return snapshotEveryMs === 0 ? 'no snapshots' : `a snapshot of open windows every ${formatDuration(snapshotEveryMs)}`
}
