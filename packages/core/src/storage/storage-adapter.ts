import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { SeriesSelector } from '../plan/query-plan.ts'
import type { SeriesDirectory } from '../registry/series-directory.ts'
import type { WindowResult } from '../result/window-result.ts'

/** What an adapter can do, as data: the contract suite and users read the same declaration. */
export interface StorageCapabilities {
  /** What a settled `writeRaw` means. */
  readonly durability: 'memory' | 'disk' | 'replicated'
  /** A result row with a greater revision replaces the older one. */
  readonly replacesResults: boolean
  /** Stores ready-made states of distributions. */
  readonly storesStates: boolean
  /** Finest time step kept, ms. */
  readonly resolutionMs: number
  /** Longest label value kept, bytes of UTF-8; undefined = no limit of its own. */
  readonly maxLabelBytes?: number
  /** A scan may miss what a settled write stored until this long after it. Undefined = 0. */
  readonly visibleAfterMs?: number
}

export interface WriteRawContext {
  readonly tenant: string
  /** Names the batch for idempotent retries; the same id twice stores the rows once. */
  readonly batchId: string
  readonly signal?: AbortSignal
}

export interface ScanRawRequest {
  readonly tenant: string
  readonly selector: SeriesSelector
  /** Inclusive. */
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
  readonly signal?: AbortSignal
}

export interface ScanResultsRequest {
  readonly tenant: string
  readonly query: string
  /** Undefined = every version. */
  readonly queryVersion?: number
  /** Rows with `startMs` in `[fromMs, toMs)`. */
  readonly fromMs: number
  readonly toMs: number
  readonly signal?: AbortSignal
}

export interface CatalogMetric {
  readonly metric: string
  readonly seriesCount: number
}

/** What is stored for a tenant. */
export interface StorageCatalog {
  readonly metrics: readonly CatalogMetric[]
  readonly firstMs: number | null
  readonly lastMs: number | null
}

/**
 * The port every storage implements. `open` is called once before anything else; after `close` every call
 * rejects with `STORAGE_CLOSED`. A batch handed to `writeRaw` belongs to the adapter from then on.
 * Vendor errors arrive as `STORAGE_FAILED` with the cause kept and `details.retryable` set.
 */
export interface StorageAdapter {
  readonly name: string
  readonly capabilities: StorageCapabilities
  /** `directory` turns refs into descriptors on the way in and descriptors into refs on the way out. */
  open(directory: SeriesDirectory): Promise<void>
  /** Stores all rows of the batch (one tenant, already de-duplicated). Settles when the capability's durability holds. */
  writeRaw(batch: SampleBatch, context: WriteRawContext): Promise<void>
  /**
   * Matching rows with time in `[fromMs, toMs)`, in rising time over batches: no row of a batch is earlier
   * than any row of the batch before. A batch may be reused by the adapter once the next one is asked for.
   */
  scanRaw(request: ScanRawRequest): AsyncIterable<SampleBatch>
  /** Upserts by identity; a smaller or equal revision than the stored one changes nothing. */
  writeResults(rows: readonly WindowResult[]): Promise<void>
  /** The newest revision of each row, by `startMs`, then group; retracted rows are left out. */
  scanResults(request: ScanResultsRequest): AsyncIterable<WindowResult>
  catalog(tenant: string): Promise<StorageCatalog>
  /** Deletes raw samples and results that end before `beforeMs`. */
  deleteBefore(tenant: string, beforeMs: number): Promise<void>
  close(): Promise<void>
}
