import { BatchColumn, type SampleBatch, type SeriesDirectory, type SeriesRef } from '@windrow/core'
import type { Chunk } from './chunk.ts'
import type { Ledger } from './ledger.ts'
import { StoredSeries } from './stored-series.ts'
import type { TenantStore } from './tenant-store.ts'

/** Takes batches apart into series. A batch is checked whole before its first row is stored. */
export class RawWriter {
  readonly #byRef: (StoredSeries | undefined)[] = []
  readonly #maxChunkRows: number
  readonly #ledger: Ledger

  constructor(maxChunkRows: number, ledger: Ledger) {
    this.#maxChunkRows = maxChunkRows
    this.#ledger = ledger
  }

  write(batch: SampleBatch, tenant: string, store: TenantStore, directory: SeriesDirectory): void {
    for (const series of this.#check(batch, tenant, directory).values()) {
      while (this.#byRef.length <= series.ref) this.#byRef.push(undefined)
      this.#byRef[series.ref] = series
      store.attach(series)
    }
    let newestMs = store.newestMs
    const { length, series: refs, timestampsMs, values } = batch
    const plain = batch.columns === 0
    let stateIndex = 0
    for (let row = 0; row < length; row++) {
      const series = this.#byRef[refs[row]!]!
      const timeMs = timestampsMs[row]!
      const chunk = series.add(timeMs, values[row]!)
      if (timeMs > newestMs) newestMs = timeMs
      if (!plain) stateIndex = this.#addColumns(batch, row, stateIndex, chunk, series.lastRow)
    }
    store.newestMs = newestMs
  }

  /** Forgets a series that has no rows left. */
  forget(series: StoredSeries): void {
    this.#byRef[series.ref] = undefined
  }

  /** Returns the series that are new. */
  #check(batch: SampleBatch, tenant: string, directory: SeriesDirectory): Map<number, StoredSeries> {
    const added = new Map<number, StoredSeries>()
    for (let row = 0; row < batch.length; row++) {
      const ref = batch.series[row]!
      const timeMs = batch.timestampsMs[row]!
      if (!Number.isFinite(timeMs)) throw new RangeError(`row ${row} of the batch has the time ${timeMs}`)
      let series = this.#byRef[ref] ?? added.get(ref)
      if (series === undefined) {
        series = new StoredSeries(directory.describe(ref as SeriesRef), this.#maxChunkRows, this.#ledger)
        added.set(ref, series)
      }
      if (series.tenant !== tenant)
        throw new TypeError(`row ${row} of a batch for tenant '${tenant}' belongs to tenant '${series.tenant}'`)
    }
    return added
  }

  #addColumns(batch: SampleBatch, row: number, stateIndex: number, chunk: Chunk, at: number): number {
    const { columns, states } = batch
    const before = chunk.bytes
    const startMs = columns & BatchColumn.startTimes ? batch.startTimesMs![row]! : 0
    if (startMs !== 0) chunk.setStartTime(at, startMs)
    const weight = columns & BatchColumn.weights ? batch.weights![row]! : 1
    if (weight !== 1) chunk.setWeight(at, weight)
    const flags = columns & BatchColumn.flags ? batch.flags![row]! : 0
    if (flags !== 0) chunk.setFlags(at, flags)
    let next = stateIndex
    if (columns & BatchColumn.states && next < states!.count && states!.rows[next] === row) {
      chunk.setState(at, states!.bytes.subarray(states!.offsets[next]!, states!.offsets[next + 1]!))
      next++
    }
    this.#ledger.bytes += chunk.bytes - before
    return next
  }
}
