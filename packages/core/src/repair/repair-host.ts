import type { QueryPlan } from '../plan/query-plan.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import type { RepairKey } from './dirty-windows.ts'

/** What repairs need of the engine. */
export interface RepairHost {
  readonly registry: SeriesRegistry
  readonly storage: StorageAdapter
  nowMs(): number
  tenantId(tenant: string): number
  /** The plan of the query in this version; undefined when it is gone, and then its marks go too. */
  planOf(key: RepairKey): QueryPlan | undefined
  /** Rows of the query that end at or before this are changed by repairs alone. */
  finalThroughMs(key: RepairKey): number
  /** Number of the newest write (raw samples or results) on its way to the storage. */
  lastWriteNumber(): number
  /** Settles when the storage acknowledged, or the engine gave up, every write up to this number. */
  writesDone(writeNumber: number): Promise<void>
  /** Raises the generation durably. Called once a run, before its first row, and not by runs that emit nothing. */
  raiseGeneration(): Promise<number>
  /**
   * Takes the changed rows of one window start, retractions first. On return they are on their way to the storage,
   * counted by `lastWriteNumber`. Must not throw.
   */
  emit(rows: readonly WindowResult[]): void
  onError(error: unknown): void
}
