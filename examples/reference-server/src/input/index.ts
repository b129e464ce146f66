import type { Engine } from '@windrow/core'
import { startFleet } from '@windrow/example-fleet-simulator'
import { startHostMetrics } from './host-metrics.ts'
import { replayCsv } from './replay.ts'

export interface InputOptions {
  /** Where the listener takes OTLP/HTTP; undefined when it is off. */
  readonly otlpUrl: string | undefined
  /** Simulated servers. */
  readonly servers: number
  /** Series of each simulated server. */
  readonly metrics: number
  readonly simulate: boolean
  readonly hostMetrics: boolean
  readonly replays: readonly { readonly file: string; readonly as?: string }[]
  readonly engine: Engine
  readonly log: (line: string) => void
}

/**
 * Starts what feeds the server by itself: replays first, to their end, then this machine's metrics and the
 * simulated fleet. Throws `Error` when a replay cannot be played; nothing is left running then.
 */
export async function startInputs(options: InputOptions): Promise<{ close(): Promise<void> }> {
  const { engine, log, otlpUrl } = options
  for (const replay of options.replays) await replayCsv({ ...replay, engine, log })

  if (otlpUrl === undefined) {
    if (options.hostMetrics || options.simulate)
      log('the OTLP/HTTP listener is off: no host metrics and no simulated fleet')
    return { close: async () => undefined }
  }
  const running: { close(): Promise<void> }[] = []
  if (options.hostMetrics) running.push(await startHostMetrics({ otlpUrl, log }))
  if (options.simulate && options.servers > 0)
    running.push(startFleet({ url: otlpUrl, servers: options.servers, metrics: options.metrics, log }))
  return {
    async close() {
      await Promise.all(running.map((input) => input.close()))
    },
  }
}
