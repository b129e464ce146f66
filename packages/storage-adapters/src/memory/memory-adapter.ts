import {
  compileSelector,
  type SampleBatch,
  type ScanRawRequest,
  type ScanResultsRequest,
  type SeriesDirectory,
  type StorageAdapter,
  type StorageCapabilities,
  type StorageCatalog,
  type WindowResult,
  type WriteRawContext,
} from '@windrow/core'
import { throwIfAborted } from '../shared/abort.ts'
import { createBreather } from '../shared/breather.ts'
import { Lifecycle } from '../shared/lifecycle.ts'
import { BatchIds } from './batch-ids.ts'
import { dropCutoffMs, type HeldBytes } from './ceiling.ts'
import { Ledger } from './ledger.ts'
import { type MemoryAdapterOptions, type ResolvedMemoryOptions, resolveMemoryOptions } from './options.ts'
import { RawWriter } from './raw-writer.ts'
import type { StoredSeries } from './stored-series.ts'
import { TenantStore } from './tenant-store.ts'
import { TimeSlices } from './time-slices.ts'

/** What a memory adapter holds now, over all tenants. */
export interface MemoryStats {
  /** Allocated, not merely used; object headers are estimated. */
  readonly bytes: number
  /** Raw samples. */
  readonly rows: number
  readonly series: number
  /** Raw samples given up to stay under `maxBytes`, ever. */
  readonly droppedRows: number
  /** Result rows given up to stay under `maxBytes`, ever. */
  readonly droppedResults: number
}

export interface MemoryAdapter extends StorageAdapter, AsyncDisposable {
  stats(): MemoryStats
}

const CAPABILITIES: StorageCapabilities = {
  durability: 'memory',
  replacesResults: true,
  storesStates: true,
  resolutionMs: 1,
}

/** Share of `maxBytes`, and of `retentionMs`, by which a clean-up goes further than it must, so that it is rare. */
const SLACK = 1 / 16

class InMemoryAdapter implements MemoryAdapter {
  readonly name = 'memory'
  readonly capabilities = CAPABILITIES
  readonly #options: ResolvedMemoryOptions
  readonly #lifecycle = new Lifecycle('the memory adapter')
  #ledger = new Ledger()
  #writer: RawWriter
  #batchIds: BatchIds
  readonly #tenants = new Map<string, TenantStore>()

  constructor(options: ResolvedMemoryOptions) {
    this.#options = options
    this.#writer = new RawWriter(options.maxChunkRows, this.#ledger)
    this.#batchIds = new BatchIds(options.maxBatchIds, this.#ledger)
  }

  async open(directory: SeriesDirectory): Promise<void> {
    this.#lifecycle.open(directory)
  }

