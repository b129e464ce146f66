import { crc32c } from './crc32c.ts'
import {
  CHECKSUM_BYTES,
  CREATED_AT,
  END_BYTES,
  END_TYPE,
  FORMAT_VERSION,
  HEADER_BYTES,
  HEADER_CHECKSUM_AT,
  MAGIC,
  PART_HEADER_BYTES,
  PART_LENGTH_AT,
  PartFlag,
  VERSION_AT,
  viewOf,
} from './frame.ts'
import { PartBuffer } from './part-buffer.ts'
import { StateWriter } from './state-writer.ts'

/** Writes the payload of one section. */
export type SaveSection = (writer: StateWriter) => void

export interface SectionOptions {
  /** A reader that does not know the type leaves the section out instead of refusing the snapshot. */
  readonly optional?: boolean
}

interface LaterSections {
  readonly type: number
  readonly flags: number
  readonly saves: Iterable<SaveSection>
}

/**
 * Takes a snapshot in two steps. Between two turns of the event loop the owners of state write it, section by section,
 * into memory; what can never change again they only promise (`later`). Then `chunks` hands all of it out, in the
 * order in which it was asked for, while the engine goes on.
 */
export class SnapshotWriter {
  readonly #createdMs: number
  #parts = new PartBuffer()
  readonly #items: (Uint8Array | LaterSections)[] = []
  #sections = 0
  #taken = false

  /** `createdMs`: the clock of the engine, which may be `-Infinity`. */
  constructor(options: { readonly createdMs: number }) {
    this.#createdMs = options.createdMs
  }

  /** Writes a section now. */
  section(type: number, save: SaveSection, options: SectionOptions = {}): void {
    this.#write(this.#parts, type, flagsOf(options), save)
  }

  /** Writes sections of one type now, in order: parts of a state that is too large to be read back at once. */
  sections(type: number, saves: Iterable<SaveSection>, options?: SectionOptions): void {
    for (const save of saves) this.section(type, save, options)
  }

  /**
   * Writes sections of one type when their turn comes in `chunks`; the iterable is run through only then, a section
   * at a time. It may only read what does not change until then.
   */
  later(type: number, saves: Iterable<SaveSection>, options: SectionOptions = {}): void {
    this.#items.push(...this.#parts.take(), { type, flags: flagsOf(options), saves })
  }

  /** The snapshot in pieces of at most 256 KiB, whose memory is let go as they are taken. Once. */
  *chunks(): Generator<Uint8Array, void, undefined> {
    if (this.#taken) throw new TypeError('the chunks of a snapshot can be taken once')
    this.#taken = true
    const items = [...this.#items.splice(0), ...this.#parts.take()].reverse()
    const header = headerOf(this.#createdMs)
    let checksum = viewOf(header).getUint32(HEADER_CHECKSUM_AT, true)
    yield header
    for (let item = items.pop(); item !== undefined; item = items.pop())
      for (const chunk of item instanceof Uint8Array ? [item] : this.#run(item)) {
        checksum = seal(chunk, checksum)
        yield chunk
      }
    const end = new Uint8Array(PART_HEADER_BYTES + END_BYTES + CHECKSUM_BYTES)
    const view = viewOf(end)
    view.setUint16(0, END_TYPE, true)
    view.setUint32(PART_LENGTH_AT, END_BYTES, true)
    view.setUint32(PART_HEADER_BYTES, this.#sections, true)
    seal(end, checksum)
    yield end
  }

  *#run({ type, flags, saves }: LaterSections): Generator<Uint8Array, void, undefined> {
    const parts = new PartBuffer()
    for (const save of saves) {
      this.#write(parts, type, flags, save)
      yield* parts.takeFull()
    }
    yield* parts.take()
  }

  #write(parts: PartBuffer, type: number, flags: number, save: SaveSection): void {
    if (!(Number.isInteger(type) && type > END_TYPE && type <= 0xffff))
      throw new RangeError(`a section type is an integer from 1 to 65535, got ${type}`)
    parts.begin(type, flags)
    save(new StateWriter(parts))
    parts.end()
    this.#sections++
  }
}

function flagsOf({ optional = false }: SectionOptions): number {
  return optional ? PartFlag.optional : 0
}

function headerOf(createdMs: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  const view = viewOf(header)
  header.set(MAGIC)
  view.setUint16(VERSION_AT, FORMAT_VERSION, true)
  view.setFloat64(CREATED_AT, createdMs, true)
  view.setUint32(HEADER_CHECKSUM_AT, crc32c(header.subarray(0, HEADER_CHECKSUM_AT)), true)
  return header
}

/** Fills in the checksums of a chunk of whole parts; returns the last. */
function seal(chunk: Uint8Array, before: number): number {
  const view = viewOf(chunk)
  let checksum = before
  for (let at = 0; at < chunk.length; ) {
    const end = at + PART_HEADER_BYTES + view.getUint32(at + PART_LENGTH_AT, true)
    checksum = crc32c(chunk.subarray(at, end), checksum)
    view.setUint32(end, checksum, true)
    at = end + CHECKSUM_BYTES
  }
  return checksum
}
