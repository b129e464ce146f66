const FIRST_CAPACITY = 256

/** Appends little-endian numbers to a buffer: the caller's as long as they fit, then one that doubles. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0
  readonly #callers: Uint8Array | undefined

  constructor(into?: Uint8Array) {
    this.#callers = into
    this.#bytes = into ?? new Uint8Array(FIRST_CAPACITY)
    this.#view = viewOf(this.#bytes)
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  u32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  f64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** An integer from 0 to 2^53 - 1, seven bits a byte, lowest first. */
  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      // Bit operators see the low 32 bits of any integer below 2^53 right.
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** A signed integer of at most 52 bits: 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** What was written: a part of the caller's buffer if it was large enough, else a buffer of its own. */
  finish(): Uint8Array {
    const inPlace = this.#bytes === this.#callers
    return inPlace ? this.#bytes.subarray(0, this.#length) : this.#bytes.slice(0, this.#length)
  }

  #reserve(byteCount: number): void {
    if (this.#length + byteCount <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(FIRST_CAPACITY, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = viewOf(grown)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
