import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

/** Longest row of counts that is read or written; a sketch itself keeps 2,048 a sign. */
export const MAX_ROW_LENGTH = 16_384

/**
 * A row of counts is a sequence of (number of zeros, number of values, the values) until its length is reached, so that
 * a run of empty bins costs two bytes or three. Values are varints, or f64 where one of the state is no integer.
 */
export function writeCounts(writer: ByteWriter, counts: ArrayLike<number>, areFloats: boolean): void {
  let next = 0
  while (next < counts.length) {
    const zerosFrom = next
    while (next < counts.length && counts[next] === 0) next++
    const valuesFrom = next
    while (next < counts.length && counts[next] !== 0) next++
    writer.varint(valuesFrom - zerosFrom)
    writer.varint(next - valuesFrom)
    for (let i = valuesFrom; i < next; i++) writeCount(writer, counts[i]!, areFloats)
  }
}

export function readCounts(reader: ByteReader, length: number, areFloats: boolean): Float64Array {
  if (length > MAX_ROW_LENGTH) reader.corrupt(`row of ${length} counts is longer than ${MAX_ROW_LENGTH}`)
  const counts = new Float64Array(length)
  let next = 0
  while (next < length) {
    const offset = reader.offset
    const zeros = reader.varint('number of empty bins')
    const values = reader.varint('number of filled bins')
    if (zeros + values === 0 || zeros + values > length - next) reader.corrupt('run does not fit its row', offset)
    next += zeros
    for (const end = next + values; next < end; next++) counts[next] = readCount(reader, areFloats)
  }
  return counts
}

export function writeCount(writer: ByteWriter, count: number, isFloat: boolean): void {
  if (isFloat) writer.f64(count)
  else writer.varint(count)
}

export function readCount(reader: ByteReader, isFloat: boolean): number {
  if (!isFloat) return reader.varint('count')
  const offset = reader.offset
  const count = reader.f64('count')
  if (!(count >= 0 && count < Infinity)) reader.corrupt(`count is ${count}`, offset)
  return count
}

/** Whether every count can be written as a varint. */
export function areVarints(counts: ArrayLike<number>): boolean {
  if (counts instanceof Uint32Array) return true
  for (let i = 0; i < counts.length; i++) if (!Number.isSafeInteger(counts[i])) return false
  return true
}
