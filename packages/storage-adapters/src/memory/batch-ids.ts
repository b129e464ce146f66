import type { Ledger } from './ledger.ts'

/** A set entry and a string header; two bytes a character come on top. */
const ID_OVERHEAD_BYTES = 64

/** The newest batch ids of a tenant, so that a retried batch is recognised. */
export class BatchIds {
  readonly #ids = new Set<string>()
  readonly #limit: number
  readonly #ledger: Ledger

  constructor(limit: number, ledger: Ledger) {
    this.#limit = limit
    this.#ledger = ledger
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** Remembers an id and forgets the oldest one over the limit. */
  add(id: string): void {
    this.#ids.add(id)
    this.#ledger.bytes += idBytes(id)
    if (this.#ids.size <= this.#limit) return
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest)
      this.#ledger.bytes -= idBytes(oldest)
      return
    }
  }
}

function idBytes(id: string): number {
  return ID_OVERHEAD_BYTES + 2 * id.length
}
