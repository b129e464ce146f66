import {
  BatchColumn,
  type CanonicalDescriptor,
  compileSelector,
  createSampleBatch,
  type SampleBatch,
  type ScanRawRequest,
  type SeriesDescriptor,
  type SeriesDirectory,
  type SeriesRef,
  type StorageAdapter,
  type StorageCapabilities,
  type StorageCatalog,
  type WindowResult,
  type WriteRawContext,
} from '../../src/index.ts'

interface Stored {
  readonly series: CanonicalDescriptor
  readonly timeMs: number
  readonly value: number
  readonly startMs: number
  readonly flags: number
}

/**
 * A small storage in memory: rows in a list, sorted when they are read. It holds single samples, no states, and outlives
 * the engine that closes it.
 */
export class SampleShelf implements StorageAdapter {
  readonly name = 'shelf'
  readonly capabilities: StorageCapabilities = {
    durability: 'memory',
    replacesResults: true,
    storesStates: false,
    resolutionMs: 1,
  }
  readonly #rows = new Map<string, Stored[]>()
  readonly #batchIds = new Set<string>()
  #directory: SeriesDirectory | undefined

  async open(directory: SeriesDirectory): Promise<void> {
    this.#directory = directory
  }

  async writeRaw(batch: SampleBatch, { tenant, batchId }: WriteRawContext): Promise<void> {
    const key = JSON.stringify([tenant, batchId])
    if (this.#batchIds.has(key)) return
    this.#batchIds.add(key)
    const rows = this.#rows.get(tenant) ?? []
    this.#rows.set(tenant, rows)
    for (let row = 0; row < batch.length; row++)
      rows.push({
        series: this.#directory!.describe(batch.series[row]! as SeriesRef).descriptor,
        timeMs: batch.timestampsMs[row]!,
        value: batch.values[row]!,
        startMs: (batch.columns & BatchColumn.startTimes) === 0 ? 0 : batch.startTimesMs![row]!,
        flags: (batch.columns & BatchColumn.flags) === 0 ? 0 : batch.flags![row]!,
      })
  }

  async *scanRaw({ tenant, selector, fromMs, toMs }: ScanRawRequest): AsyncIterable<SampleBatch> {
    const matches = compileSelector(selector)
    const directory = this.#directory!
    const found = (this.#rows.get(tenant) ?? [])
      .map((stored) => ({ ...stored, ref: directory.register(registrable(stored.series)) }))
      .filter(({ ref, timeMs }) => timeMs >= fromMs && timeMs < toMs && matches(directory.describe(ref)))
      .sort((a, b) => a.timeMs - b.timeMs)
    for (let at = 0; at < found.length; at += 100) {
      const batch = createSampleBatch(100)
      for (const { ref, timeMs, value, startMs, flags } of found.slice(at, at + 100)) {
        const row = batch.push(ref, timeMs, value)
        if (startMs !== 0) batch.setStartTime(row, startMs)
        if (flags !== 0) batch.setFlags(row, flags)
      }
      yield batch
    }
  }

  async writeResults(_rows: readonly WindowResult[]): Promise<void> {}

  async *scanResults(): AsyncIterable<WindowResult> {}

  async catalog(tenant: string): Promise<StorageCatalog> {
    const times = (this.#rows.get(tenant) ?? []).map((row) => row.timeMs)
    return {
      metrics: [],
      firstMs: times.length === 0 ? null : Math.min(...times),
      lastMs: times.length === 0 ? null : Math.max(...times),
    }
  }

  async deleteBefore(): Promise<void> {}

  async close(): Promise<void> {}
}

/** A descriptor as `register` takes it: a kind that nobody said is left out. */
function registrable({ kind, ...rest }: CanonicalDescriptor): SeriesDescriptor {
  return kind === undefined ? rest : { ...rest, kind }
}
