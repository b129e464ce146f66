/**
 * The bytes of a snapshot, little-endian.
 *
 *     header    magic (8) | format version u16 | flags u16 = 0 | creation time f64 ms | checksum u32
 *     part      section type u16 | flags u16 | payload length u32 | payload | checksum u32
 *     ...
 *     end part  type 0, its payload the number of sections as u32
 *
 * A section is one part or several, all but the last with the flag `continued`. A number never straddles two parts;
 * texts and rows of numbers may. Each checksum is the CRC-32C of everything before it but checksums, so that none can
 * be right unless all before it is: parts that are lost, doubled or in another order show like flipped bits do.
 *
 * Any later version keeps the header, so that this one can tell.
 */

/** A first byte that is no text, and line ends that a transfer as text would change. */
export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x57, 0x44, 0x52, 0x53, 0x0d, 0x0a, 0x1a)
export const FORMAT_VERSION = 1

export const HEADER_BYTES = 24
export const VERSION_AT = 8
export const HEADER_FLAGS_AT = 10
export const CREATED_AT = 12
export const HEADER_CHECKSUM_AT = 20

export const PART_HEADER_BYTES = 8
export const PART_FLAGS_AT = 2
export const PART_LENGTH_AT = 4
export const CHECKSUM_BYTES = 4
/** The longest payload of a part that is read. */
export const MAX_PART_BYTES: number = 1024 * 1024

export const END_TYPE = 0
export const END_BYTES = 4

/** Bits of a part's flags. */
export const PartFlag = {
  /** A reader that does not know the type may leave the section out. */
  optional: 1,
  /** The section goes on in the next part. */
  continued: 2,
} as const
export const KNOWN_PART_FLAGS: number = PartFlag.optional | PartFlag.continued

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
