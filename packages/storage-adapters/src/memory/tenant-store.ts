import type { StorageCatalog } from '@windrow/core'
import type { Ledger } from './ledger.ts'
import { ResultStore } from './result-store.ts'
import { SERIES_OVERHEAD_BYTES, type StoredSeries } from './stored-series.ts'

/** Everything held for one tenant. */
export class TenantStore {
  readonly metrics: Map<string, Set<StoredSeries>> = new Map()
  readonly results: ResultStore
  /** Time of the newest sample ever written. */
  newestMs: number = Number.NEGATIVE_INFINITY
  /** The retention limit applied last. */
  retainedFromMs: number = Number.NEGATIVE_INFINITY
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    this.#ledger = ledger
    this.results = new ResultStore(ledger)
  }

  attach(series: StoredSeries): void {
    const ofMetric = this.metrics.get(series.metric)
    if (ofMetric === undefined) this.metrics.set(series.metric, new Set([series]))
    else ofMetric.add(series)
    this.#ledger.series++
    this.#ledger.bytes += SERIES_OVERHEAD_BYTES
  }

  detach(series: StoredSeries): void {
    const ofMetric = this.metrics.get(series.metric)
    if (ofMetric?.delete(series) !== true) return
    if (ofMetric.size === 0) this.metrics.delete(series.metric)
    this.#ledger.series--
    this.#ledger.bytes -= SERIES_OVERHEAD_BYTES
  }

  *series(): Generator<StoredSeries> {
    for (const ofMetric of this.metrics.values()) yield* ofMetric
  }

  catalog(): StorageCatalog {
    let firstMs: number | null = null
    let lastMs: number | null = null
    for (const { chunks } of this.series()) {
      const first = chunks[0]!.firstMs
      const last = chunks.at(-1)!.lastMs
      if (firstMs === null || first < firstMs) firstMs = first
      if (lastMs === null || last > lastMs) lastMs = last
    }
    const metrics = [...this.metrics].map(([metric, ofMetric]) => ({ metric, seriesCount: ofMetric.size }))
    return { metrics: metrics.sort((a, b) => (a.metric < b.metric ? -1 : 1)), firstMs, lastMs }
  }
}
