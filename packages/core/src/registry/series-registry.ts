import { WindrowError } from '../errors.ts'
import { growUint8, growUint32 } from '../internal/grow.ts'
import { inBlocks } from '../snapshot/in-blocks.ts'
import { type SectionLoaders, SectionType } from '../snapshot/section-type.ts'
import type { SnapshotWriter } from '../snapshot/snapshot-writer.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import {
  DEFAULT_TENANT,
  type Entries,
  entriesKey,
  KIND_CODES,
  queryableLabels,
  sortedEntries,
  TEMPORALITY_CODES,
} from './canonical.ts'
import type { MetricKind, SeriesDescriptor, SeriesInfo, SeriesRef, Temporality } from './identity.ts'
import { Interner, type SharedResource } from './interner.ts'
import { loadDeclaration, type MetricDeclaration, type MetricInfo, saveDeclaration } from './metric-catalog.ts'
import { loadEntries, saveEntries } from './saved-entries.ts'
import type { SeriesDirectory } from './series-directory.ts'

/** A metric of one tenant and its series, in order of registration. */
export interface MetricEntry {
  /** Dense over all tenants. */
  readonly id: number
  readonly tenantId: number
  readonly name: string
  wireKind: MetricKind | undefined
  /** Number of series per `KIND_CODES`, of those whose sender said a kind. */
  readonly wireKindCounts: Uint32Array
  wireUnit: string
  declared: MetricDeclaration | undefined
  /** Refs; a series' position here is its `localIndex`. */
  series: Uint32Array
  seriesCount: number
}

const KINDS = Object.keys(KIND_CODES) as MetricKind[]
const TEMPORALITIES = Object.keys(TEMPORALITY_CODES) as Temporality[]

/** In `#kindsSaid`: the sender said the kind that `kindCodes` holds. */
const SAID = 1

/** Series in one section of a snapshot. */
const SERIES_PER_SECTION = 4_096

/**
 * Series identity -> dense integer. Besides the lookup it keeps, per series, the few columns that the
 * sample path reads: tenant, metric, position among the metric's series, kind and temporality.
 */
export class SeriesRegistry implements SeriesDirectory {
  readonly #maxSeries: number
  #size = 0
  /** Tenant id per series. */
  tenantIds: Uint32Array = new Uint32Array(1024)
  /** `MetricEntry.id` per series. */
  metricIds: Uint32Array = new Uint32Array(1024)
  /** Position among the series of its metric; windows address series by it. */
  localIndexes: Uint32Array = new Uint32Array(1024)
  /** `KIND_CODES` of the wire kind per series. */
  kindCodes: Uint8Array = new Uint8Array(1024)
  /** `TEMPORALITY_CODES` per series. */
  temporalityCodes: Uint8Array = new Uint8Array(1024)

  readonly metrics: MetricEntry[] = []
  readonly tenants: string[] = [DEFAULT_TENANT]
  readonly #tenantIds = new Map<string, number>([[DEFAULT_TENANT, 0]])
  readonly #metricIds: Map<string, number>[] = [new Map()]
  readonly #servers: Set<string>[] = [new Set()]
  readonly #refs = new Map<string, SeriesRef>()
  readonly #interner = new Interner()
  #kindsSaid: Uint8Array = new Uint8Array(1024)
  #resourceIds: Uint32Array = new Uint32Array(1024)
  #scopeIds: Uint32Array = new Uint32Array(1024)
  #unitIds: Uint32Array = new Uint32Array(1024)
  readonly #units: string[] = ['']
  readonly #unitIdOf = new Map<string, number>([['', 0]])
  readonly #labels: Entries[] = []
  #onKindChange: ((metric: MetricEntry) => void) | undefined

  constructor(maxSeries: number = Number.POSITIVE_INFINITY) {
    this.#maxSeries = maxSeries
  }

  get size(): number {
    return this.#size
  }

  /** Called when the kind of a metric becomes known or is declared anew. */
  onKindChange(listener: (metric: MetricEntry) => void): void {
    this.#onKindChange = listener
  }

