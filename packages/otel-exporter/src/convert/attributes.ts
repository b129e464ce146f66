import { Buffer } from 'node:buffer'
import type { Attributes } from '@opentelemetry/api'
import type { AttributeEntry, AttributeNode } from '@windrow/core/otlp'

/** Levels of arrays and maps that are read, as on the wire. */
const MAX_DEPTH = 100

/** The attributes of the SDK in the form the decoders read them in; undefined values are left out. */
export function attributeEntries(attributes: Attributes): AttributeEntry[] {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, toNode(value, MAX_DEPTH)])
}

/** Undefined when the value is nested deeper than `depth`. */
function toNode(value: unknown, depth: number): AttributeNode | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return value
    case 'object':
      break
    default:
      return null
  }
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (depth === 0) return undefined
  return Array.isArray(value) ? listNode(value, depth - 1) : mapNode(value, depth - 1)
}

function listNode(values: readonly unknown[], depth: number): AttributeNode | undefined {
  const nodes: AttributeNode[] = []
  for (const value of values) {
    const node = toNode(value, depth)
    if (node === undefined) return undefined
    nodes.push(node)
  }
  return nodes
}

function mapNode(values: object, depth: number): AttributeNode | undefined {
  const nodes = new Map<string, AttributeNode>()
  for (const [key, value] of Object.entries(values)) {
    const node = toNode(value, depth)
    if (node === undefined) return undefined
    nodes.set(key, node)
  }
  return nodes
}
