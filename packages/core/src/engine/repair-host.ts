import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { RepairKey } from '../repair/dirty-windows.ts'
import type { RepairHost } from '../repair/repair-host.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import type { WriteQueue } from '../storage/write-queue.ts'
import type { RunningQuery } from '../window/running-query.ts'
import type { Generation } from './generation.ts'
import { runOverHistory } from './history-run.ts'

export interface RepairParts extends Pick<RepairHost, 'nowMs' | 'emit' | 'noteRow' | 'onError'> {
  readonly registry: SeriesRegistry
  readonly storage: StorageAdapter
  readonly queue: WriteQueue
  readonly generation: Generation
  readonly versionOf: (key: RepairKey) => RunningQuery | undefined
}

/** What repairs need, from the parts of an engine. */
export function repairHost(parts: RepairParts): RepairHost {
  const { registry, storage, queue, generation, versionOf } = parts
  return {
    storage,
    nowMs: () => parts.nowMs(),
    recompute: (plan, { key, ...range }) =>
      runOverHistory(plan, {
        ...range,
        registry,
        tenant: key.tenant,
        tenantId: registry.tenantId(key.tenant),
        query: key.query,
        nowMs: parts.nowMs(),
      }),
    planOf: (key) => versionOf(key)?.plan,
    owes: (key, { startMs, endMs }) => {
      const query = versionOf(key)
      return query?.owns(startMs) === true && endMs > query.sinceMs
    },
    wholeFromMs: (key) => versionOf(key)?.firstWholeStartMs ?? Number.NEGATIVE_INFINITY,
    finalThroughMs: (key) => versionOf(key)?.finalThroughMs ?? Number.NEGATIVE_INFINITY,
    lastWriteNumber: () => queue.lastWriteNumber,
    writesDone: (writeNumber) => queue.done(writeNumber),
    raiseGeneration: () => generation.raise(),
    emit: (rows) => parts.emit(rows),
    noteRow: (key, row) => parts.noteRow(key, row),
    onError: (error) => parts.onError(error),
  }
}
