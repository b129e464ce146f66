import { growInt32, growUint8, growUint32 } from '../internal/grow.ts'
import { entriesKey } from '../registry/canonical.ts'
import type { MetricKind, SeriesInfo, SeriesRef } from '../registry/identity.ts'
import type { MetricEntry, SeriesRegistry } from '../registry/series-registry.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { SeriesStore } from './series-store.ts'

/** Numbers an entry has in `MetricRoutes.entries`, side by side so that one look brings them all. */
export const ENTRY_STRIDE = 3
/** Index in `MetricRoutes.stores`. */
export const ENTRY_STORE = 0
/** The series' position in the store. */
export const ENTRY_POSITION = 1
/** The next entry of the series, or -1. */
export const ENTRY_NEXT = 2

/** A running total, to be paired; also what nobody said the kind of. */
export const READ_PAIRS = 0
/** An amount already. */
export const READ_AMOUNTS = 1
/** Neither. */
export const READ_NOTHING = 2

/** An entry of the map of reporters, about. */
const REPORTER_BYTES = 160

function readAs(kind: MetricKind): number {
  if (kind === 'counter') return READ_PAIRS
  return kind === 'delta' ? READ_AMOUNTS : READ_NOTHING
}

/**
 * Where the samples of one metric go: per series a list of (store, position), so that a sample costs as much as the
 * stores that select it, not as the stores there are. Lists are chains through one table; built when series or stores
 * come and go, never on the way of a sample.
 *
 * Entries are made in order of position, so with a single store an entry's number is the position itself.
 */
export class MetricRoutes {
  readonly stores: SeriesStore[] = []
  /** Whether some store is of a reading. */
  hasReadings = false
  /** First entry of a series by its index in the metric; -1 = nobody reads it. */
  heads: Int32Array = new Int32Array(0)
  entries: Int32Array = new Int32Array(16 * ENTRY_STRIDE)
  /** How readings take a series, by its index in the metric. */
  #readAs: Uint8Array = new Uint8Array(0)
  /** Who reports a series, by its index in the metric; see `Reporters`. */
  #reporterOf: Uint32Array = new Uint32Array(0)
  /** Numbers of reporters, by server and point attributes. */
  readonly #reporters = new Map<string, number>()
  #entries = 0
  #routed = 0
  readonly #registry: SeriesRegistry
  readonly #metric: MetricEntry

  constructor(registry: SeriesRegistry, metric: MetricEntry) {
    this.#registry = registry
    this.#metric = metric
  }

  get bytes(): number {
    const columns = this.heads.byteLength + this.entries.byteLength + this.#reporterOf.byteLength
    return columns + this.#reporters.size * REPORTER_BYTES
  }

  /** Shows every store the series registered since the last call. */
  route(): void {
    const { series, seriesCount } = this.#metric
    if (this.#routed === seriesCount) return
    if (this.heads.length < seriesCount) {
      this.heads = growInt32(this.heads, series.length, -1)
      this.#readAs = growUint8(this.#readAs, series.length)
      this.#reporterOf = growUint32(this.#reporterOf, series.length)
    }
    for (let local = this.#routed; local < seriesCount; local++) {
      const info = this.#registry.describe(series[local]! as SeriesRef)
      this.#readAs[local] = info.kindAssumed ? READ_PAIRS : readAs(info.kind)
      this.#reporterOf[local] = this.#reporter(info)
      for (const index of this.stores.keys()) this.#take(info, local, index)
    }
    this.#routed = seriesCount
  }

  /** What a sample of a series is to a reading; a declared kind wins over the wire. */
  readAs(local: number): number {
    const kind = this.#metric.declared?.kind
    return kind === undefined ? this.#readAs[local]! : readAs(kind)
  }

  add(store: SeriesStore): void {
    this.route()
    this.stores.push(store)
    this.#noteReadings()
    for (let local = 0; local < this.#routed; local++)
      this.#take(this.#registry.describe(this.#metric.series[local]! as SeriesRef), local, this.stores.length - 1)
  }

  remove(store: SeriesStore): void {
    this.stores.splice(this.stores.indexOf(store), 1)
    this.#noteReadings()
    this.heads.fill(-1)
    this.#entries = 0
    const { localIndexes } = this.#registry
    for (const [index, left] of this.stores.entries())
      for (let position = 0; position < left.seriesMatched; position++)
        this.#link(localIndexes[left.refs[position]!]!, index, position)
  }

  /** Writes which series the stores were shown, and how readings take them. */
  save(writer: StateWriter): void {
    writer.row(this.#readAs, 0, this.#routed)
  }

  /** Reads what `save` wrote, before there are stores; those follow by `restore`. */
  load(reader: StateReader): void {
    const { offset } = reader
    const readAs = reader.bytes('routed series')
    const { series, seriesCount } = this.#metric
    if (readAs.length > seriesCount || readAs.some((as) => as > READ_NOTHING))
      reader.corrupt(`${readAs.length} series were routed, ${this.#metric.name} has ${seriesCount}`, offset)
    this.#readAs = growUint8(readAs, series.length)
    this.heads = growInt32(this.heads, series.length, -1)
    this.#reporterOf = new Uint32Array(series.length)
    for (let local = 0; local < readAs.length; local++)
      this.#reporterOf[local] = this.#reporter(this.#registry.describe(series[local]! as SeriesRef))
    this.#routed = readAs.length
  }

  /** Adds a store that has its series already, `reader` having read them. */
  restore(store: SeriesStore, reader: StateReader): void {
    this.stores.push(store)
    this.#noteReadings()
    const { localIndexes } = this.#registry
    let before = -1
    for (let position = 0; position < store.seriesMatched; position++) {
      const ref = store.refs[position]!
      const local = localIndexes[ref] ?? this.#routed
      if (this.#metric.series[local] !== ref || local <= before || local >= this.#routed)
        reader.corrupt(`series ${ref} cannot be of a store on ${this.#metric.name}`)
      this.#link(local, this.stores.length - 1, position)
      store.reportedBy(position, this.#reporterOf[local]!)
      before = local
    }
  }

  #noteReadings(): void {
    this.hasReadings = this.stores.some((store) => store.isReading)
  }

  #take(info: SeriesInfo, local: number, index: number): void {
    const store = this.stores[index]!
    const position = store.take(info)
    if (position < 0) return
    store.reportedBy(position, this.#reporterOf[local]!)
    this.#link(local, index, position)
  }

  #reporter({ server, descriptor }: SeriesInfo): number {
    const key = `${server.length}:${server}${entriesKey(descriptor.labels)}`
    const known = this.#reporters.get(key)
    if (known !== undefined) return known
    const reporter = this.#reporters.size
    this.#reporters.set(key, reporter)
    return reporter
  }

  #link(local: number, store: number, position: number): void {
    const entry = this.#entries++
    const at = entry * ENTRY_STRIDE
    if (at === this.entries.length) this.entries = growInt32(this.entries, at * 2)
    this.entries[at + ENTRY_STORE] = store
    this.entries[at + ENTRY_POSITION] = position
    this.entries[at + ENTRY_NEXT] = this.heads[local]!
    this.heads[local] = entry
  }
}
