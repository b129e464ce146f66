const TWO_32 = 4_294_967_296
const NANOS_PER_MS = 1_000_000
/** 2^32 ns = 4,294 ms and 967,296 ns. */
const MS_PER_HIGH = 4294
const NANOS_PER_HIGH = 967_296
const MAX_BIGINT = 0xffff_ffff_ffff_ffffn

/**
 * A time of 64 bits in nanoseconds since the epoch, in two unsigned halves, as whole milliseconds, rounded
 * down. Exact for every input: no intermediate value reaches 2^53 and no quotient comes within half an ulp
 * of the next integer without being one.
 */
export function nanosToMs(high: number, low: number): number {
  // high * 2^32 = high * (4294 ms + 967296 ns); high * 967296 < 2^52.
  const nanos = high * NANOS_PER_HIGH + low
  return high * MS_PER_HIGH + Math.floor(nanos / NANOS_PER_MS)
}

/** The same for the nanosecond before: the end of an interval `(start, time]` belongs to the interval. */
export function precedingNanoToMs(high: number, low: number): number {
  if (low !== 0) return nanosToMs(high, low - 1)
  return nanosToMs(high - 1, TWO_32 - 1)
}

/** A 64-bit number in two unsigned halves. */
export interface Halves {
  high: number
  low: number
}

/** Reads an unsigned decimal of at most 64 bits. Returns false when the text is not one. */
export function parseUnsigned64(text: string, into: Halves): boolean {
  if (!/^\d{1,20}$/.test(text)) return false
  const value = BigInt(text)
  if (value > MAX_BIGINT) return false
  into.high = Number(value >> 32n)
  into.low = Number(value & 0xffff_ffffn)
  return true
}
