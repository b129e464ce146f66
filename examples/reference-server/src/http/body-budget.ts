import { HttpError } from './http-error.ts'

/**
 * Bytes of request bodies held at one time, over all connections: many large requests at once must not
 * multiply into more memory than the machine has.
 */
export class BodyBudget {
  readonly #limitBytes: number
  #heldBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Throws a 503 when the bytes do not fit beside the others. */
  take(bytes: number): void {
    if (this.#heldBytes + bytes > this.#limitBytes)
      throw new HttpError(503, 'OVERLOADED', 'too many large requests at once', {
        hint: 'send again in a second, or send smaller batches',
        headers: { 'retry-after': '1' },
      })
    this.#heldBytes += bytes
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes
  }
}
