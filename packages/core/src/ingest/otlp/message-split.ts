import { type WireReader, WireType } from './wire-reader.ts'

/**
 * The bytes of a message without some of its fields, for use as a key: what says *which* metric, scope or
 * resource it is, without the points below. Mostly one run of bytes in place; when the fields to leave
 * out stand between others, the rest is copied together. (Fields of the same message put one after the
 * other are the same message again, so a copy can also be read as one.)
 */
export class MessageSplit {
  /** Where the key lies: `view` over the payload, or over a copy. */
  view: DataView
  start = 0
  end = 0
  /** Of the fields left out: the number of the last one, its extent, and how many there were of that number in a row. */
  payloadField = 0
  payloadStart = 0
  payloadEnd = 0
  payloadCount = 0
  /** How many fields were left out. */
  payloadTotal = 0
  /** Starts and ends of the runs of kept fields, when there are several. */
  readonly #runs: number[] = []

  constructor(reader: WireReader) {
    this.view = reader.view
  }

  /** Reads the message `[start, end)`; bit n of `payloadFields` set = length-delimited field n is left out. */
  read(reader: WireReader, start: number, end: number, payloadFields: number): void {
    let runStart = start
    this.#runs.length = 0
    this.payloadField = 0
    this.payloadCount = 0
    this.payloadTotal = 0
    reader.pos = start
    while (reader.pos < end) {
      const at = reader.pos
      const tag = reader.tag(end)
      if ((tag & 7) === WireType.length) {
        const fieldEnd = reader.lengthEnd(end)
        const field = tag >>> 3
        if (field < 32 && (payloadFields & (1 << field)) !== 0) {
          if (at !== runStart) this.#runs.push(runStart, at)
          this.payloadCount = field === this.payloadField ? this.payloadCount + 1 : 1
          this.payloadTotal++
          this.payloadField = field
          this.payloadStart = reader.pos
          this.payloadEnd = fieldEnd
          runStart = fieldEnd
        }
        reader.pos = fieldEnd
      } else reader.skip(tag, end)
    }
    if (runStart !== end) this.#runs.push(runStart, end)
    this.#join(reader)
  }

  #join(reader: WireReader): void {
    const runs = this.#runs
    this.view = reader.view
    if (runs.length <= 2) {
      this.start = runs[0] ?? 0
      this.end = runs[1] ?? 0
      return
    }
    const joined = joinRuns(reader, runs)
    this.view = new DataView(joined.buffer)
    this.start = 0
    this.end = joined.length
  }
}

/** Copies runs of bytes, given as starts and ends, together. */
export function joinRuns(reader: WireReader, runs: readonly number[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (let at = 0; at < runs.length; at += 2) length += runs[at + 1]! - runs[at]!
  const joined = new Uint8Array(length)
  let to = 0
  for (let at = 0; at < runs.length; at += 2) {
    joined.set(reader.bytes.subarray(runs[at]!, runs[at + 1]!), to)
    to += runs[at + 1]! - runs[at]!
  }
  return joined
}
