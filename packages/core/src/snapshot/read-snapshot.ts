import { WindrowError } from '../errors.ts'
import { ByteSource, corruptSnapshot } from './byte-source.ts'
import { crc32c } from './crc32c.ts'
import {
  CHECKSUM_BYTES,
  CREATED_AT,
  END_BYTES,
  END_TYPE,
  FORMAT_VERSION,
  HEADER_BYTES,
  HEADER_CHECKSUM_AT,
  HEADER_FLAGS_AT,
  KNOWN_PART_FLAGS,
  MAGIC,
  MAX_PART_BYTES,
  PART_FLAGS_AT,
  PART_HEADER_BYTES,
  PART_LENGTH_AT,
  PartFlag,
  VERSION_AT,
  viewOf,
} from './frame.ts'
import type { SectionLoaders } from './section-type.ts'
import { type SectionPart, StateReader } from './state-reader.ts'

export interface SnapshotInfo {
  readonly formatVersion: number
  /** The clock of the engine when it was taken, ms; `-Infinity` before a manual clock was first set. */
  readonly createdMs: number
  /** Number of sections by type. */
  readonly sections: ReadonlyMap<number, number>
  readonly sizeBytes: number
}

interface Part extends SectionPart {
  readonly type: number
  readonly isOptional: boolean
  readonly isContinued: boolean
}

/** Reads all parts after the header, whose checksum it goes on from; returns the number of sections by type. */
type ReadBody = (source: ByteSource, checksum: number, loaders: SectionLoaders) => Promise<Map<number, number>>

/** One for every version that is still read. */
const READERS: ReadonlyMap<number, ReadBody> = new Map([[FORMAT_VERSION, readSections]])

/**
 * Reads a snapshot and hands its sections, in their order, to the loaders of their types. A section is handed over
 * once all of it has come and its checksums are right; no more than one is in memory at a time.
 *
 * The end of the snapshot is only seen after its last section: what was loaded before an error is of no use and to be
 * thrown away.
 *
 * @throws WindrowError `STATE_CORRUPT` with `details.offset`; `STATE_VERSION` for a format version or a section that
 * is not known here
 */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  loaders: SectionLoaders,
): Promise<SnapshotInfo> {
  const source = new ByteSource(chunks)
  try {
    const header = await source.take(HEADER_BYTES, 'header')
    const view = viewOf(header)
    if (MAGIC.some((byte, at) => header[at] !== byte)) throw corruptSnapshot('not a snapshot', 0)
    const checksum = crc32c(header.subarray(0, HEADER_CHECKSUM_AT))
    if (view.getUint32(HEADER_CHECKSUM_AT, true) !== checksum)
      throw corruptSnapshot('the header does not have its checksum', 0)
    const formatVersion = view.getUint16(VERSION_AT, true)
    const readBody = READERS.get(formatVersion)
    if (readBody === undefined) throw unknownVersion(formatVersion)
    if (view.getUint16(HEADER_FLAGS_AT, true) !== 0)
      throw corruptSnapshot('the flags of the header are not 0', HEADER_FLAGS_AT)
    const createdMs = view.getFloat64(CREATED_AT, true)
    const sections = await readBody(source, checksum, loaders)
    return { formatVersion, createdMs, sections, sizeBytes: source.offset }
  } finally {
    await source.close()
  }
}

async function readSections(
  source: ByteSource,
  headerChecksum: number,
  loaders: SectionLoaders,
): Promise<Map<number, number>> {
  const sections = new Map<number, number>()
  let count = 0
  let checksum = headerChecksum
  const nextPart = async (): Promise<Part> => {
    const offset = source.offset
    const header = await source.take(PART_HEADER_BYTES, 'next section')
    const view = viewOf(header)
    const length = view.getUint32(PART_LENGTH_AT, true)
    if (length > MAX_PART_BYTES)
      throw corruptSnapshot(`a part of ${length} bytes is longer than ${MAX_PART_BYTES}`, offset)
    const bytes = await source.take(length, 'section')
    checksum = crc32c(bytes, crc32c(header, checksum))
    const stated = viewOf(await source.take(CHECKSUM_BYTES, 'checksum')).getUint32(0, true)
    if (stated !== checksum) throw corruptSnapshot('a part does not have its checksum', offset)
    const flags = view.getUint16(PART_FLAGS_AT, true)
    if ((flags & ~KNOWN_PART_FLAGS) !== 0) throw corruptSnapshot(`flags ${flags} are not all known`, offset)
    return {
      type: view.getUint16(0, true),
      isOptional: (flags & PartFlag.optional) !== 0,
      isContinued: (flags & PartFlag.continued) !== 0,
      bytes,
      offset: offset + PART_HEADER_BYTES,
    }
  }

  for (;;) {
    const first = await nextPart()
    const { type } = first
    if (type === END_TYPE) {
      await checkEnd(source, first, count)
      return sections
    }
    const load = loaders[type]
    if (load === undefined && !first.isOptional) throw unknownSection(first)
    const parts = [first]
    for (let part = first; part.isContinued; ) {
      part = await nextPart()
      if (part.type !== type || part.isOptional !== first.isOptional)
        throw corruptSnapshot(`a part of type ${part.type} goes on a section of type ${type}`, part.offset)
      if (load !== undefined) parts.push(part)
    }
    count++
    sections.set(type, (sections.get(type) ?? 0) + 1)
    if (load === undefined) continue
    const reader = new StateReader(type, parts)
    load(reader)
    if (reader.remaining > 0) reader.corrupt(`section goes on for ${reader.remaining} bytes after its end`)
  }
}

async function checkEnd(source: ByteSource, end: Part, count: number): Promise<void> {
  if (end.bytes.length !== END_BYTES || end.isOptional || end.isContinued)
    throw corruptSnapshot('the end is none', end.offset)
  const stated = viewOf(end.bytes).getUint32(0, true)
  if (stated !== count) throw corruptSnapshot(`${count} sections came, the end says ${stated}`, end.offset)
  if (!(await source.isAtEnd())) throw corruptSnapshot('snapshot goes on after its end', source.offset)
}

function unknownVersion(version: number): WindrowError {
  const newest = Math.max(...READERS.keys())
  return new WindrowError('STATE_VERSION', `snapshot has format version ${version}, this library reads ${newest}`, {
    hint: 'Restore it with the version of the library that wrote it, or a later one.',
    details: { offset: VERSION_AT, version, newestVersion: newest },
  })
}

function unknownSection({ type, offset }: Part): WindrowError {
  return new WindrowError('STATE_VERSION', `snapshot has a section of type ${type}, which this library does not know`, {
    hint: 'Restore it with the version of the library that wrote it, or a later one.',
    details: { offset, section: type },
  })
}
