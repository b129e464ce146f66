import { WindrowError } from '../errors.ts'

/**
 * Where an engine keeps what must outlive its process besides samples and results: its snapshot, its generation,
 * windows that wait for repair. A few named values, each replaced whole. Names are of lower-case letters, digits and
 * hyphens. After `close` every call rejects with `STORAGE_CLOSED`.
 */
export interface StateStore {
  /** Replaces the value of `name` and settles when that is durable. After a crash either the old or the new one is there. */
  write(name: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>
  /** The value of `name` in pieces, or undefined when none was ever written. */
  read(name: string): Promise<AsyncIterable<Uint8Array> | undefined>
  close(): Promise<void>
}

/**
 * The value of `name` in one piece, or undefined when none was ever written.
 *
 * @throws WindrowError `STATE_CORRUPT` when it is longer than `maxBytes`, before more than that is held
 */
export async function readState(store: StateStore, name: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks = await store.read(name)
  if (chunks === undefined) return undefined
  const pieces: Uint8Array[] = []
  let byteCount = 0
  for await (const piece of chunks) {
    byteCount += piece.length
    if (byteCount > maxBytes)
      throw new WindrowError('STATE_CORRUPT', `the stored ${name} is longer than ${maxBytes} bytes`, {
        hint: 'something else was written there; restore it or remove it',
        details: { name },
      })
    pieces.push(piece)
  }
  const bytes = new Uint8Array(byteCount)
  let offset = 0
  for (const piece of pieces) {
    bytes.set(piece, offset)
    offset += piece.length
  }
  return bytes
}
