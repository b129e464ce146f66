import { littleEndianBytes, type NumberRow } from './little-endian.ts'
import { MAX_RESERVED_BYTES, type PartBuffer } from './part-buffer.ts'

/** A varint of 53 bits. */
const MAX_VARINT_BYTES = 8
/** Texts up to this length take a length of one byte, and are written in place when they are ASCII. */
const MAX_SHORT_TEXT: number = MAX_RESERVED_BYTES - 1

const encoder = new TextEncoder()

/** Writes the payload of one section. Rows of numbers are copied as they are; nothing written is looked at again. */
export class StateWriter {
  readonly #parts: PartBuffer
  readonly #symbols = new Map<string, number>()

  constructor(parts: PartBuffer) {
    this.#parts = parts
  }

  u8(value: number): void {
    const at = this.#parts.reserve(1)
    this.#parts.bytes[at] = value
  }

  boolean(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  u32(value: number): void {
    const at = this.#parts.reserve(4)
    this.#parts.view.setUint32(at, value, true)
  }

  /** Keeps every bit of a number, -0 and NaN too. */
  f64(value: number): void {
    const at = this.#parts.reserve(8)
    this.#parts.view.setFloat64(at, value, true)
  }

  /** An integer from 0 to 2^53 - 1, seven bits a byte, lowest first. */
  varint(value: number): void {
    let at = this.#parts.reserve(MAX_VARINT_BYTES)
    const { bytes } = this.#parts
    const end = at + MAX_VARINT_BYTES
    let rest = value
    while (rest >= 0x80) {
      // Bit operators see the low 32 bits of any integer below 2^53 right.
      bytes[at++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    bytes[at++] = rest
    this.#parts.giveBack(end - at)
  }

  /** A signed integer of at most 52 bits: 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Any text, also with lone surrogates, which UTF-8 cannot hold. */
  text(value: string): void {
    if (value.length <= MAX_SHORT_TEXT && this.#shortText(value)) return
    if (value.isWellFormed()) {
      const bytes = encoder.encode(value)
      this.varint(bytes.length * 2)
      this.#parts.append(bytes)
      return
    }
    this.varint(value.length * 4 + 1)
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      this.u8(unit & 0xff)
      this.u8(unit >>> 8)
    }
  }

  /** Nothing is written where the text is not ASCII. */
  #shortText(value: string): boolean {
    const { length } = value
    const at = this.#parts.reserve(1 + length)
    const { bytes } = this.#parts
    bytes[at] = length * 2
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i)
      if (unit >= 0x80) {
        this.#parts.giveBack(1 + length)
        return false
      }
      bytes[at + 1 + i] = unit
    }
    return true
  }

  /** A text that may come often in the section; it is written once. */
  symbol(value: string): void {
    const known = this.#symbols.get(value)
    if (known !== undefined) {
      this.varint(known)
      return
    }
    this.#symbols.set(value, this.#symbols.size + 1)
    this.varint(0)
    this.text(value)
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.#parts.append(value)
  }

  /** `row[from]` to `row[to - 1]`, with their number before them. */
  row(row: NumberRow, from: number = 0, to: number = row.length): void {
    const part = row.subarray(from, to)
    this.varint(part.length)
    this.#parts.append(littleEndianBytes(part))
  }
}
