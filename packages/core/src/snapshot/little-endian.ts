export type NumberRow = Uint8Array | Uint32Array | Float32Array | Float64Array

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The numbers of a row as little-endian bytes: a view of them, or a copy on a machine that is not little-endian. */
export function littleEndianBytes(row: NumberRow): Uint8Array {
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength)
  return IS_LITTLE_ENDIAN ? bytes : swapped(bytes, row.BYTES_PER_ELEMENT)
}

/** Makes little-endian bytes that were written over those of a row into its numbers. */
export function fromLittleEndian(row: NumberRow): void {
  if (IS_LITTLE_ENDIAN) return
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength)
  bytes.set(swapped(bytes, row.BYTES_PER_ELEMENT))
}

/** A copy in which the bytes of each number of `width` bytes are in the opposite order. */
export function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = new Uint8Array(bytes.length)
  for (let at = 0; at < bytes.length; at++) copy[at] = bytes[at - (at % width) + width - 1 - (at % width)]!
  return copy
}
