import { growUint8, growUint32 } from '../internal/grow.ts'
import {
  canonicalDescriptor,
  DEFAULT_TENANT,
  identityKey,
  KIND_CODES,
  queryableLabels,
  serverOf,
  TEMPORALITY_CODES,
} from './canonical.ts'
import type { CanonicalDescriptor, MetricKind, SeriesDescriptor, SeriesInfo, SeriesRef } from './identity.ts'
import type { MetricDeclaration, MetricInfo } from './metric-catalog.ts'
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

/**
 * Series identity -> dense integer. Besides the lookup it keeps, per series, the few columns that the
 * sample path reads: tenant, metric, position among the metric's series, kind and temporality.
 */
export class SeriesRegistry implements SeriesDirectory {
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
  readonly #descriptors: CanonicalDescriptor[] = []
  #onKindChange: ((metric: MetricEntry) => void) | undefined

  get size(): number {
    return this.#size
  }

  /** Called when the kind of a metric becomes known or is declared anew. */
  onKindChange(listener: (metric: MetricEntry) => void): void {
    this.#onKindChange = listener
  }

  register(descriptor: SeriesDescriptor): SeriesRef {
    if (descriptor.metric === '') throw new RangeError('a metric needs a name')
    const canonical = canonicalDescriptor(descriptor)
    const key = identityKey(canonical)
    return this.#refs.get(key) ?? this.#add(key, canonical)
  }

  describe(ref: SeriesRef): SeriesInfo {
    const descriptor = this.#descriptors[ref]
    if (descriptor === undefined) throw new RangeError(`series ${ref} is not of this registry (size ${this.#size})`)
    const info = this.#metricInfo(this.metrics[this.metricIds[ref]!]!)
    return {
      ref,
      tenant: descriptor.tenant,
      metric: descriptor.metric,
      kind: info.kind,
      kindAssumed: info.kindAssumed,
      temporality: descriptor.temporality,
      unit: descriptor.unit,
      server: serverOf(descriptor.resource),
      labels: queryableLabels(descriptor),
      descriptor,
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

  #add(key: string, descriptor: CanonicalDescriptor): SeriesRef {
    const ref = this.#size as SeriesRef
    if (ref === this.tenantIds.length) this.#grow(ref * 2)
    const tenantId = this.tenantId(descriptor.tenant)
    const metric = this.metricEntry(tenantId, descriptor.metric)
    this.tenantIds[ref] = tenantId
    this.metricIds[ref] = metric.id
    this.localIndexes[ref] = metric.seriesCount
    this.kindCodes[ref] = KIND_CODES[descriptor.kind ?? 'gauge']
    this.temporalityCodes[ref] = TEMPORALITY_CODES[descriptor.temporality]
    if (metric.seriesCount === metric.series.length) metric.series = growUint32(metric.series, metric.seriesCount * 2)
    metric.series[metric.seriesCount++] = ref
    this.#descriptors.push(descriptor)
    this.#refs.set(key, ref)
    this.#servers[tenantId]!.add(serverOf(descriptor.resource))
    this.#size = ref + 1
    if (descriptor.kind !== undefined) metric.wireKindCounts[KIND_CODES[descriptor.kind]]!++
    if (metric.wireUnit === '') metric.wireUnit = descriptor.unit
    if (metric.wireKind === undefined && descriptor.kind !== undefined) {
      metric.wireKind = descriptor.kind
      if (metric.declared?.kind === undefined) this.#onKindChange?.(metric)
    }
    return ref
  }

  #grow(capacity: number): void {
    this.tenantIds = growUint32(this.tenantIds, capacity)
    this.metricIds = growUint32(this.metricIds, capacity)
    this.localIndexes = growUint32(this.localIndexes, capacity)
    this.kindCodes = growUint8(this.kindCodes, capacity)
    this.temporalityCodes = growUint8(this.temporalityCodes, capacity)
  }
}

/** The kind whose code a series' column holds. */
export function kindOfCode(code: number): MetricKind {
  return KINDS[code]!
}

export function createSeriesRegistry(): SeriesRegistry {
  return new SeriesRegistry()
}
