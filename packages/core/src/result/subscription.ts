import type { SubscribeOptions, SubscriptionItem } from '../engine/engine-api.ts'
import { WindrowError } from '../errors.ts'
import type { WindowResult } from './window-result.ts'

const DEFAULT_BUFFER = 1_024

interface Reader {
  readonly resolve: (result: IteratorResult<SubscriptionItem>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Rows waiting for one reader, bounded, in the order they were emitted. A reader that falls further behind than the
 * buffer is long either loses superseded revisions first, then the oldest rows, and is told how many rows it missed
 * (`conflate`), or is ended with `SUBSCRIBER_OVERFLOW` (`error`).
 */
export class Subscription implements AsyncIterableIterator<SubscriptionItem> {
  readonly #limit: number
  readonly #onOverflow: 'conflate' | 'error'
  readonly #signal: AbortSignal | undefined
  readonly #onEnd: () => void
  /** By a running number, so in order of emission. */
  readonly #waiting = new Map<number, WindowResult>()
  /** Identity of a row -> number of its newest waiting revision. Kept for `conflate` alone. */
  readonly #newest = new Map<string, number>()
  /** Numbers of the waiting revisions that a newer waiting one replaces, oldest first. */
  readonly #superseded = new Set<number>()
  /** Calls of `next` without an answer yet; there are some only while nothing waits. */
  readonly #readers: Reader[] = []
  #pushed = 0
  #skipped = 0
  #failure: WindrowError | undefined
  #ended: boolean

  /** `onEnd` is called once, when the subscription ends later than here: one whose signal has fired starts ended. */
  constructor(options: SubscribeOptions, onEnd: () => void) {
    this.#limit = options.buffer ?? DEFAULT_BUFFER
    if (!Number.isInteger(this.#limit) || this.#limit < 1)
      throw new RangeError(`buffer must be a whole number of at least 1, got ${this.#limit}`)
    this.#onOverflow = options.onOverflow ?? 'conflate'
    this.#onEnd = onEnd
    this.#signal = options.signal
    this.#ended = this.#signal?.aborted === true
    if (!this.#ended) this.#signal?.addEventListener('abort', this.#abort, { once: true })
  }

  push(row: WindowResult): void {
    if (this.#ended) return
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      reader.resolve({ done: false, value: row })
      return
    }
    if (this.#onOverflow === 'error') {
      if (this.#waiting.size < this.#limit) this.#waiting.set(this.#pushed++, row)
      else this.#overflow()
      return
    }
    const key = keyOf(row)
    const older = this.#newest.get(key)
    if (older !== undefined) this.#superseded.add(older)
    if (this.#waiting.size >= this.#limit) this.#makeRoom()
    this.#newest.set(key, this.#pushed)
    this.#waiting.set(this.#pushed++, row)
  }

  /** Lets the reader finish what waits, then ends. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#onEnd()
    for (const reader of this.#readers.splice(0)) this.#answer(reader)
  }

  next(): Promise<IteratorResult<SubscriptionItem>> {
    return new Promise((resolve, reject) => this.#answer({ resolve, reject }))
  }

  return(): Promise<IteratorResult<SubscriptionItem>> {
    this.#drop()
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<SubscriptionItem> {
    return this
  }

  readonly #abort = (): void => {
    this.#drop()
    this.end()
  }

  /** Answers with the next item, the failure or the end; without any of them the reader waits. */
  #answer(reader: Reader): void {
    if (this.#skipped > 0) {
      const skipped = this.#skipped
      this.#skipped = 0
      reader.resolve({ done: false, value: { skipped } })
      return
    }
    for (const [number, row] of this.#waiting) {
      this.#remove(number, row)
      reader.resolve({ done: false, value: row })
      return
    }
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      reader.reject(failure)
    } else if (this.#ended) reader.resolve({ done: true, value: undefined })
    else this.#readers.push(reader)
  }

  #overflow(): void {
    this.#failure = new WindrowError('SUBSCRIBER_OVERFLOW', `a reader fell ${this.#limit} rows behind`, {
      hint: "read faster, raise `buffer`, or use onOverflow: 'conflate'",
      details: { buffer: this.#limit },
    })
    this.end()
  }

  #makeRoom(): void {
    for (const number of this.#superseded) {
      this.#superseded.delete(number)
      this.#waiting.delete(number)
      return
    }
    for (const [number, row] of this.#waiting) {
      this.#remove(number, row)
      this.#skipped++
      return
    }
  }

  #remove(number: number, row: WindowResult): void {
    this.#waiting.delete(number)
    if (this.#onOverflow === 'error' || this.#superseded.delete(number)) return
    this.#newest.delete(keyOf(row))
  }

  #drop(): void {
    this.#waiting.clear()
    this.#newest.clear()
    this.#superseded.clear()
    this.#skipped = 0
    this.#failure = undefined
  }
}

/** What two revisions of one row have in common. Rows of a replay are not revisions of live ones. */
function keyOf({ query, queryVersion, source, startMs, group }: WindowResult): string {
  return JSON.stringify([query, queryVersion, source, startMs, group])
}
