import { type SeriesDirectory, WindrowError } from '@windrow/core'

/** The states of an adapter: made, open, closed; written once for all adapters. */
export class Lifecycle {
  readonly #adapter: string
  #directory: SeriesDirectory | undefined
  #closed = false

  constructor(adapter: string) {
    this.#adapter = adapter
  }

  /** Returns whether this is the first call; a second one with the same directory changes nothing. */
  open(directory: SeriesDirectory): boolean {
    if (this.#closed) throw this.#refusal('is closed', 'A closed adapter cannot be opened again; create a new one.')
    if (this.#directory !== undefined && this.#directory !== directory)
      throw new TypeError(`${this.#adapter} is already open with another series directory`)
    const first = this.#directory === undefined
    this.#directory = directory
    return first
  }

  /** Returns whether this is the first call. */
  close(): boolean {
    const first = !this.#closed
    this.#closed = true
    return first
  }

  /** The directory given to `open`; fails with `STORAGE_CLOSED` before `open` and after `close`. */
  directory(): SeriesDirectory {
    if (this.#closed) throw this.#refusal('is closed', 'Finish writes and scans before closing.')
    if (this.#directory === undefined) throw this.#refusal('is not open', 'Call open(directory) first.')
    return this.#directory
  }

  #refusal(what: string, hint: string): WindrowError {
    return new WindrowError('STORAGE_CLOSED', `${this.#adapter} ${what}`, { hint })
  }
}
