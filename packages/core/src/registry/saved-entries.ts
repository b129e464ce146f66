import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { Entries } from './canonical.ts'
import type { AttributeValue } from './identity.ts'

const TEXT = 0
const NUMBER = 1
const INTEGER = 2
const FALSE = 3
const TRUE = 4
const LIST = 5

/** Lists in lists, at most; far beyond what any decoder takes. */
const MAX_DEPTH = 1_000
const DECIMAL = /^-?[0-9]+$/

/** Writes attributes; names and texts of a section are written once. */
export function saveEntries(writer: StateWriter, entries: Entries): void {
  writer.varint(entries.length)
  for (const [name, value] of entries) {
    writer.symbol(name)
    saveValue(writer, value, 0)
  }
}

export function loadEntries(reader: StateReader): Entries {
  const entries: [string, AttributeValue][] = []
  for (let left = reader.count('attributes', 2); left > 0; left--)
    entries.push([reader.symbol('name of an attribute'), loadValue(reader, 0)])
  return entries
}

function saveValue(writer: StateWriter, value: AttributeValue, depth: number): void {
  if (typeof value === 'string') {
    writer.u8(TEXT)
    writer.symbol(value)
  } else if (typeof value === 'number') {
    writer.u8(NUMBER)
    writer.f64(value)
  } else if (typeof value === 'bigint') {
    writer.u8(INTEGER)
    writer.text(String(value))
  } else if (typeof value === 'boolean') writer.u8(value ? TRUE : FALSE)
  else {
    if (depth === MAX_DEPTH) throw new RangeError(`an attribute has more than ${MAX_DEPTH} lists in lists`)
    writer.u8(LIST)
    writer.varint(value.length)
    for (const item of value) saveValue(writer, item, depth + 1)
  }
}

function loadValue(reader: StateReader, depth: number): AttributeValue {
  const { offset } = reader
  const tag = reader.u8('type of an attribute')
  if (tag === TEXT) return reader.symbol('attribute')
  if (tag === NUMBER) return reader.f64('attribute')
  if (tag === INTEGER) {
    const digits = reader.text('attribute')
    return DECIMAL.test(digits) ? BigInt(digits) : reader.corrupt('attribute is no integer', offset)
  }
  if (tag === FALSE || tag === TRUE) return tag === TRUE
  if (tag !== LIST) reader.corrupt(`attribute has unknown type ${tag}`, offset)
  if (depth === MAX_DEPTH) reader.corrupt(`attribute has more than ${MAX_DEPTH} lists in lists`, offset)
  const items: AttributeValue[] = []
  for (let left = reader.count('items'); left > 0; left--) items.push(loadValue(reader, depth + 1))
  return items
}
