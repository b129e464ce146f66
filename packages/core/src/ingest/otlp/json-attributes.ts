import { Buffer } from 'node:buffer'
import type { AttributeEntry } from './attribute-list.ts'
import { type AttributeNode, integerNode } from './attribute-node.ts'
import { jsonDouble, jsonInt64 } from './json-number.ts'

/** Thrown and caught inside the decoder: a value is not of the form its place asks for. */
export class JsonShapeError extends Error {}

type JsonObject = Readonly<Record<string, unknown>>

/** The object, or undefined when the field is absent or null. */
export function jsonObject(value: unknown, what: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) throw new JsonShapeError(`${what} is not an object`)
  return value as JsonObject
}

/** The array; empty when the field is absent or null. */
export function jsonArray(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new JsonShapeError(`${what} is not an array`)
  return value
}

/** The text; empty when the field is absent or null. */
export function jsonString(value: unknown, what: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new JsonShapeError(`${what} is not a string`)
  return value
}

/** Reads a list of `KeyValue`. Values nested deeper than `depth` come out as undefined. */
export function readJsonAttributes(value: unknown, depth: number): AttributeEntry[] {
  return jsonArray(value, 'attributes').map((entry) => {
    const keyValue = jsonObject(entry, 'an attribute')
    return [jsonString(keyValue?.['key'], 'an attribute key'), readAnyValue(keyValue?.['value'], depth)]
  })
}

function readAnyValue(value: unknown, depth: number): AttributeNode | undefined {
  const any = jsonObject(value, 'an attribute value')
  if (any === undefined) return null
  if (isSet(any['stringValue'])) return jsonString(any['stringValue'], 'stringValue')
  if (isSet(any['boolValue'])) return readBoolean(any['boolValue'])
  if (isSet(any['intValue'])) return integerNode(expect(jsonInt64(any['intValue']), 'intValue is not a 64-bit integer'))
  if (isSet(any['doubleValue'])) return expect(jsonDouble(any['doubleValue']), 'doubleValue is not a number')
  if (isSet(any['arrayValue'])) return readArray(any['arrayValue'], depth)
  if (isSet(any['kvlistValue'])) return readMap(any['kvlistValue'], depth)
  if (isSet(any['bytesValue']))
    return Buffer.from(jsonString(any['bytesValue'], 'bytesValue'), 'base64').toString('base64')
  return null
}

function readArray(value: unknown, depth: number): AttributeNode | undefined {
  if (depth === 0) return undefined
  const nodes: AttributeNode[] = []
  for (const entry of jsonArray(jsonObject(value, 'arrayValue')?.['values'], 'arrayValue.values')) {
    const node = readAnyValue(entry, depth - 1)
    if (node === undefined) return undefined
    nodes.push(node)
  }
  return nodes
}

function readMap(value: unknown, depth: number): AttributeNode | undefined {
  if (depth === 0) return undefined
  const nodes = new Map<string, AttributeNode>()
  for (const [key, node] of readJsonAttributes(jsonObject(value, 'kvlistValue')?.['values'], depth - 1)) {
    if (node === undefined) return undefined
    nodes.set(key, node)
  }
  return nodes
}

function readBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new JsonShapeError('boolValue is not true or false')
  return value
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

function expect<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new JsonShapeError(message)
  return value
}
