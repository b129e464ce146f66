import { WindrowError } from '../errors.ts'
import { readState, type StateStore } from '../storage/state-store.ts'

const NAME = 'generation'
/** `generation x 65,536` stays below 2^53. */
const GREATEST = 2 ** 37
const MAX_BYTES = 32

/**
 * The number of the engine's life and repair runs that is the high part of every revision. It is raised durably
 * before anything is emitted under it, so that no two of them share a revision; without a store it lives in memory.
 * Stored as decimal text.
 */
export class Generation {
  readonly #store: StateStore | undefined
  #current: number
  #last: Promise<unknown> = Promise.resolve()

  /** `initial` is the least it starts at. */
  constructor(initial: number, store?: StateStore) {
    this.#current = initial
    this.#store = store
  }

  get current(): number {
    return this.#current
  }

  /**
   * Goes on from one more than the stored number, if there is one; durable when it settles.
   *
   * @throws WindrowError `STATE_CORRUPT` when what is stored is no such number; whatever the store throws
   */
  open(): Promise<void> {
    const store = this.#store
    if (store === undefined) return Promise.resolve()
    return this.#inTurn(async () => {
      const bytes = await readState(store, NAME, MAX_BYTES)
      const next = bytes === undefined ? this.#current : Math.max(this.#current, parse(bytes) + 1)
      await this.#set(next)
    })
  }

  /** Raises it by one; durable when it settles with the new number. Calls take their turn. */
  raise(): Promise<number> {
    return this.#inTurn(async () => {
      await this.#set(this.#current + 1)
      return this.#current
    })
  }

  /** Raises it over a number that an earlier life had; durable when it settles. */
  async raiseOver(earlier: number): Promise<void> {
    await this.#inTurn(() => this.#set(Math.max(this.#current, earlier) + 1))
  }

  async #set(next: number): Promise<void> {
    await this.#store?.write(NAME, [new TextEncoder().encode(`${next}\n`)])
    this.#current = next
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

function parse(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes).trim()
  const value = Number(text)
  if (/^[1-9][0-9]*$/.test(text) && value < GREATEST) return value
  throw new WindrowError('STATE_CORRUPT', `the stored generation is not a number from 1 to ${GREATEST - 1}`, {
    hint: 'restore it; a smaller one than was used would make new results look older than stored ones',
    details: { name: NAME },
  })
}
