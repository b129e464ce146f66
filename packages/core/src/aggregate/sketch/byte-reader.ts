import { WindrowError } from '../../errors.ts'

/** Reads what `ByteWriter` wrote. Anything that cannot be is a `STATE_CORRUPT` error that names the offset. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #offset: number

  /** Reads `bytes[start]` to `bytes[end - 1]`. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#offset = start
    this.#end = end
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new WindrowError('STATE_CORRUPT', `state at ${start} to ${end} lies outside of its ${bytes.length} bytes`, {
        details: { offset: start },
      })
    }
  }

  get offset(): number {
    return this.#offset
  }

  get remaining(): number {
    return this.#end - this.#offset
  }

  u8(what: string): number {
    this.#need(1, what)
    return this.#bytes[this.#offset++]!
  }

  u32(what: string): number {
    this.#need(4, what)
    this.#offset += 4
    return this.#view.getUint32(this.#offset - 4, true)
  }

  f64(what: string): number {
    this.#need(8, what)
    this.#offset += 8
    return this.#view.getFloat64(this.#offset - 8, true)
  }

  varint(what: string): number {
    const start = this.#offset
    let value = 0
    for (let weight = 1; ; weight *= 0x80) {
      const byte = this.u8(what)
      value += (byte & 0x7f) * weight
      if (value > Number.MAX_SAFE_INTEGER) this.corrupt(`${what} is larger than 2^53 - 1`, start)
      if (byte < 0x80) return value
      // Eight bytes are enough for 53 bits; a ninth could only pad.
      if (this.#offset - start === 8) this.corrupt(`${what} does not end`, start)
    }
  }

  zigzag(what: string): number {
    const value = this.varint(what)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** @throws WindrowError `STATE_CORRUPT` */
  corrupt(problem: string, offset: number = this.#offset): never {
    throw new WindrowError('STATE_CORRUPT', `${problem}, at byte ${offset}`, { details: { offset } })
  }

  #need(byteCount: number, what: string): void {
    if (this.remaining < byteCount) this.corrupt(`state ends before its ${what}`)
  }
}
