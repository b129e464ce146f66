import { growInt32, growUint32 } from '../internal/grow.ts'
import type { SeriesRef } from '../registry/identity.ts'
import type { MetricEntry, SeriesRegistry } from '../registry/series-registry.ts'
import type { PaneStore } from './pane-store.ts'

/**
 * Where the samples of one metric go: per series a list of (store, position), so that a sample costs as much as the
 * stores that select it, not as the stores there are. Lists are chains through one table; built when series or stores
 * come and go, never on the way of a sample.
 */
export class MetricRoutes {
  readonly stores: PaneStore[] = []
  /** First entry of a series by its index in the metric; -1 = nobody reads it. */
  heads: Int32Array = new Int32Array(0)
  /** Per entry: the next one of its series, or -1. */
  next: Int32Array = new Int32Array(16)
  /** Per entry: index in `stores`. */
  storeAt: Uint32Array = new Uint32Array(16)
  /** Per entry: the series' position in the store. */
  positionAt: Uint32Array = new Uint32Array(16)
  #entries = 0
  #routed = 0
  readonly #registry: SeriesRegistry
  readonly #metric: MetricEntry

  constructor(registry: SeriesRegistry, metric: MetricEntry) {
    this.#registry = registry
    this.#metric = metric
  }

  get bytes(): number {
    return this.heads.byteLength + this.next.byteLength + this.storeAt.byteLength + this.positionAt.byteLength
  }

  /** Shows every store the series registered since the last call. */
  route(): void {
    const { series, seriesCount } = this.#metric
    if (this.#routed === seriesCount) return
    if (this.heads.length < seriesCount) this.heads = growInt32(this.heads, series.length, -1)
    for (let local = this.#routed; local < seriesCount; local++) {
      const info = this.#registry.describe(series[local]! as SeriesRef)
      for (const [index, store] of this.stores.entries()) {
        const position = store.take(info)
        if (position >= 0) this.#link(local, index, position)
      }
    }
    this.#routed = seriesCount
  }

  add(store: PaneStore): void {
    this.route()
    this.stores.push(store)
    for (let local = 0; local < this.#routed; local++) {
      const position = store.take(this.#registry.describe(this.#metric.series[local]! as SeriesRef))
      if (position >= 0) this.#link(local, this.stores.length - 1, position)
    }
  }

  remove(store: PaneStore): void {
    this.stores.splice(this.stores.indexOf(store), 1)
    this.heads.fill(-1)
    this.#entries = 0
    const { localIndexes } = this.#registry
    for (const [index, left] of this.stores.entries())
      for (let position = 0; position < left.seriesMatched; position++)
        this.#link(localIndexes[left.refs[position]!]!, index, position)
  }

  #link(local: number, store: number, position: number): void {
    const entry = this.#entries++
    if (entry === this.next.length) {
      this.next = growInt32(this.next, entry * 2)
      this.storeAt = growUint32(this.storeAt, entry * 2)
      this.positionAt = growUint32(this.positionAt, entry * 2)
    }
    this.next[entry] = this.heads[local]!
    this.heads[local] = entry
    this.storeAt[entry] = store
    this.positionAt[entry] = position
  }
}
