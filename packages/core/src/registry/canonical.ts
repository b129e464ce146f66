import type {
  Attributes,
  AttributeValue,
  CanonicalDescriptor,
  MetricKind,
  SeriesDescriptor,
  Temporality,
} from './identity.ts'

type Entries = readonly (readonly [string, AttributeValue])[]

export const DEFAULT_TENANT = 'default'

/**
 * Resource attributes that say which server a series belongs to, best first. The last resort is
 * `unknown`, so that `FROM *` always has something to name.
 */
const SERVER_ATTRIBUTES: readonly string[] = [
  'host.name',
  'k8s.node.name',
  'host.id',
  'service.instance.id',
  'service.name',
]

/** Resource attributes that can be asked for like labels. */
export const PROMOTED_ATTRIBUTES: ReadonlySet<string> = new Set([
  'service.name',
  'service.namespace',
  'service.instance.id',
  'service.version',
  'deployment.environment.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'cloud.region',
  'cloud.availability_zone',
])

/** Fills every field, sorts attributes by key and keeps the last of equal keys. */
export function canonicalDescriptor(descriptor: SeriesDescriptor): CanonicalDescriptor {
  const resource = sortedEntries(descriptor.resource)
  const server = descriptor.server
  return {
    tenant: descriptor.tenant ?? DEFAULT_TENANT,
    metric: descriptor.metric,
    kind: descriptor.kind,
    temporality: descriptor.temporality ?? 'unspecified',
    unit: descriptor.unit ?? '',
    resource:
      server === undefined || resource.some(([key]) => key === 'host.name')
        ? resource
        : sortedEntries([...resource, ['host.name', server]]),
    scope: {
      name: descriptor.scope?.name ?? '',
      version: descriptor.scope?.version ?? '',
      attributes: sortedEntries(descriptor.scope?.attributes),
    },
    labels: sortedEntries(descriptor.labels),
  }
}

/**
 * Text that is equal exactly when two descriptors are the same series: every part is preceded by its
 * length and every value by its type, so no choice of names can make two series look alike.
 */
export function identityKey(descriptor: CanonicalDescriptor): string {
  const parts: string[] = []
  part(parts, descriptor.tenant)
  part(parts, descriptor.metric)
  part(parts, descriptor.kind ?? '')
  part(parts, descriptor.temporality)
  part(parts, descriptor.unit)
  entries(parts, descriptor.resource)
  part(parts, descriptor.scope.name)
  part(parts, descriptor.scope.version)
  entries(parts, descriptor.scope.attributes)
  entries(parts, descriptor.labels)
  return parts.join('')
}

/** An attribute value as the text that labels are compared and shown with. */
export function attributeText(value: AttributeValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object') return JSON.stringify(value.map(jsonValue))
  return String(value)
}

export function serverOf(resource: Entries): string {
  for (const name of SERVER_ATTRIBUTES) {
    const value = resource.find(([key]) => key === name)?.[1]
    if (value !== undefined && value !== '') return attributeText(value)
  }
  return 'unknown'
}

/** Point attributes and promoted resource attributes as text, a point attribute winning, sorted by key. */
export function queryableLabels(descriptor: CanonicalDescriptor): readonly (readonly [string, string])[] {
  const labels = new Map<string, string>()
  for (const [key, value] of descriptor.resource)
    if (PROMOTED_ATTRIBUTES.has(key)) labels.set(key, attributeText(value))
  for (const [key, value] of descriptor.labels) labels.set(key, attributeText(value))
  return [...labels].sort(byKey)
}

export const KIND_CODES: Readonly<Record<MetricKind, number>> = { gauge: 0, counter: 1, delta: 2, distribution: 3 }
export const TEMPORALITY_CODES: Readonly<Record<Temporality, number>> = { unspecified: 0, delta: 1, cumulative: 2 }

function sortedEntries(attributes: Attributes | undefined): Entries {
  if (attributes === undefined) return []
  const list: Entries = isEntries(attributes) ? attributes : Object.entries(attributes)
  if (list.length < 2) return list
  return [...new Map(list)].sort(byKey)
}

function isEntries(attributes: Attributes): attributes is Entries {
  return Array.isArray(attributes)
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

function part(parts: string[], text: string): void {
  parts.push(String(text.length), ':', text)
}

function entries(parts: string[], list: Entries): void {
  parts.push(String(list.length), ';')
  for (const [key, value] of list) {
    part(parts, key)
    parts.push(typeof value === 'object' ? 'a' : (typeof value)[0]!)
    part(parts, attributeText(value))
  }
}

function jsonValue(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'object' ? value.map(jsonValue) : value
}
