import { WindrowError } from '../errors.ts'
import { viewOf } from './frame.ts'
import { fromLittleEndian, type NumberRow } from './little-endian.ts'

/** The payload of a part and where in the snapshot it begins. */
export interface SectionPart {
  readonly bytes: Uint8Array
  readonly offset: number
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const NO_BYTES = new Uint8Array(0)

/**
 * Reads what `StateWriter` wrote. A length is held against the bytes that are left before anything is made of it;
 * what cannot be is a `STATE_CORRUPT` error that names the section and the offset in the snapshot.
 */
export class StateReader {
  readonly #section: number
  /** Last one first. */
  readonly #parts: SectionPart[]
  #bytes: Uint8Array = NO_BYTES
  #view: DataView = viewOf(NO_BYTES)
  #offsetOfBytes = 0
  #at = 0
  /** In the parts after this one. */
  #later = 0
  readonly #symbols: string[] = []

  constructor(section: number, parts: readonly SectionPart[]) {
    this.#section = section
    this.#parts = parts.toReversed()
    for (const part of parts) this.#later += part.bytes.length
    this.#nextPart()
  }

  /** Where in the snapshot the next byte is. */
  get offset(): number {
    return this.#offsetOfBytes + this.#at
  }

  /** Bytes of the section that are left. */
  get remaining(): number {
    return this.#bytes.length - this.#at + this.#later
  }

  u8(what: string): number {
    this.#need(1, what)
    return this.#bytes[this.#at++]!
  }

  boolean(what: string): boolean {
    const value = this.u8(what)
    if (value > 1) this.corrupt(`${what} is ${value}, neither 0 nor 1`, this.offset - 1)
    return value === 1
  }

  u32(what: string): number {
    this.#need(4, what)
    this.#at += 4
    return this.#view.getUint32(this.#at - 4, true)
  }

  f64(what: string): number {
    this.#need(8, what)
    this.#at += 8
    return this.#view.getFloat64(this.#at - 8, true)
  }

  varint(what: string): number {
    let value = 0
    for (let weight = 1, length = 1; ; weight *= 0x80, length++) {
      const byte = this.u8(what)
      value += (byte & 0x7f) * weight
      if (value > Number.MAX_SAFE_INTEGER) this.corrupt(`${what} is larger than 2^53 - 1`)
      if (byte < 0x80) return value
      // Eight bytes are enough for 53 bits; a ninth could only pad.
      if (length === 8) this.corrupt(`${what} does not end`)
    }
  }

  zigzag(what: string): number {
    const value = this.varint(what)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A number of things that each take `leastBytes` at least, so that there can be no more than the bytes allow. */
  count(what: string, leastBytes: number = 1): number {
    const count = this.varint(what)
    if (count * leastBytes > this.remaining) this.corrupt(`section ends before its ${count} ${what}`)
    return count
  }

  /** A number below `end`, as of an index. */
  index(what: string, end: number): number {
    const offset = this.offset
    const value = this.varint(what)
    if (value >= end) this.corrupt(`${what} is ${value}, there are ${end}`, offset)
    return value
  }

  text(what: string): string {
    const header = this.varint(what)
    const byteCount = Math.floor(header / 2)
    if (byteCount > this.remaining) this.corrupt(`section ends before the ${byteCount} bytes of its ${what}`)
    const offset = this.offset
    const bytes = this.#take(byteCount)
    if (header % 2 === 1) {
      if (byteCount % 2 === 1) this.corrupt(`${what} ends in the middle of a unit`, offset)
      return textOfUnits(bytes)
    }
    try {
      return decoder.decode(bytes)
    } catch {
      return this.corrupt(`${what} is not UTF-8`, offset)
    }
  }

  symbol(what: string): string {
    const known = this.index(what, this.#symbols.length + 1)
    if (known > 0) return this.#symbols[known - 1]!
    const value = this.text(what)
    this.#symbols.push(value)
    return value
  }

  /** A copy. */
  bytes(what: string): Uint8Array {
    return this.#fill(new Uint8Array(this.count(what)))
  }

  u32s(what: string): Uint32Array {
    return this.#fill(new Uint32Array(this.count(what, 4)))
  }

  f32s(what: string): Float32Array {
    return this.#fill(new Float32Array(this.count(what, 4)))
  }

  f64s(what: string): Float64Array {
    return this.#fill(new Float64Array(this.count(what, 8)))
  }

  /** What `decode` makes of bytes in an encoding of their own; its complaint becomes one about this section. */
  decoded<T>(what: string, decode: (bytes: Uint8Array) => T): T {
    const offset = this.offset
    const bytes = this.bytes(what)
    try {
      return decode(bytes)
    } catch (error) {
      if (!(error instanceof WindrowError)) throw error
      return this.corrupt(`${what}: ${error.message}`, offset)
    }
  }

  /** Leaves out what is left of the section. */
  skip(): void {
    while (this.#parts.length > 0) this.#nextPart()
    this.#at = this.#bytes.length
  }

  /** @throws WindrowError `STATE_CORRUPT` */
  corrupt(problem: string, offset: number = this.offset): never {
    throw new WindrowError('STATE_CORRUPT', `${problem}, at byte ${offset} of the snapshot`, {
      hint: 'Restore an earlier snapshot, or start without one.',
      details: { offset, section: this.#section },
    })
  }

  #fill<T extends NumberRow>(row: T): T {
    const to = new Uint8Array(row.buffer)
    for (let filled = 0; filled < to.length; ) {
      if (this.#at === this.#bytes.length) this.#nextPart()
      const from = this.#bytes.subarray(this.#at, this.#at + to.length - filled)
      to.set(from, filled)
      this.#at += from.length
      filled += from.length
    }
    fromLittleEndian(row)
    return row
  }

  /** Bytes that are there: a view where they lie in one part, else a copy. */
  #take(byteCount: number): Uint8Array {
    if (this.#at === this.#bytes.length && byteCount > 0) this.#nextPart()
    if (byteCount > this.#bytes.length - this.#at) return this.#fill(new Uint8Array(byteCount))
    this.#at += byteCount
    return this.#bytes.subarray(this.#at - byteCount, this.#at)
  }

  #need(byteCount: number, what: string): void {
    while (this.#at === this.#bytes.length && this.#parts.length > 0) this.#nextPart()
    if (this.#bytes.length - this.#at < byteCount) this.corrupt(`section ends before its ${what}`)
  }

  #nextPart(): void {
    const part = this.#parts.pop()
    if (part === undefined) return
    this.#bytes = part.bytes
    this.#view = viewOf(part.bytes)
    this.#offsetOfBytes = part.offset
    this.#at = 0
    this.#later -= part.bytes.length
  }
}

function textOfUnits(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 2) text += String.fromCharCode(bytes[at]! | (bytes[at + 1]! << 8))
  return text
}
