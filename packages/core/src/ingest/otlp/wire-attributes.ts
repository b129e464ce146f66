import { Buffer } from 'node:buffer'
import type { AttributeEntry } from './attribute-list.ts'
import { type AttributeNode, integerNode } from './attribute-node.ts'
import { utf8Text } from './utf8.ts'
import { type WireReader, WireType } from './wire-reader.ts'

// Tags of opentelemetry/proto/common/v1: KeyValue { key = 1; value = 2 }, AnyValue { string_value = 1;
// bool_value = 2; int_value = 3; double_value = 4; array_value = 5; kvlist_value = 6; bytes_value = 7 }.
const KEY = (1 << 3) | WireType.length
const VALUE = (2 << 3) | WireType.length
const STRING_VALUE = (1 << 3) | WireType.length
const BOOL_VALUE = (2 << 3) | WireType.varint
const INT_VALUE = (3 << 3) | WireType.varint
const DOUBLE_VALUE = (4 << 3) | WireType.fixed64
const ARRAY_VALUE = (5 << 3) | WireType.length
const KVLIST_VALUE = (6 << 3) | WireType.length
const BYTES_VALUE = (7 << 3) | WireType.length
/** The one repeated field of `ArrayValue` and `KeyValueList`. */
const VALUES = (1 << 3) | WireType.length

/** Reads the `KeyValue` message that ends at `end`. Values nested deeper than `depth` come out as undefined. */
export function readKeyValue(reader: WireReader, end: number, depth: number): AttributeEntry {
  let key = ''
  let node: AttributeNode | undefined = null
  while (reader.pos < end) {
    const tag = reader.tag(end)
    if (tag === KEY) {
      const textEnd = reader.lengthEnd(end)
      key = utf8Text(reader.bytes, reader.pos, textEnd)
      reader.pos = textEnd
    } else if (tag === VALUE) node = readAnyValue(reader, reader.lengthEnd(end), depth, node)
    else reader.skip(tag, end)
  }
  return [key, node]
}

/** `before` is what an earlier part of the same message said; it stands when this part says nothing. */
function readAnyValue(
  reader: WireReader,
  end: number,
  depth: number,
  before: AttributeNode | undefined,
): AttributeNode | undefined {
  let node: AttributeNode | undefined = before
  while (reader.pos < end) {
    const tag = reader.tag(end)
    switch (tag) {
      case STRING_VALUE: {
        const textEnd = reader.lengthEnd(end)
        node = utf8Text(reader.bytes, reader.pos, textEnd)
        reader.pos = textEnd
        break
      }
      case BOOL_VALUE:
        node = reader.varint(end) !== 0
        break
      case INT_VALUE:
        node = integerNode(reader.int64(end))
        break
      case DOUBLE_VALUE:
        node = reader.view.getFloat64(reader.fixed64At(end), true)
        break
      case BYTES_VALUE: {
        const bytesEnd = reader.lengthEnd(end)
        node = Buffer.from(reader.bytes.subarray(reader.pos, bytesEnd)).toString('base64')
        reader.pos = bytesEnd
        break
      }
      case ARRAY_VALUE:
      case KVLIST_VALUE: {
        const listEnd = reader.lengthEnd(end)
        node =
          depth === 0
            ? undefined
            : tag === ARRAY_VALUE
              ? readArray(reader, listEnd, depth - 1)
              : readMap(reader, listEnd, depth - 1)
        reader.pos = listEnd
        break
      }
      default:
        reader.skip(tag, end)
    }
  }
  return node
}

function readArray(reader: WireReader, end: number, depth: number): AttributeNode | undefined {
  const nodes: AttributeNode[] = []
  let tooDeep = false
  while (reader.pos < end) {
    const tag = reader.tag(end)
    if (tag !== VALUES) {
      reader.skip(tag, end)
      continue
    }
    const node = readAnyValue(reader, reader.lengthEnd(end), depth, null)
    if (node === undefined) tooDeep = true
    else nodes.push(node)
  }
  return tooDeep ? undefined : nodes
}

function readMap(reader: WireReader, end: number, depth: number): AttributeNode | undefined {
  const nodes = new Map<string, AttributeNode>()
  let tooDeep = false
  while (reader.pos < end) {
    const tag = reader.tag(end)
    if (tag !== VALUES) {
      reader.skip(tag, end)
      continue
    }
    const [key, node] = readKeyValue(reader, reader.lengthEnd(end), depth)
    if (node === undefined) tooDeep = true
    else nodes.set(key, node)
  }
  return tooDeep ? undefined : nodes
}
