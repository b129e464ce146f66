/** What one sample of a metric means; see the table of kinds in `docs/language.md`. */
export type MetricKind = 'gauge' | 'counter' | 'delta' | 'distribution'

/** How the sender reports amounts: since its start (`cumulative`) or since its last report (`delta`). */
export type Temporality = 'unspecified' | 'delta' | 'cumulative'

/** An attribute value as telemetry carries it. Bytes and nested values are kept as JSON text. */
export type AttributeValue = string | number | bigint | boolean | readonly AttributeValue[]

/**
 * Attributes in any order, keys unique. Entries instead of an object, so that a key such as `__proto__`
 * is an ordinary key; a plain object is accepted where people write one by hand. A frozen list is taken at its word
 * never to change, and recognised without being read again.
 */
export type Attributes = Readonly<Record<string, AttributeValue>> | readonly (readonly [string, AttributeValue])[]

export interface InstrumentationScope {
  readonly name?: string
  readonly version?: string
  readonly attributes?: Attributes
}

/**
 * Everything that tells one series from another. Identity = (tenant, metric, kind, temporality, unit,
 * resource, scope, labels), compared byte by byte after sorting the attributes by key.
 */
export interface SeriesDescriptor {
  /** Default `default`. */
  readonly tenant?: string
  readonly metric: string
  /** What the wire says; undefined when the sender did not say (then `gauge` is assumed). */
  readonly kind?: MetricKind
  readonly temporality?: Temporality
  readonly unit?: string
  /** Short for the resource attribute `host.name`; a `host.name` in `resource` wins. */
  readonly server?: string
  readonly resource?: Attributes
  readonly scope?: InstrumentationScope
  /** Point attributes. */
  readonly labels?: Attributes
}

declare const seriesRefBrand: unique symbol
/** A dense small integer for a series, valid within one registry. Never stored or sent. */
export type SeriesRef = number & { readonly [seriesRefBrand]: true }

/** A registered series, read back. All label values are text; `labels` are the queryable ones, sorted by key. */
export interface SeriesInfo {
  readonly ref: SeriesRef
  readonly tenant: string
  readonly metric: string
  readonly kind: MetricKind
  readonly kindAssumed: boolean
  readonly temporality: Temporality
  readonly unit: string
  readonly server: string
  /** Point attributes and promoted resource attributes, a point attribute winning; sorted by key. */
  readonly labels: readonly (readonly [string, string])[]
  /** The descriptor in canonical form: enough to register the same series elsewhere. */
  readonly descriptor: CanonicalDescriptor
}

/** A descriptor with every field present and attributes as sorted entries. */
export interface CanonicalDescriptor {
  readonly tenant: string
  readonly metric: string
  readonly kind: MetricKind | undefined
  readonly temporality: Temporality
  readonly unit: string
  readonly resource: readonly (readonly [string, AttributeValue])[]
  readonly scope: {
    readonly name: string
    readonly version: string
    readonly attributes: readonly (readonly [string, AttributeValue])[]
  }
  readonly labels: readonly (readonly [string, AttributeValue])[]
}
