import { CHECKSUM_BYTES, PART_FLAGS_AT, PART_HEADER_BYTES, PART_LENGTH_AT, PartFlag, viewOf } from './frame.ts'

const CHUNK_BYTES = 256 * 1024
/** The most that is reserved at once; a part has room for as much at least. */
export const MAX_RESERVED_BYTES = 64
const LEAST_PART_BYTES: number = PART_HEADER_BYTES + MAX_RESERVED_BYTES + CHECKSUM_BYTES

/** Parts of sections, one after another in chunks of memory. The place of their checksums is left free. */
export class PartBuffer {
  bytes: Uint8Array = new Uint8Array(CHUNK_BYTES)
  view: DataView = viewOf(this.bytes)
  #used = 0
  #partStart = 0
  /** Where the chunk begins that is handed over next. */
  #start = 0
  #type = 0
  #flags = 0
  #full: Uint8Array[] = []

  begin(type: number, flags: number): void {
    this.#type = type
    this.#flags = flags
    this.#beginPart()
  }

  end(): void {
    this.#endPart(this.#flags)
  }

  /** Takes room for at most `MAX_RESERVED_BYTES` that are not to be parted; returns where it is in `bytes`. */
  reserve(byteCount: number): number {
    if (this.#used + byteCount > this.bytes.length - CHECKSUM_BYTES) this.#nextPart()
    const at = this.#used
    this.#used = at + byteCount
    return at
  }

  /** Gives the end of the last reservation back. */
  giveBack(byteCount: number): void {
    this.#used -= byteCount
  }

  /** Appends bytes, in as many parts as it takes. */
  append(bytes: Uint8Array): void {
    let from = 0
    while (from < bytes.length) {
      if (this.#used === this.bytes.length - CHECKSUM_BYTES) this.#nextPart()
      const count = Math.min(bytes.length - from, this.bytes.length - CHECKSUM_BYTES - this.#used)
      this.bytes.set(bytes.subarray(from, from + count), this.#used)
      this.#used += count
      from += count
    }
  }

  /** Hands over the chunks that are full. */
  takeFull(): Uint8Array[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** Hands over everything, between two sections. */
  take(): Uint8Array[] {
    if (this.#used > this.#start) this.#full.push(this.bytes.subarray(this.#start, this.#used))
    this.#start = this.#used
    return this.takeFull()
  }

  #nextPart(): void {
    this.#endPart(this.#flags | PartFlag.continued)
    this.#beginPart()
  }

  #beginPart(): void {
    if (this.#used + LEAST_PART_BYTES > this.bytes.length) this.#nextChunk()
    this.#partStart = this.#used
    this.#used += PART_HEADER_BYTES
  }

  #endPart(flags: number): void {
    const at = this.#partStart
    this.view.setUint16(at, this.#type, true)
    this.view.setUint16(at + PART_FLAGS_AT, flags, true)
    this.view.setUint32(at + PART_LENGTH_AT, this.#used - at - PART_HEADER_BYTES, true)
    this.#used += CHECKSUM_BYTES
  }

  #nextChunk(): void {
    if (this.#used > this.#start) this.#full.push(this.bytes.subarray(this.#start, this.#used))
    this.bytes = new Uint8Array(CHUNK_BYTES)
    this.view = viewOf(this.bytes)
    this.#used = 0
    this.#start = 0
  }
}
