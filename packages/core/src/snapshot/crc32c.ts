/** The Castagnoli polynomial, bits reversed (RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78

/** Four tables of 256: the remainder of a byte with 0, 1, 2 and 3 bytes of zeros after it. */
const TABLES = ((): Int32Array => {
  const tables = new Int32Array(1024)
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0)
    tables[byte] = remainder
  }
  for (let at = 256; at < 1024; at++) {
    const before = tables[at - 256]!
    tables[at] = tables[before & 0xff]! ^ (before >>> 8)
  }
  return tables
})()

/** CRC-32C of some bytes, or of more bytes: `before` is the checksum of those that came first. */
export function crc32c(bytes: Uint8Array, before: number = 0): number {
  const tables = TABLES
  const wholeEnd = bytes.length - 3
  let crc = ~before
  let at = 0
  for (; at < wholeEnd; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      tables[768 + (crc & 0xff)]! ^
      tables[512 + ((crc >>> 8) & 0xff)]! ^
      tables[256 + ((crc >>> 16) & 0xff)]! ^
      tables[crc >>> 24]!
  }
  for (; at < bytes.length; at++) crc = tables[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
