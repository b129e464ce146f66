import { Worker } from 'node:worker_threads'
import type { FleetOptions, FleetStats } from './fleet.ts'
import type { WorkerMessage } from './fleet-worker.ts'

export interface RunningFleet {
  /** As of the last second; undefined before the first. */
  stats(): FleetStats | undefined
  close(): Promise<void>
}

/**
 * Starts a fleet in a worker thread, so that a large one does not take the caller's event loop. A fleet
 * that breaks says so in the log and ends; it does not end its caller.
 */
export function startFleet(options: FleetOptions): RunningFleet {
  const { log = console.log, ...data } = options
  const worker = new Worker(new URL('./fleet-worker.ts', import.meta.url), {
    workerData: data,
    name: 'fleet-simulator',
  })
  let stats: FleetStats | undefined
  worker.on('message', (message: WorkerMessage) => {
    if ('line' in message) log(`fleet: ${message.line}`)
    else stats = message.stats
  })
  worker.on('error', (error) => log(`fleet: stopped by an error: ${error instanceof Error ? error.message : error}`))
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  return {
    stats: () => stats,
    async close() {
      worker.postMessage('stop')
      await ended
    },
  }
}
