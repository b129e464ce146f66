/**
 * Where an engine keeps what must outlive its process besides samples and results: its snapshot, its generation,
 * windows that wait for repair. A few named values, each replaced whole.
 */
export interface StateStore {
  /** Replaces the value of `name` and settles when that is durable. After a crash either the old or the new one is there. */
  write(name: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>
  /** The value of `name` in pieces, or undefined when none was ever written. */
  read(name: string): Promise<AsyncIterable<Uint8Array> | undefined>
  close(): Promise<void>
}
