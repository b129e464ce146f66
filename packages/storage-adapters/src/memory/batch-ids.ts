import type { Ledger } from './ledger.ts'

/** A set entry and a string header; two bytes a character come on top. */
const ID_OVERHEAD_BYTES = 64

/** The newest batch ids over all tenants, so that a retried batch is recognised. */
export class BatchIds {
  readonly #keys = new Set<string>()
  readonly #limit: number
  readonly #ledger: Ledger

  constructor(limit: number, ledger: Ledger) {
    this.#limit = limit
    this.#ledger = ledger
  }

  has(tenant: string, batchId: string): boolean {
    return this.#keys.has(keyOf(tenant, batchId))
  }

  /** Remembers an id and forgets the oldest one over the limit. */
  add(tenant: string, batchId: string): void {
    const key = keyOf(tenant, batchId)
    this.#keys.add(key)
    this.#ledger.bytes += bytesOf(key)
    if (this.#keys.size <= this.#limit) return
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest)
      this.#ledger.bytes -= bytesOf(oldest)
      return
    }
  }
}

/** The length keeps ('a', 'bc') and ('ab', 'c') apart. */
function keyOf(tenant: string, batchId: string): string {
  return `${tenant.length}:${tenant}${batchId}`
}

function bytesOf(key: string): number {
  return ID_OVERHEAD_BYTES + 2 * key.length
}
