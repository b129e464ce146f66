import type { Engine, StorageAdapter } from '@windrow/core'
import type { FastifyBaseLogger } from 'fastify'
import type { BodyLimits } from './http/read-body.ts'
import type { ServerOptions } from './options.ts'
import type { QueryText } from './queries/query-text.ts'
import type { StoredQueries } from './queries/stored-queries.ts'
import type { RestoreOutcome } from './state/open-engine.ts'
import type { SnapshotKeeper } from './state/snapshot-keeper.ts'

/**
 * What a 200 to an ingest request means. `memory`: the points are in this process's memory, on their way to
 * the storage; a crash before they arrive there loses them.
 */
export const ACK_MODE = 'memory'

/** What the routes share. */
export interface ServerContext {
  readonly options: ServerOptions
  readonly engine: Engine
  readonly storage: StorageAdapter
  /** Memory or disk the storage takes now. */
  readonly storageBytes: () => number
  /** What became of the snapshot of the life before. */
  readonly restored: RestoreOutcome
  readonly snapshots: Pick<SnapshotKeeper, 'status'>
  /** Number of this life of the server, counted in the data directory. */
  readonly generation: number
  readonly queryText: QueryText
  readonly queries: StoredQueries
  readonly bodyLimits: BodyLimits
  readonly log: FastifyBaseLogger
  /** Aborted as the first step of stopping: streams end, readiness turns. */
  readonly stopping: AbortSignal
}
