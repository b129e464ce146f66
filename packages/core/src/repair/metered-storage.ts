import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { ScanRawRequest, StorageAdapter } from '../storage/storage-adapter.ts'

/** The same storage, whose scans of raw samples ask `newScan` for a meter that sees each batch before its reader does. */
export function meteredStorage(
  storage: StorageAdapter,
  newScan: () => (batch: SampleBatch) => Promise<void>,
): StorageAdapter {
  return {
    name: storage.name,
    capabilities: storage.capabilities,
    open: (directory) => storage.open(directory),
    writeRaw: (batch, context) => storage.writeRaw(batch, context),
    writeResults: (rows) => storage.writeResults(rows),
    scanResults: (request) => storage.scanResults(request),
    catalog: (tenant) => storage.catalog(tenant),
    deleteBefore: (tenant, beforeMs) => storage.deleteBefore(tenant, beforeMs),
    close: () => storage.close(),
    async *scanRaw(request: ScanRawRequest): AsyncGenerator<SampleBatch> {
      const meter = newScan()
      for await (const batch of storage.scanRaw(request)) {
        await meter(batch)
        yield batch
      }
    },
  }
}
