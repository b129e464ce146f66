import type { ScanResultsRequest, WindowResult } from '@windrow/core'
import type { HeldBytes } from './ceiling.ts'
import type { Ledger } from './ledger.ts'

/** A stored row beside what orders it. */
interface StoredResult {
  readonly row: WindowResult
  readonly groupKey: string
  readonly bytes: number
}

const ROW_OVERHEAD_BYTES = 480
const ENTRY_BYTES = 48

/**
 * Result rows of one tenant: query -> identity within it -> the row of the greatest revision. Retracted rows
 * stay, so that an older revision that comes late cannot bring the row back.
 */
export class ResultStore {
  readonly #queries = new Map<string, Map<string, StoredResult>>()
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  put(row: WindowResult): void {
    const groupKey = groupKeyOf(row.group)
    const identity = `${row.queryVersion}/${row.startMs}/${groupKey}`
    let rows = this.#queries.get(row.query)
    if (rows === undefined) {
      rows = new Map()
      this.#queries.set(row.query, rows)
    }
    const known = rows.get(identity)
    if (known !== undefined && known.row.revision >= row.revision) return
    const bytes = ROW_OVERHEAD_BYTES + 2 * identity.length + ENTRY_BYTES * Object.keys(row.values).length
    rows.set(identity, { row, groupKey, bytes })
    this.#ledger.bytes += bytes - (known?.bytes ?? 0)
  }

  /** Rows of the range by start, then group, then version; retracted rows are left out. */
  select({ query, queryVersion, fromMs, toMs }: ScanResultsRequest): WindowResult[] {
    const selected: StoredResult[] = []
    for (const stored of this.#queries.get(query)?.values() ?? []) {
      const { row } = stored
      if (row.retracted === true || row.startMs < fromMs || row.startMs >= toMs) continue
      if (queryVersion === undefined || row.queryVersion === queryVersion) selected.push(stored)
    }
    return selected.sort(compareStored).map((stored) => stored.row)
  }

  /** Adds a line for each row. */
  listBytes({ endsMs, bytes }: HeldBytes): void {
    for (const rows of this.#queries.values()) {
      for (const stored of rows.values()) {
        endsMs.push(stored.row.endMs)
        bytes.push(stored.bytes)
      }
    }
  }

  /** Deletes the rows whose end passes the test; returns how many. */
  deleteWhere(test: (endMs: number) => boolean): number {
    let deleted = 0
    for (const [query, rows] of this.#queries) {
      for (const [identity, stored] of rows) {
        if (!test(stored.row.endMs)) continue
        rows.delete(identity)
        this.#ledger.bytes -= stored.bytes
        deleted++
      }
      if (rows.size === 0) this.#queries.delete(query)
    }
    return deleted
  }
}

/** Equal for equal groups, whatever the order of their dimensions. */
function groupKeyOf(group: WindowResult['group']): string {
  return JSON.stringify(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function compareStored(a: StoredResult, b: StoredResult): number {
  if (a.row.startMs !== b.row.startMs) return a.row.startMs - b.row.startMs
  if (a.groupKey !== b.groupKey) return a.groupKey < b.groupKey ? -1 : 1
  return a.row.queryVersion - b.row.queryVersion
}
