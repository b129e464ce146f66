import { ACK_MODE } from './context.ts'
import type { ServerOptions } from './options.ts'
import type { RunningServer } from './server.ts'
import { formatBytes, formatDuration } from './units.ts'

/** What the server says when it is ready: one line a listener, then what a 200 means and what is kept. */
export function startupLines({ urls }: RunningServer, options: ServerOptions): string[] {
  const lines: string[] = []
  if (urls.http !== undefined) lines.push(`windrow listening: http ${urls.http}`)
  if (urls.otlpHttp !== undefined) lines.push(`windrow listening: otlp-http ${urls.otlpHttp}`)
  lines.push(
    `windrow: ackMode ${ACK_MODE} (accepted points are in memory and lost at a crash, until the durable spool exists); ` +
      `storage ${options.storage}, at most ${formatBytes(options.memoryLimitBytes)}, ` +
      `retention ${formatDuration(options.retentionMs)}; stored queries in ${options.dataDir}`,
  )
  if (urls.http !== undefined) lines.push(`windrow: dashboard at ${urls.http}/`)
  return lines
}
