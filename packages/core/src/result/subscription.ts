import type { SubscribeOptions, SubscriptionItem } from '../engine/engine-api.ts'
import { WindrowError } from '../errors.ts'
import type { WindowResult } from './window-result.ts'

const DEFAULT_BUFFER = 1_024

/**
 * Rows waiting for one reader, bounded. A reader that falls behind either loses older revisions and is told how
 * many rows it missed (`conflate`), or is ended with `SUBSCRIBER_OVERFLOW` (`error`).
 */
export class Subscription implements AsyncIterableIterator<SubscriptionItem> {
  readonly #limit: number
  readonly #onOverflow: 'conflate' | 'error'
  readonly #signal: AbortSignal | undefined
  readonly #onEnd: () => void
  readonly #waiting = new Map<string, WindowResult>()
  #skipped = 0
  #failure: WindrowError | undefined
  #ended = false
  #wake: (() => void) | undefined

  constructor(options: SubscribeOptions, onEnd: () => void) {
    this.#limit = options.buffer ?? DEFAULT_BUFFER
    if (!Number.isInteger(this.#limit) || this.#limit < 1)
      throw new RangeError(`buffer must be a whole number of at least 1, got ${this.#limit}`)
    this.#onOverflow = options.onOverflow ?? 'conflate'
    this.#onEnd = onEnd
    this.#signal = options.signal
    this.#signal?.addEventListener('abort', this.#abort, { once: true })
    if (this.#signal?.aborted === true) this.end()
  }

  push(row: WindowResult): void {
    if (this.#ended) return
    const key = this.#key(row)
    const replaces = this.#waiting.delete(key)
    if (!replaces && this.#waiting.size >= this.#limit) {
      if (this.#onOverflow === 'error') {
        this.#failure = new WindrowError('SUBSCRIBER_OVERFLOW', `a reader fell ${this.#limit} rows behind`, {
          hint: "read faster, raise `buffer`, or use onOverflow: 'conflate'",
          details: { buffer: this.#limit },
        })
        this.end()
        return
      }
      const oldest = this.#waiting.keys().next()
      if (oldest.done !== true) this.#waiting.delete(oldest.value)
      this.#skipped++
    }
    this.#waiting.set(key, row)
    this.#wake?.()
  }

  /** Lets the reader finish what waits, then ends. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#onEnd()
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<SubscriptionItem>> {
    for (;;) {
      if (this.#skipped > 0) {
        const skipped = this.#skipped
        this.#skipped = 0
        return { done: false, value: { skipped } }
      }
      const first = this.#waiting.entries().next()
      if (first.done !== true) {
        this.#waiting.delete(first.value[0])
        return { done: false, value: first.value[1] }
      }
      if (this.#failure !== undefined) {
        const failure = this.#failure
        this.#failure = undefined
        throw failure
      }
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  return(): Promise<IteratorResult<SubscriptionItem>> {
    this.end()
    this.#waiting.clear()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<SubscriptionItem> {
    return this
  }

  readonly #abort = (): void => {
    this.#waiting.clear()
    this.end()
  }

  #key(row: WindowResult): string {
    return `${row.queryVersion} ${row.startMs} ${JSON.stringify(row.group)}`
  }
}
