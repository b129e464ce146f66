import { decodeFailed } from './decode-failed.ts'

/** Wire types of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/). */
export const WireType = { varint: 0, fixed64: 1, length: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const

/** Groups within groups; OTLP has none, so they are only ever skipped. */
const MAX_GROUP_DEPTH = 100

/**
 * A cursor over the bytes of one message. Every method reads at `pos`, moves it on, and throws
 * `DECODE_FAILED` rather than read at or beyond the `end` it is given.
 */
export class WireReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  pos = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Field number and wire type, as written: `number << 3 | wireType`. */
  tag(end: number): number {
    const pos = this.pos
    if (pos < end) {
      const first = this.bytes[pos]!
      if (first < 0x80 && first > 7) {
        this.pos = pos + 1
        return first
      }
    }
    const tag = this.varint(end)
    if (tag < 8 || tag > 0xffff_ffff) throw decodeFailed('a field has no valid number', pos)
    return tag
  }

  /** The end of the length-delimited field whose tag was just read; `pos` is its start afterwards. */
  lengthEnd(end: number): number {
    const pos = this.pos
    if (pos < end) {
      const first = this.bytes[pos]!
      if (first < 0x80) {
        const fieldEnd = pos + 1 + first
        if (fieldEnd <= end) {
          this.pos = pos + 1
          return fieldEnd
        }
      }
    }
    const length = this.varint(end)
    if (length > end - this.pos) throw decodeFailed('a length goes past the end', pos)
    return this.pos + length
  }

  /** An unsigned varint of up to 64 bits; rounded beyond 2^53. */
  varint(end: number): number {
    const start = this.pos
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      if (this.pos >= end) throw decodeFailed('the message ends within a number', this.pos)
      const byte = this.bytes[this.pos++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw decodeFailed('a number is longer than 10 bytes', start)
  }

  /** The low 32 bits of a varint, unsigned: int32, uint32, enumerations, booleans. */
  varint32(end: number): number {
    const start = this.pos
    let value = 0
    for (let count = 0; count < 10; count++) {
      if (this.pos >= end) throw decodeFailed('the message ends within a number', this.pos)
      const byte = this.bytes[this.pos++]!
      if (count < 5) value |= (byte & 0x7f) << (count * 7)
      if (byte < 0x80) return value >>> 0
    }
    throw decodeFailed('a number is longer than 10 bytes', start)
  }

  /** A zigzag-encoded signed number of 32 bits. */
  sint32(end: number): number {
    const value = this.varint32(end)
    return (value >>> 1) ^ -(value & 1)
  }

  /** A signed varint of 64 bits. */
  int64(end: number): bigint {
    const start = this.pos
    let value = 0n
    for (let count = 0; count < 10; count++) {
      if (this.pos >= end) throw decodeFailed('the message ends within a number', this.pos)
      const byte = this.bytes[this.pos++]!
      value |= BigInt(byte & 0x7f) << BigInt(count * 7)
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
    throw decodeFailed('a number is longer than 10 bytes', start)
  }

  /** Moves past 8 bytes and returns where they start. */
  fixed64At(end: number): number {
    const pos = this.pos
    if (pos + 8 > end) throw decodeFailed('the message ends within a number', pos)
    this.pos = pos + 8
    return pos
  }

  /** Moves past the value of the field whose tag was just read. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case WireType.varint:
        this.varint(end)
        return
      case WireType.fixed64:
        this.fixed64At(end)
        return
      case WireType.length:
        this.pos = this.lengthEnd(end)
        return
      case WireType.startGroup:
        this.#skipGroup(tag, end)
        return
      case WireType.fixed32:
        if (this.pos + 4 > end) throw decodeFailed('the message ends within a number', this.pos)
        this.pos += 4
        return
      default:
        throw decodeFailed(`wire type ${tag & 7} is not expected here`, this.pos)
    }
  }

  #skipGroup(tag: number, end: number): void {
    const open = [tag + 1]
    while (open.length > 0) {
      const at = this.pos
      const inner = this.tag(end)
      if ((inner & 7) === WireType.startGroup) {
        if (open.length === MAX_GROUP_DEPTH) throw decodeFailed('groups are nested too deep', at)
        open.push(inner + 1)
      } else if ((inner & 7) === WireType.endGroup) {
        if (open.pop() !== inner) throw decodeFailed('a group ends that was not begun', at)
      } else this.skip(inner, end)
    }
  }
}