  register(descriptor: SeriesDescriptor): SeriesRef {
    const { metric: name, kind, temporality = 'unspecified', unit = '' } = descriptor
    if (name === '') throw new RangeError('a metric needs a name')
    const metric = this.metricEntry(this.tenantId(descriptor.tenant ?? DEFAULT_TENANT), name)
    const resource = this.#interner.resource(descriptor.resource, descriptor.server)
    const scope = this.#interner.scope(descriptor.scope)
    const labels = sortedEntries(descriptor.labels)
    const unitId = this.#unitId(unit)
    const key = seriesKey(metric.id, kind, temporality, unitId, resource.id, scope.id, labels)
    const known = this.#refs.get(key)
    if (known !== undefined) return known
    if (this.#size >= this.#maxSeries)
      throw new WindrowError('SERIES_LIMIT', `no room for another series: ${this.#maxSeries} are known`, {
        hint: 'raise maxSeries if memory allows, or send fewer labels',
        details: { maxSeries: this.#maxSeries, metric: name },
      })
    const kindBefore = metric.wireKind
    const ref = this.#add(metric, kind, temporality, unitId, resource, scope.id)
    this.#labels.push(labels.length === 0 ? labels : [...labels])
    this.#refs.set(key, ref)
    if (metric.wireKind !== kindBefore && metric.declared?.kind === undefined) this.#onKindChange?.(metric)
    return ref
  }

  describe(ref: SeriesRef): SeriesInfo {
    const labels = this.#labels[ref]
    if (labels === undefined) throw new RangeError(`series ${ref} is not of this registry (size ${this.#size})`)
    const metric = this.metrics[this.metricIds[ref]!]!
    const { kind, kindAssumed } = this.#metricInfo(metric)
    const tenant = this.tenants[metric.tenantId]!
    const temporality = TEMPORALITIES[this.temporalityCodes[ref]!]!
    const unit = this.#units[this.#unitIds[ref]!]!
    const resource = this.#interner.resources[this.#resourceIds[ref]!]!
    const scope = this.#interner.scopes[this.#scopeIds[ref]!]!
    return {
      ref,
      tenant,
      metric: metric.name,
      kind,
      kindAssumed,
      temporality,
      unit,
      server: resource.server,
      labels: queryableLabels(resource.entries, labels),
      descriptor: {
        tenant,
        metric: metric.name,
        kind: this.#kindsSaid[ref] === SAID ? KINDS[this.kindCodes[ref]!]! : undefined,
        temporality,
        unit,
        resource: resource.entries,
        scope: { name: scope.name, version: scope.version, attributes: scope.entries },
        labels,
      },
    }
  }

  tenantId(tenant: string): number {
    const known = this.#tenantIds.get(tenant)
    if (known !== undefined) return known
    const id = this.tenants.length
    this.tenants.push(tenant)
    this.#tenantIds.set(tenant, id)
    this.#metricIds.push(new Map())
    this.#servers.push(new Set())
    return id
  }

  /** The entry of a metric, made when it is not there yet: a query may come before its first sample. */
  metricEntry(tenantId: number, name: string): MetricEntry {
    const ids = this.#metricIds[tenantId]!
    const known = ids.get(name)
    if (known !== undefined) return this.metrics[known]!
    const entry: MetricEntry = {
      id: this.metrics.length,
      tenantId,
      name,
      wireKind: undefined,
      wireKindCounts: new Uint32Array(4),
      wireUnit: '',
      declared: undefined,
      series: new Uint32Array(4),
      seriesCount: 0,
    }
    ids.set(name, entry.id)
    this.metrics.push(entry)
    return entry
  }

  declare(tenantId: number, name: string, declaration: MetricDeclaration): void {
    const entry = this.metricEntry(tenantId, name)
    entry.declared = { ...entry.declared, ...declaration }
    this.#onKindChange?.(entry)
  }

  metricInfo(tenantId: number, name: string): MetricInfo | undefined {
    const id = this.#metricIds[tenantId]?.get(name)
    if (id === undefined) return undefined
    const entry = this.metrics[id]!
    return entry.seriesCount === 0 && entry.declared === undefined ? undefined : this.#metricInfo(entry)
  }

  metricInfos(tenantId: number): MetricInfo[] {
    return this.metrics
      .filter((entry) => entry.tenantId === tenantId && (entry.seriesCount > 0 || entry.declared !== undefined))
      .map((entry) => this.#metricInfo(entry))
      .sort((a, b) => (a.metric < b.metric ? -1 : 1))
  }

  servers(tenantId: number): ReadonlySet<string> {
    return this.#servers[tenantId]!
  }

  /** Tenants, metrics with their declarations, and all series. A series never changes, so it is written later. */
  save(snapshot: SnapshotWriter): void {
    snapshot.section(SectionType.catalog, (writer) => this.#saveCatalog(writer))
    this.#interner.save(snapshot)
    snapshot.later(
      SectionType.series,
      inBlocks(this.#size, SERIES_PER_SECTION, (writer, from, to) => this.#saveSeries(writer, from, to)),
    )
  }

  /**
   * What reads the registry's sections back. Every series gets the ref it had, also beyond `maxSeries`, and no
   * listener is told of kinds.
   *
   * @throws RangeError when a tenant, metric or series was there before
   */
  loaders(): SectionLoaders {
    return {
      [SectionType.catalog]: (reader) => this.#loadCatalog(reader),
      [SectionType.resources]: this.#interner.loadResources,
      [SectionType.scopes]: this.#interner.loadScopes,
      [SectionType.series]: (reader) => this.#loadSeries(reader),
    }
  }

  #saveCatalog(writer: StateWriter): void {
    writer.varint(this.tenants.length)
    for (const tenant of this.tenants) writer.text(tenant)
    writer.varint(this.#units.length)
    for (const unit of this.#units) writer.text(unit)
    writer.varint(this.metrics.length)
    for (const { tenantId, name, declared } of this.metrics) {
      writer.varint(tenantId)
      writer.text(name)
      saveDeclaration(writer, declared)
    }
  }

  #loadCatalog(reader: StateReader): void {
    if (this.#size > 0 || this.metrics.length > 0 || this.tenants.length > 1)
      throw new RangeError('a snapshot is loaded into an empty registry only')
    const { offset } = reader
    const tenantCount = reader.count('tenants')
    for (let id = 0; id < tenantCount; id++)
      if (this.tenantId(reader.text('tenant')) !== id) reader.corrupt('tenants are not in order', offset)
    const unitCount = reader.count('units')
    for (let id = 0; id < unitCount; id++)
      if (this.#unitId(reader.text('unit')) !== id) reader.corrupt('units are not in order', offset)
    const metricCount = reader.count('metrics')
    for (let id = 0; id < metricCount; id++) {
      const entry = this.metricEntry(reader.index('tenant of a metric', tenantCount), reader.text('metric'))
      if (entry.id !== id) reader.corrupt('metric comes twice', offset)
      entry.declared = loadDeclaration(reader)
    }
  }

  #saveSeries(writer: StateWriter, from: number, to: number): void {
    writer.varint(from)
    writer.varint(to - from)
    for (let ref = from; ref < to; ref++) {
      writer.varint(this.metricIds[ref]!)
      writer.u8(this.#kindsSaid[ref] === SAID ? this.kindCodes[ref]! + 1 : 0)
      writer.u8(this.temporalityCodes[ref]!)
      writer.varint(this.#unitIds[ref]!)
      writer.varint(this.#resourceIds[ref]!)
      writer.varint(this.#scopeIds[ref]!)
      saveEntries(writer, this.#labels[ref]!)
    }
  }

  #loadSeries(reader: StateReader): void {
    const first = reader.varint('first series')
    if (first !== this.#size) reader.corrupt(`series ${first} do not follow ${this.#size} others`)
    for (let left = reader.count('series'); left > 0; left--) {
      const { offset } = reader
      const metric = this.metrics[reader.index('metric of a series', this.metrics.length)]!
      const kind = KINDS[reader.index('kind of a series', KINDS.length + 1) - 1]
      const temporality = TEMPORALITIES[reader.index('temporality of a series', TEMPORALITIES.length)]!
      const unitId = reader.index('unit of a series', this.#units.length)
      const resource = this.#interner.resources[reader.index('resource of a series', this.#interner.resources.length)]!
      const scopeId = reader.index('scope of a series', this.#interner.scopes.length)
      const labels = loadEntries(reader)
      const key = seriesKey(metric.id, kind, temporality, unitId, resource.id, scopeId, labels)
      if (this.#refs.has(key)) reader.corrupt('series comes twice', offset)
      this.#refs.set(key, this.#add(metric, kind, temporality, unitId, resource, scopeId))
      this.#labels.push(labels)
    }
  }

  #metricInfo(entry: MetricEntry): MetricInfo {
    const kind = entry.declared?.kind ?? entry.wireKind
    let conflicts = 0
    if (kind !== undefined)
      for (const [code, count] of entry.wireKindCounts.entries()) if (code !== KIND_CODES[kind]) conflicts += count
    return {
      tenant: this.tenants[entry.tenantId]!,
      metric: entry.name,
      kind: kind ?? 'gauge',
      kindAssumed: kind === undefined,
      unit: entry.declared?.unit ?? entry.wireUnit,
      declared: entry.declared,
      seriesCount: entry.seriesCount,
      conflicts,
    }
  }

  #add(
    metric: MetricEntry,
    kind: MetricKind | undefined,
    temporality: Temporality,
    unitId: number,
    resource: SharedResource,
    scopeId: number,
  ): SeriesRef {
    const ref = this.#size as SeriesRef
    if (ref === this.tenantIds.length) this.#grow(ref * 2)
    this.tenantIds[ref] = metric.tenantId
    this.metricIds[ref] = metric.id
    this.localIndexes[ref] = metric.seriesCount
    this.kindCodes[ref] = KIND_CODES[kind ?? 'gauge']
    this.temporalityCodes[ref] = TEMPORALITY_CODES[temporality]
    this.#unitIds[ref] = unitId
    this.#resourceIds[ref] = resource.id
    this.#scopeIds[ref] = scopeId
    if (metric.seriesCount === metric.series.length) metric.series = growUint32(metric.series, metric.seriesCount * 2)
    metric.series[metric.seriesCount++] = ref
    this.#servers[metric.tenantId]!.add(resource.server)
    if (kind !== undefined) {
      this.#kindsSaid[ref] = SAID
      metric.wireKindCounts[KIND_CODES[kind]]!++
      metric.wireKind ??= kind
    }
    if (metric.wireUnit === '') metric.wireUnit = this.#units[unitId]!
    this.#size = ref + 1
    return ref
  }

  #unitId(unit: string): number {
    const known = this.#unitIdOf.get(unit)
    if (known !== undefined) return known
    const id = this.#units.length
    this.#units.push(unit)
    this.#unitIdOf.set(unit, id)
    return id
  }

  #grow(capacity: number): void {
    this.tenantIds = growUint32(this.tenantIds, capacity)
    this.metricIds = growUint32(this.metricIds, capacity)
    this.localIndexes = growUint32(this.localIndexes, capacity)
    this.kindCodes = growUint8(this.kindCodes, capacity)
    this.#kindsSaid = growUint8(this.#kindsSaid, capacity)
    this.#resourceIds = growUint32(this.#resourceIds, capacity)
    this.#scopeIds = growUint32(this.#scopeIds, capacity)
    this.#unitIds = growUint32(this.#unitIds, capacity)
    this.temporalityCodes = growUint8(this.temporalityCodes, capacity)
  }
}

function seriesKey(
  metricId: number,
  kind: MetricKind | undefined,
  temporality: Temporality,
  unitId: number,
  resourceId: number,
  scopeId: number,
  labels: Entries,
): string {
  const kindCode = kind === undefined ? '' : KIND_CODES[kind]
  return `${metricId},${kindCode},${TEMPORALITY_CODES[temporality]},${unitId},${resourceId},${scopeId},${entriesKey(labels)}`
}

export function createSeriesRegistry(options: { readonly maxSeries?: number } = {}): SeriesRegistry {
  return new SeriesRegistry(options.maxSeries)
}
