import { ByteReader } from '../aggregate/sketch/byte-reader.ts'
import { ByteWriter } from '../aggregate/sketch/byte-writer.ts'
import { WindrowError } from '../errors.ts'
import { crc32c } from '../snapshot/crc32c.ts'
import type { DirtyWindow, DirtyWindows, RepairKey } from './dirty-windows.ts'

/**
 * Dirty windows as bytes, little-endian: magic `57 52`, version, number of queries, then of each its tenant, name,
 * version and windows, a window as its start and end (f64); a CRC-32C of all that at the end. Other numbers are varints.
 * Write numbers are not kept: they mean nothing to the next life.
 */
const MAGIC_0 = 0x57
const MAGIC_1 = 0x52
const VERSION = 1
const HEADER_BYTES = 3
const CHECKSUM_BYTES = 4
/** The range of `Date`. */
const MAX_TIME_MS = 8.64e15

export function encodeDirtyWindows(dirty: DirtyWindows): Uint8Array {
  const queries = [...dirty.queries()].map(({ key, windows }) => ({ key, windows: [...windows] }))
  const writer = new ByteWriter()
  writer.u8(MAGIC_0)
  writer.u8(MAGIC_1)
  writer.u8(VERSION)
  writer.varint(queries.length)
  for (const { key, windows } of queries) {
    writeText(writer, key.tenant)
    writeText(writer, key.query)
    writer.varint(key.queryVersion)
    writer.varint(windows.length)
    for (const { startMs, endMs } of windows) {
      writer.f64(startMs)
      writer.f64(endMs)
    }
  }
  const body = writer.finish()
  const bytes = new Uint8Array(body.length + CHECKSUM_BYTES)
  bytes.set(body)
  new DataView(bytes.buffer).setUint32(body.length, crc32c(body), true)
  return bytes
}

/**
 * Reads what `encodeDirtyWindows` wrote, each query with its windows in the order they were marked.
 *
 * @throws WindrowError `STATE_CORRUPT` or `STATE_VERSION`, with `details.offset`, before anything is returned
 */
export function decodeDirtyWindows(bytes: Uint8Array): { key: RepairKey; windows: DirtyWindow[] }[] {
  const bodyEnd = bytes.length - CHECKSUM_BYTES
  const reader = new ByteReader(bytes, 0, Math.max(0, bodyEnd))
  if (bodyEnd < HEADER_BYTES) reader.corrupt('dirty windows end before their checksum')
  if (reader.u8('magic') !== MAGIC_0 || reader.u8('magic') !== MAGIC_1)
    reader.corrupt('these bytes are not dirty windows', 0)
  const version = reader.u8('version')
  if (version !== VERSION)
    throw new WindrowError('STATE_VERSION', `dirty windows have version ${version}, this library reads ${VERSION}`, {
      details: { version, offset: 2 },
    })
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bodyEnd, true)
  if (checksum !== crc32c(bytes.subarray(0, bodyEnd)))
    reader.corrupt('the checksum of dirty windows does not fit', bodyEnd)

  const queries: { key: RepairKey; windows: DirtyWindow[] }[] = []
  for (let left = reader.varint('number of queries'); left > 0; left--) {
    const key = {
      tenant: readText(reader, 'tenant'),
      query: readText(reader, 'query'),
      queryVersion: reader.varint('query version'),
    }
    const windows: DirtyWindow[] = []
    for (let count = reader.varint('number of windows'); count > 0; count--) {
      const startMs = reader.f64('start')
      const endMs = reader.f64('end')
      if (!(isTime(startMs) && isTime(endMs) && endMs > startMs))
        reader.corrupt(`there is no window from ${startMs} to ${endMs}`)
      windows.push({ startMs, endMs, writeNumber: 0 })
    }
    queries.push({ key, windows })
  }
  if (reader.remaining > 0) reader.corrupt(`${reader.remaining} bytes follow the dirty windows`)
  return queries
}

function isTime(ms: number): boolean {
  return Number.isInteger(ms) && Math.abs(ms) <= MAX_TIME_MS
}

function writeText(writer: ByteWriter, text: string): void {
  const bytes = new TextEncoder().encode(text)
  writer.varint(bytes.length)
  for (const byte of bytes) writer.u8(byte)
}

function readText(reader: ByteReader, what: string): string {
  const start = reader.offset
  const length = reader.varint(`length of ${what}`)
  if (length > reader.remaining) reader.corrupt(`state ends before its ${what}`, start)
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = reader.u8(what)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return reader.corrupt(`${what} is not UTF-8`, start)
  }
}
