const encoder = new TextEncoder()

/** Wire types of Protocol Buffers that OTLP metrics need. */
const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2

/**
 * Writes protobuf fields into one growing buffer. It runs once a template, not once a payload, so it is
 * plain rather than fast. Nested messages come as finished bytes; `*At` methods return where the value
 * starts, so that it can be overwritten later.
 */
export class ProtobufWriter {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  varintField(field: number, value: number): void {
    this.#varint(field * 8 + VARINT)
    this.#varint(value)
  }

  /** A `sint32`: zigzag, so that small negative numbers stay short. */
  sint32Field(field: number, value: number): void {
    this.varintField(field, value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** A `fixed64`, `sfixed64` or `double` of zero. Returns the offset of its 8 bytes. */
  fixed64At(field: number): number {
    this.#varint(field * 8 + FIXED64)
    this.#reserve(8)
    this.#view.setFloat64(this.#length, 0, true)
    this.#length += 8
    return this.#length - 8
  }

  stringField(field: number, text: string): void {
    this.bytesAt(field, encoder.encode(text))
  }

  /** A nested message, packed numbers or bytes. Returns the offset of the content. */
  bytesAt(field: number, bytes: Uint8Array): number {
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.#varint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this.#length - bytes.length
  }

  /** Tag and length of a nested message whose content of `length` bytes follows elsewhere. */
  openMessage(field: number, length: number): void {
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.#varint(length)
  }

  #varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
