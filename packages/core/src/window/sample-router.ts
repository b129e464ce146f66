import { decodeDistribution } from '../aggregate/state-codec.ts'
import { CounterPairs, type PairCounts } from '../counter/counter-pairs.ts'
import { BatchColumn, type SampleBatch, SampleFlag } from '../ingest/sample-batch.ts'
import type { MetricEntry, SeriesRegistry } from '../registry/series-registry.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import {
  ENTRY_NEXT,
  ENTRY_POSITION,
  ENTRY_STORE,
  ENTRY_STRIDE,
  MetricRoutes,
  READ_AMOUNTS,
  READ_NOTHING,
} from './metric-routes.ts'
import { PaneStore } from './pane-store.ts'
import type { SeriesStore } from './series-store.ts'

/**
 * The way of the samples of one time line to the stores that select their series; of counters that some query reads
 * as increase or rate, by way of their neighbours.
 */
export class SampleRouter {
  readonly #registry: SeriesRegistry
  /** By `MetricEntry.id`. */
  readonly #routesOfMetric: (MetricRoutes | undefined)[] = []
  readonly #pairs: CounterPairs
  #routedSeries = 0

  constructor(registry: SeriesRegistry) {
    this.#registry = registry
    this.#pairs = new CounterPairs({
      firstPolicy: (ref) => this.#metricOf(ref).declared?.first ?? 'auto',
    })
  }

  get bytes(): number {
    return this.#routesOfMetric.reduce((bytes, of) => bytes + (of?.bytes ?? 0), this.#pairs.bytes)
  }

  get pairCounts(): PairCounts {
    return this.#pairs
  }

  /** Shows every store the series registered since the last call. */
  route(): void {
    if (this.#registry.size === this.#routedSeries) return
    this.#routedSeries = this.#registry.size
    for (const routes of this.#routesOfMetric) routes?.route()
  }

  /** The routes of a metric, made on first sight. */
  routesOf(metric: MetricEntry): MetricRoutes {
    const known = this.#routesOfMetric[metric.id]
    if (known !== undefined) return known
    const routes = new MetricRoutes(this.#registry, metric)
    this.#routesOfMetric[metric.id] = routes
    return routes
  }

  /** The store takes no more samples. */
  remove(store: SeriesStore): void {
    const routes = this.routesOf(store.metric)
    routes.remove(store)
    if (store.isReading) this.#unwatch(store, routes)
    if (routes.stores.length === 0) this.#routesOfMetric[store.metric.id] = undefined
  }

  /** Forgets the last samples of the series that no reading is left for: they would be paired over the gap. */
  #unwatch(store: SeriesStore, routes: MetricRoutes): void {
    for (let position = 0; position < store.seriesMatched; position++) {
      const ref = store.refs[position]!
      const { done } = readingsOf(routes, routes.heads[this.#registry.localIndexes[ref]!]!).next()
      if (done === true) this.#pairs.unwatch(ref)
    }
  }

  /** Hands every row to the stores that select its series. All series are routed. */
  apply(batch: SampleBatch): void {
    if ((batch.columns & ~BatchColumn.startTimes) === 0) this.#applyValues(batch)
    else this.#applyMixed(batch)
  }

  /** Hands on what counters grew by up to the watermark. */
  release(watermarkMs: number): void {
    this.#pairs.release(watermarkMs, this.#addAmount)
  }

  save(writer: StateWriter): void {
    this.route()
    writer.varint(this.#routedSeries)
    this.#pairs.save(writer)
    writer.varint(this.#routesOfMetric.reduce((count, routes) => (routes === undefined ? count : count + 1), 0))
    for (const [metricId, routes] of this.#routesOfMetric.entries()) {
      if (routes === undefined) continue
      writer.varint(metricId)
      routes.save(writer)
    }
  }

  /** Takes on what `save` wrote, without the stores; each is to be restored by its routes. */
  load(reader: StateReader): void {
    this.#routedSeries = reader.index('routed series', this.#registry.size + 1)
    this.#pairs.load(reader, this.#registry.size)
    for (let left = reader.count('metrics', 2); left > 0; left--)
      this.routesOf(this.#registry.metrics[reader.index('metric', this.#registry.metrics.length)]!).load(reader)
  }

  #applyValues(batch: SampleBatch): void {
    const { series, timestampsMs, values, length } = batch
    const { metricIds, localIndexes } = this.#registry
    const routesOfMetric = this.#routesOfMetric
    const startTimes = (batch.columns & BatchColumn.startTimes) === 0 ? undefined : batch.startTimesMs
    for (let row = 0; row < length; row++) {
      const ref = series[row]!
      const routes = routesOfMetric[metricIds[ref]!]
      if (routes === undefined) continue
      const timeMs = timestampsMs[row]!
      const value = values[row]!
      let entry = routes.heads[localIndexes[ref]!]!
      if (entry < 0) continue
      if (routes.hasReadings) {
        this.#applyReadings(routes, entry, ref, timeMs, value, startTimes === undefined ? 0 : startTimes[row]!)
        continue
      }
      const { stores, entries } = routes
      if (stores.length === 1) {
        stores[0]!.add(entry, timeMs, value)
        continue
      }
      do {
        const at = entry * ENTRY_STRIDE
        stores[entries[at + ENTRY_STORE]!]!.add(entries[at + ENTRY_POSITION]!, timeMs, value)
        entry = entries[at + ENTRY_NEXT]!
      } while (entry >= 0)
    }
  }

  #applyMixed(batch: SampleBatch): void {
    const { series, timestampsMs, values, length } = batch
    const { metricIds, localIndexes } = this.#registry
    const flags = (batch.columns & BatchColumn.flags) === 0 ? undefined : batch.flags
    const weights = (batch.columns & BatchColumn.weights) === 0 ? undefined : batch.weights
    const states = (batch.columns & BatchColumn.states) === 0 ? undefined : batch.states
    const startTimes = (batch.columns & BatchColumn.startTimes) === 0 ? undefined : batch.startTimesMs
    let nextState = 0
    for (let row = 0; row < length; row++) {
      const stateAt = nextState
      const hasState = states !== undefined && nextState < states.count && states.rows[nextState] === row
      if (hasState) nextState++
      const ref = series[row]!
      const routes = this.#routesOfMetric[metricIds[ref]!]
      let entry = routes === undefined ? -1 : routes.heads[localIndexes[ref]!]!
      if (routes === undefined || entry < 0) continue
      const timeMs = timestampsMs[row]!
      const value = values[row]!
      const weight = weights === undefined ? 1 : weights[row]!
      const isGap = flags !== undefined && (flags[row]! & SampleFlag.noRecordedValue) !== 0
      const state =
        hasState && !isGap
          ? decodeDistribution(states.bytes, states.offsets[stateAt]!, states.offsets[stateAt + 1]!)
          : undefined
      if (routes.hasReadings && state === undefined && !isGap && weight === 1) {
        this.#applyReadings(routes, entry, ref, timeMs, value, startTimes === undefined ? 0 : startTimes[row]!)
        continue
      }
      for (; entry >= 0; entry = routes.entries[entry * ENTRY_STRIDE + ENTRY_NEXT]!) {
        const store = routes.stores[routes.entries[entry * ENTRY_STRIDE + ENTRY_STORE]!]!
        const position = routes.entries[entry * ENTRY_STRIDE + ENTRY_POSITION]!
        if (isGap || (store.isReading && (state !== undefined || routes.readAs(localIndexes[ref]!) !== READ_AMOUNTS)))
          store.exclude()
        else if (state !== undefined) store.addState(position, timeMs, state)
        else if (weight !== 1) store.addWeighted(position, timeMs, value, weight)
        else store.add(position, timeMs, value)
      }
    }
  }

  /** Takes a sample of a metric of which some store wants what its series grew by. */
  #applyReadings(
    routes: MetricRoutes,
    head: number,
    ref: number,
    timeMs: number,
    value: number,
    startMs: number,
  ): void {
    const { stores, entries } = routes
    const readAs = routes.readAs(this.#registry.localIndexes[ref]!)
    let waits = false
    for (let entry = head; entry >= 0; entry = entries[entry * ENTRY_STRIDE + ENTRY_NEXT]!) {
      const store = stores[entries[entry * ENTRY_STRIDE + ENTRY_STORE]!]!
      const position = entries[entry * ENTRY_STRIDE + ENTRY_POSITION]!
      if (!store.isReading || readAs === READ_AMOUNTS) store.add(position, timeMs, value)
      else if (readAs === READ_NOTHING || Number.isNaN(value)) store.exclude()
      else waits = true
    }
    if (!waits) return
    this.#pairs.watch(ref)
    if (this.#pairs.take(ref, timeMs, value, startMs) === 'held') return
    for (const [store, position] of readingsOf(routes, head)) store.addTooLate(position, timeMs, value)
  }

  /** Takes what a counter grew by; undefined: nothing is known of it yet. */
  readonly #addAmount = (ref: number, timeMs: number, amount: number | undefined, sinceMs: number): void => {
    const routes = this.#routesOfMetric[this.#registry.metricIds[ref]!]
    if (routes === undefined) return
    for (const [store, position] of readingsOf(routes, routes.heads[this.#registry.localIndexes[ref]!]!))
      if (amount === undefined || !store.coversFrom(sinceMs)) store.addBaseLine(position, timeMs)
      else store.add(position, timeMs, amount)
  }

  #metricOf(ref: number): MetricEntry {
    return this.#registry.metrics[this.#registry.metricIds[ref]!]!
  }
}

/** The stores of readings a series is in, with its position there. */
function* readingsOf({ stores, entries }: MetricRoutes, head: number): Generator<readonly [PaneStore, number]> {
  for (let entry = head; entry >= 0; entry = entries[entry * ENTRY_STRIDE + ENTRY_NEXT]!) {
    const store = stores[entries[entry * ENTRY_STRIDE + ENTRY_STORE]!]!
    if (store instanceof PaneStore && store.isReading) yield [store, entries[entry * ENTRY_STRIDE + ENTRY_POSITION]!]
  }
}
