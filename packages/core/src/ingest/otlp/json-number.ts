import { type Halves, parseUnsigned64 } from './unix-nanos.ts'

const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/
const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
const WORDS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

// The JSON mapping of Protocol Buffers (https://protobuf.dev/programming-guides/json/): null is an absent
// field, 64-bit integers are decimal text or numbers, doubles are numbers, decimal text or one of three words.

/** A double, or undefined when the value is not one. */
export function jsonDouble(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  return WORDS.get(value) ?? (value.length <= 64 && DECIMAL.test(value) ? Number(value) : undefined)
}

/** An integer of 64 bits, or undefined when the value is not one. */
export function jsonInt64(value: unknown): bigint | undefined {
  let integer: bigint
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) integer = BigInt(value)
  else if (typeof value === 'number' && Number.isInteger(value)) integer = BigInt(value)
  else return undefined
  return integer >= MIN_INT64 && integer <= MAX_INT64 ? integer : undefined
}

/** An unsigned integer of 64 bits as a number, rounded beyond 2^53; undefined when the value is not one. */
export function jsonUnsigned64(value: unknown): number | undefined {
  const halves = { high: 0, low: 0 }
  return jsonHalves(value, halves) ? halves.high * 4_294_967_296 + halves.low : undefined
}

/** An integer of 32 bits, or undefined when the value is not one. */
export function jsonInt32(value: unknown): number | undefined {
  const integer = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value
  return typeof integer === 'number' && integer === (integer | 0) ? integer : undefined
}

/** Reads an unsigned integer of 64 bits exactly; absent counts as 0. False when the value is not one. */
export function jsonHalves(value: unknown, into: Halves): boolean {
  if (value === undefined || value === null) {
    into.high = into.low = 0
    return true
  }
  if (typeof value === 'string') return parseUnsigned64(value, into)
  return Number.isInteger(value) && parseUnsigned64(BigInt(value as number).toString(), into)
}
