import type { Attributes, AttributeValue, MetricKind, Temporality } from './identity.ts'

export type Entries = readonly (readonly [string, AttributeValue])[]

export const DEFAULT_TENANT = 'default'

export const KIND_CODES: Readonly<Record<MetricKind, number>> = { gauge: 0, counter: 1, delta: 2, distribution: 3 }
export const TEMPORALITY_CODES: Readonly<Record<Temporality, number>> = { unspecified: 0, delta: 1, cumulative: 2 }

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
const PROMOTED_ATTRIBUTES: ReadonlySet<string> = new Set([
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

const NO_ENTRIES: Entries = []

/** Sorted by key, the last of equal keys kept. */
export function sortedEntries(attributes: Attributes | undefined): Entries {
  if (attributes === undefined) return NO_ENTRIES
  const list: Entries = isEntries(attributes) ? attributes : Object.entries(attributes)
  if (isSorted(list)) return list
  return [...new Map(list)].sort(byKey)
}

/**
 * Text that is equal exactly when two lists of attributes are: every part is preceded by its length and every value
 * by its type, so no choice of names can make two lists look alike.
 */
export function entriesKey(list: Entries): string {
  let key = ''
  for (const [name, value] of list) {
    const text = attributeText(value)
    key += `${name.length}:${name}${typeof value === 'object' ? 'a' : (typeof value)[0]}${text.length}:${text}`
  }
  return key
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
export function queryableLabels(resource: Entries, points: Entries): readonly (readonly [string, string])[] {
  const labels = new Map<string, string>()
  for (const [key, value] of resource) if (PROMOTED_ATTRIBUTES.has(key)) labels.set(key, attributeText(value))
  for (const [key, value] of points) labels.set(key, attributeText(value))
  return [...labels].sort(byKey)
}

function isSorted(list: Entries): boolean {
  for (let i = 1; i < list.length; i++) if (list[i - 1]![0] >= list[i]![0]) return false
  return true
}

function isEntries(attributes: Attributes): attributes is Entries {
  return Array.isArray(attributes)
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

function jsonValue(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'object' ? value.map(jsonValue) : value
}
