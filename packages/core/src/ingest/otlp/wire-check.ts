import { utf8Text } from './utf8.ts'
import { type WireReader, WireType } from './wire-reader.ts'
import type { MessageShape } from './wire-schema.ts'

/**
 * Reads the message `[start, end)` to its last byte and keeps nothing: throws `DECODE_FAILED` when it is
 * not well-formed. Messages nested deeper than `depth` are taken as they are; whoever reads them decides.
 */
export function checkMessage(reader: WireReader, start: number, end: number, shape: MessageShape, depth: number): void {
  reader.pos = start
  while (reader.pos < end) {
    const tag = reader.tag(end)
    const field = (tag & 7) === WireType.length ? shape.fields.get(tag >>> 3) : undefined
    if (field === undefined) {
      reader.skip(tag, end)
      continue
    }
    const fieldEnd = reader.lengthEnd(end)
    if (field === 'text') utf8Text(reader.bytes, reader.pos, fieldEnd)
    else if (field === 'packed-varint') while (reader.pos < fieldEnd) reader.varint(fieldEnd)
    else if (field === 'packed-fixed64') while (reader.pos < fieldEnd) reader.fixed64At(fieldEnd)
    else if (depth > 0) checkMessage(reader, reader.pos, fieldEnd, field, depth - 1)
    reader.pos = fieldEnd
  }
}
