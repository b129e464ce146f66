import type { QueryPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import type { RepairKey } from './dirty-windows.ts'

/** Which windows of a query to compute, and from where. */
export interface RecomputeRange {
  readonly key: RepairKey
  /** To be scanned for raw samples instead of the host's own: it counts what is read. */
  readonly storage: StorageAdapter
  /** Start of a window, or of a cell of sessions. Inclusive. */
  readonly fromMs: number
  /** Windows that start before this are computed. Exclusive. */
  readonly toMs: number
  readonly signal: AbortSignal
}

/** What repairs need of the engine. */
export interface RepairHost {
  readonly storage: StorageAdapter
  nowMs(): number
  /** A run over history: each row of each window once, windows by start; sessions in any order. */
  recompute(plan: QueryPlan, range: RecomputeRange): AsyncIterable<WindowResult>
  /** The plan of the query in this version; undefined when it is gone, and then its marks go too. */
  planOf(key: RepairKey): QueryPlan | undefined
  /** Whether a row is one the query has to keep right: not another version's, nor of before it was there. */
  owes(key: RepairKey, row: Pick<WindowResult, 'startMs' | 'endMs'>): boolean
  /** Rows that start at or after this hold all samples there were since the query was added. */
  wholeFromMs(key: RepairKey): number
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
  /** Told of what samples make of a final window, before rules say whether it is shown, by queries that fill. */
  noteRow(key: RepairKey, row: WindowResult): void
  onError(error: unknown): void
}
