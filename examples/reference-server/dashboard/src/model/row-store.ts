import type { WireRow } from '../api/wire.ts'

/** A row that holds, and the closed one it replaced, if any. */
export interface Entry {
  readonly row: WireRow
  readonly previous: WireRow | undefined
}

export interface GroupRows {
  readonly key: string
  readonly group: WireRow['group']
  /** By window start. */
  readonly entries: readonly Entry[]
}

interface MutableGroup {
  readonly key: string
  readonly group: WireRow['group']
  entries: Entry[]
  /** Rows that were taken back, by window start: an older revision that comes late must not bring them back. */
  takenBack: Map<number, WireRow>
}

/**
 * Rows of one query: per group and window the greatest revision holds, and one that takes the row back takes it out.
 * Bounded; the oldest rows go first.
 */
export class RowStore {
  readonly #groups = new Map<string, MutableGroup>()
  readonly #maxRows: number
  #size = 0
  #hasDropped = false

  constructor(maxRows: number) {
    this.#maxRows = maxRows
  }

  /** Rows held, those taken back included. */
  get size(): number {
    return this.#size
  }

  /** True once rows were dropped for room rather than for age. */
  get hasDropped(): boolean {
    return this.#hasDropped
  }

  /** Start of the oldest window. */
  oldestMs(): number | undefined {
    let oldest: number | undefined
    for (const { entries } of this.#groups.values()) {
      const startMs = entries[0]?.row.startMs
      if (startMs !== undefined && (oldest === undefined || startMs < oldest)) oldest = startMs
    }
    return oldest
  }

  /** Groups that have rows. */
  *groups(): IterableIterator<GroupRows> {
    for (const group of this.#groups.values()) if (group.entries.length > 0) yield group
  }

  /** Returns true when the row is of a window that was not there before. */
  merge(row: WireRow): boolean {
    const key = JSON.stringify(Object.entries(row.group))
    let group = this.#groups.get(key)
    if (!group) {
      group = { key, group: row.group, entries: [], takenBack: new Map() }
      this.#groups.set(key, group)
    }
    const { entries, takenBack } = group
    const back = takenBack.get(row.startMs)
    if (back !== undefined) {
      if (isOlder(row, back)) return false
      takenBack.delete(row.startMs)
      this.#size -= 1
    }
    let at = entries.length
    while (at > 0 && startOf(entries, at - 1) > row.startMs) at -= 1
    const known = at > 0 ? entries[at - 1] : undefined
    if (known?.row.startMs === row.startMs) {
      if (isOlder(row, known.row)) return false
      if (row.retracted) {
        entries.splice(at - 1, 1)
        takenBack.set(row.startMs, row)
        return false
      }
      const previous = known.row.early || known.row.revision === row.revision ? known.previous : known.row
      entries[at - 1] = { row, previous }
      return false
    }
    if (row.retracted) takenBack.set(row.startMs, row)
    else entries.splice(at, 0, { row, previous: undefined })
    this.#size += 1
    if (this.#size > this.#maxRows) this.#dropOldest()
    return !row.retracted
  }

  /** Forgets windows that end at or before `epochMs`. */
  trimBefore(epochMs: number): void {
    for (const group of this.#groups.values()) {
      for (const [startMs, row] of group.takenBack)
        if (row.endMs <= epochMs) {
          group.takenBack.delete(startMs)
          this.#size -= 1
        }
      const keep = group.entries.findIndex((entry) => entry.row.endMs > epochMs)
      const drop = keep < 0 ? group.entries.length : keep
      if (drop > 0) group.entries = group.entries.slice(drop)
      this.#size -= drop
      if (group.entries.length === 0 && group.takenBack.size === 0) this.#groups.delete(group.key)
    }
  }

  clear(): void {
    this.#groups.clear()
    this.#size = 0
    this.#hasDropped = false
  }

  /** Drops a tenth at once, so that a full store does not pay for every row. */
  #dropOldest(): void {
    const ends = [...this.#groups.values()].flatMap(({ entries, takenBack }) =>
      [...entries.map((entry) => entry.row), ...takenBack.values()].map((row) => row.endMs),
    )
    ends.sort((a, b) => a - b)
    this.trimBefore(ends[Math.ceil(ends.length / 10)] ?? 0)
    this.#hasDropped = true
  }
}

function startOf(entries: readonly Entry[], index: number): number {
  return entries[index]?.row.startMs ?? Number.NEGATIVE_INFINITY
}

function isOlder(row: WireRow, than: WireRow): boolean {
  if (row.queryVersion !== than.queryVersion) return row.queryVersion < than.queryVersion
  return row.revision < than.revision
}