  async writeRaw(batch: SampleBatch, { tenant, batchId, signal }: WriteRawContext): Promise<void> {
    const directory = this.#lifecycle.directory()
    throwIfAborted(signal, 'writeRaw')
    if (this.#batchIds.has(tenant, batchId)) return
    const store = this.#tenant(tenant)
    this.#writer.write(batch, tenant, store, directory)
    this.#batchIds.add(tenant, batchId)
    this.#applyRetention(store)
    this.#applyCeiling()
  }

  async *scanRaw(request: ScanRawRequest): AsyncGenerator<SampleBatch> {
    const { tenant, selector, signal } = request
    this.#checkScan('scanRaw', signal)
    const breather = createBreather()
    const matches = compileSelector(selector)
    const series: StoredSeries[] = []
    let looked = 0
    for (const candidate of this.#tenants.get(tenant)?.metrics.get(selector.metric) ?? []) {
      if (matches(candidate)) series.push(candidate)
      if ((++looked & 4095) === 0 && breather.due()) {
        await breather.rest()
        this.#checkScan('scanRaw', signal)
      }
    }
    const slices = new TimeSlices(series, request, this.#options.scanBatchRows, this.#ledger)
    for (;;) {
      if (breather.due()) await breather.rest()
      const batch = await slices.next(breather)
      this.#checkScan('scanRaw', signal)
      if (batch === undefined) return
      yield batch
    }
  }

  async writeResults(rows: readonly WindowResult[]): Promise<void> {
    this.#lifecycle.directory()
    for (const row of rows) this.#tenant(row.tenant).results.put(row)
    this.#applyCeiling()
  }

  async *scanResults(request: ScanResultsRequest): AsyncGenerator<WindowResult> {
    this.#checkScan('scanResults', request.signal)
    const breather = createBreather()
    for (const row of this.#tenants.get(request.tenant)?.results.select(request) ?? []) {
      yield row
      if (breather.due()) await breather.rest()
      this.#checkScan('scanResults', request.signal)
    }
  }

  async catalog(tenant: string): Promise<StorageCatalog> {
    this.#lifecycle.directory()
    return this.#tenants.get(tenant)?.catalog() ?? { metrics: [], firstMs: null, lastMs: null }
  }

  async deleteBefore(tenant: string, beforeMs: number): Promise<void> {
    this.#lifecycle.directory()
    const store = this.#tenants.get(tenant)
    if (store !== undefined) this.#deleteBefore(store, beforeMs)
  }

  async close(): Promise<void> {
    if (!this.#lifecycle.close()) return
    this.#tenants.clear()
    this.#ledger = new Ledger()
    this.#writer = new RawWriter(this.#options.maxChunkRows, this.#ledger)
    this.#batchIds = new BatchIds(this.#options.maxBatchIds, this.#ledger)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  stats(): MemoryStats {
    const { bytes, rows, series, droppedRows, droppedResults } = this.#ledger
    return { bytes, rows, series, droppedRows, droppedResults }
  }

  #checkScan(operation: string, signal: AbortSignal | undefined): void {
    this.#lifecycle.directory()
    throwIfAborted(signal, operation)
  }

  #tenant(tenant: string): TenantStore {
    let store = this.#tenants.get(tenant)
    if (store === undefined) {
      store = new TenantStore(this.#ledger)
      this.#tenants.set(tenant, store)
    }
    return store
  }

  #deleteBefore(store: TenantStore, beforeMs: number): void {
    for (const series of store.series()) {
      series.deleteBefore(beforeMs)
      this.#forgetIfEmpty(store, series)
    }
    store.results.deleteWhere((endMs) => endMs <= beforeMs)
  }

  #applyRetention(store: TenantStore): void {
    const { retentionMs } = this.#options
    const keepFromMs = store.newestMs - retentionMs
    // Also false for NaN: nothing written yet, or no limit set.
    if (!(keepFromMs - store.retainedFromMs >= retentionMs * SLACK)) return
    store.retainedFromMs = keepFromMs
    this.#deleteBefore(store, keepFromMs)
  }

  #applyCeiling(): void {
    const { maxBytes } = this.#options
    if (this.#ledger.bytes <= maxBytes) return
    const targetBytes = maxBytes * (1 - SLACK)
    const held: HeldBytes = { endsMs: [], bytes: [] }
    for (const store of this.#tenants.values()) {
      for (const series of store.series()) series.listBytes(held)
      store.results.listBytes(held)
    }
    const neededBytes = this.#ledger.bytes - targetBytes
    const cutoffMs = dropCutoffMs(Float64Array.from(held.endsMs), Float64Array.from(held.bytes), neededBytes)
    this.#drop((endMs) => endMs < cutoffMs)
    // Series that report in step have chunks that end together: of those, no more go than must.
    this.#drop((endMs) => endMs === cutoffMs && this.#ledger.bytes > targetBytes)
  }

  #drop(isDropped: (endMs: number) => boolean): void {
    const ledger = this.#ledger
    for (const store of this.#tenants.values()) {
      ledger.droppedResults += store.results.deleteWhere(isDropped)
      for (const series of store.series()) {
        ledger.droppedRows += series.dropWhere(isDropped)
        this.#forgetIfEmpty(store, series)
      }
    }
  }

  #forgetIfEmpty(store: TenantStore, series: StoredSeries): void {
    if (series.rows > 0) return
    store.detach(series)
    this.#writer.forget(series)
  }
}

/**
 * Keeps samples and results in this process's memory, as columns, up to a ceiling; nothing survives it.
 *
 * @throws RangeError for an option that is out of its range.
 */
export function memoryAdapter(options: MemoryAdapterOptions = {}): MemoryAdapter {
  return new InMemoryAdapter(resolveMemoryOptions(options))
}
