import {
  BatchColumn,
  type CanonicalDescriptor,
  compileSelector,
  createSampleBatch,
  type SampleBatch,
  type ScanRawRequest,
  type ScanResultsRequest,
  type SeriesDescriptor,
  type SeriesDirectory,
  type SeriesRef,
  type StorageAdapter,
  type StorageCapabilities,
  type StorageCatalog,
  type WindowResult,
  type WriteRawContext,
} from '../../src/index.ts'
import { groupKey } from './row-words.ts'

interface Stored {
  readonly series: CanonicalDescriptor
  readonly timeMs: number
  readonly value: number
  readonly startMs: number
  readonly flags: number
  readonly shownFromMs: number
}

interface StoredRow {
  readonly row: WindowResult
  readonly shownFromMs: number
}

export interface ShelfOptions {
  readonly visibleAfterMs?: number
  readonly nowMs: () => number
}

/** What is stored, in memory: rows in lists, sorted when they are read. It outlives the engines that use it. */
export class SampleShelf {
  readonly #options: ShelfOptions
  readonly #samples = new Map<string, Stored[]>()
  readonly #batchIds = new Set<string>()
  /** Every revision that was written of a row, the newest last. */
  readonly #rows = new Map<string, StoredRow[]>()

  constructor(options: ShelfOptions) {
    this.#options = options
  }

  /** For one engine. */
  adapter(): StorageAdapter {
    return new ShelfAdapter(this, this.#options.visibleAfterMs)
  }

  writeRaw(batch: SampleBatch, { tenant, batchId }: WriteRawContext, directory: SeriesDirectory): void {
    const key = JSON.stringify([tenant, batchId])
    if (this.#batchIds.has(key)) return
    this.#batchIds.add(key)
    const samples = this.#samples.get(tenant) ?? []
    this.#samples.set(tenant, samples)
    for (let row = 0; row < batch.length; row++)
      samples.push({
        series: directory.describe(batch.series[row]! as SeriesRef).descriptor,
        timeMs: batch.timestampsMs[row]!,
        value: batch.values[row]!,
        startMs: (batch.columns & BatchColumn.startTimes) === 0 ? 0 : batch.startTimesMs![row]!,
        flags: (batch.columns & BatchColumn.flags) === 0 ? 0 : batch.flags![row]!,
        shownFromMs: this.#shownFromMs,
      })
  }

  *scanRaw({ tenant, selector, fromMs, toMs }: ScanRawRequest, directory: SeriesDirectory): Generator<SampleBatch> {
    const matches = compileSelector(selector)
    const nowMs = this.#options.nowMs()
    const found = (this.#samples.get(tenant) ?? [])
      .filter(({ timeMs, shownFromMs }) => timeMs >= fromMs && timeMs < toMs && shownFromMs <= nowMs)
      .map((stored) => ({ ...stored, ref: directory.register(registrable(stored.series)) }))
      .filter(({ ref }) => matches(directory.describe(ref)))
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

  writeResults(rows: readonly WindowResult[]): void {
    for (const row of rows) {
      const key = JSON.stringify([row.tenant, row.query, row.queryVersion, row.startMs, groupKey(row)])
      const revisions = this.#rows.get(key) ?? []
      this.#rows.set(key, revisions)
      if ((revisions.at(-1)?.row.revision ?? -1) < row.revision) revisions.push({ row, shownFromMs: this.#shownFromMs })
    }
  }

  *scanResults({ tenant, query, queryVersion, fromMs, toMs }: ScanResultsRequest): Generator<WindowResult> {
    const nowMs = this.#options.nowMs()
    const shown = [...this.#rows.values()].flatMap((revisions) => {
      const row = revisions.findLast(({ shownFromMs }) => shownFromMs <= nowMs)?.row
      return row === undefined || row.retracted === true ? [] : [row]
    })
    yield* shown
      .filter((row) => row.tenant === tenant && row.query === query && row.startMs >= fromMs && row.startMs < toMs)
      .filter((row) => queryVersion === undefined || row.queryVersion === queryVersion)
      .sort((a, b) => a.startMs - b.startMs || (groupKey(a) < groupKey(b) ? -1 : 1))
  }

  catalog(tenant: string): StorageCatalog {
    const times = (this.#samples.get(tenant) ?? []).map((sample) => sample.timeMs)
    return {
      metrics: [],
      firstMs: times.length === 0 ? null : Math.min(...times),
      lastMs: times.length === 0 ? null : Math.max(...times),
    }
  }

  get #shownFromMs(): number {
    return this.#options.nowMs() + (this.#options.visibleAfterMs ?? 0)
  }
}

class ShelfAdapter implements StorageAdapter {
  readonly name = 'shelf'
  readonly capabilities: StorageCapabilities
  readonly #shelf: SampleShelf
  #directory: SeriesDirectory | undefined

  constructor(shelf: SampleShelf, visibleAfterMs: number | undefined) {
    this.#shelf = shelf
    this.capabilities = {
      durability: 'memory',
      replacesResults: true,
      storesStates: false,
      resolutionMs: 1,
      ...(visibleAfterMs === undefined ? {} : { visibleAfterMs }),
    }
  }

  async open(directory: SeriesDirectory): Promise<void> {
    this.#directory = directory
  }

  async writeRaw(batch: SampleBatch, context: WriteRawContext): Promise<void> {
    this.#shelf.writeRaw(batch, context, this.#directory!)
  }

  async *scanRaw(request: ScanRawRequest): AsyncIterable<SampleBatch> {
    yield* this.#shelf.scanRaw(request, this.#directory!)
  }

  async writeResults(rows: readonly WindowResult[]): Promise<void> {
    this.#shelf.writeResults(rows)
  }

  async *scanResults(request: ScanResultsRequest): AsyncIterable<WindowResult> {
    yield* this.#shelf.scanResults(request)
  }

  async catalog(tenant: string): Promise<StorageCatalog> {
    return this.#shelf.catalog(tenant)
  }

  async deleteBefore(): Promise<void> {}

  async close(): Promise<void> {}
}

/** A descriptor as `register` takes it: a kind that nobody said is left out. */
function registrable({ kind, ...rest }: CanonicalDescriptor): SeriesDescriptor {
  return kind === undefined ? rest : { ...rest, kind }
}
