import type { AttributeValue } from '../../registry/identity.ts'

/** An attribute value as read from a wire: null is a value that says nothing, a Map a list of keys and values. */
export type AttributeNode =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly AttributeNode[]
  | ReadonlyMap<string, AttributeNode>

/** What the registry keeps of a value: scalars and arrays as they are, maps as JSON text sorted by key. */
export function attributeValue(node: AttributeNode): AttributeValue {
  if (node === null) return ''
  if (typeof node !== 'object') return node
  return isList(node) ? node.map(attributeValue) : nodeJson(node)
}

/** The JSON text of a value; integers beyond 2^53 and numbers JSON has no word for become strings. */
export function nodeJson(node: AttributeNode): string {
  if (node === null) return 'null'
  if (typeof node === 'object') {
    if (isList(node)) return `[${node.map(nodeJson).join(',')}]`
    const sorted = [...node].sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${nodeJson(value)}`).join(',')}}`
  }
  if (typeof node === 'bigint' || (typeof node === 'number' && !Number.isFinite(node))) return `"${node}"`
  return JSON.stringify(node)
}

/** An integer attribute: a number where that is exact, so that 5 is the same value in every encoding. */
export function integerNode(value: bigint): number | bigint {
  const asNumber = Number(value)
  return Number.isSafeInteger(asNumber) ? asNumber : value
}

function isList(node: readonly AttributeNode[] | ReadonlyMap<string, AttributeNode>): node is readonly AttributeNode[] {
  return Array.isArray(node)
}
