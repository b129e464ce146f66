import { parentPort, workerData } from 'node:worker_threads'
import { Fleet, type FleetOptions, type FleetStats } from './fleet.ts'

/** What the worker tells its parent. */
export type WorkerMessage = { readonly line: string } | { readonly stats: FleetStats }

const STATS_EVERY_MS = 1000

if (parentPort === null) throw new Error('fleet-worker.ts is started by startFleet')
const parent = parentPort
const say = (message: WorkerMessage): void => parent.postMessage(message)

const fleet = new Fleet({ ...(workerData as FleetOptions), log: (line) => say({ line }) })
const ticker = setInterval(() => say({ stats: fleet.stats }), STATS_EVERY_MS)
// The one message a parent sends is the end.
parent.once('message', () => fleet.stop())
await fleet.run()
clearInterval(ticker)
say({ stats: fleet.stats })
parent.close()
