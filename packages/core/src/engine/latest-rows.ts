import type { WindowResult } from '../result/window-result.ts'

/** The newest row of each group of a query's newest version. */
export class LatestRows {
  /** Live rows by the store's own object of the group: no text to build for each row. */
  readonly #live = new Map<WindowResult['group'], WindowResult>()
  /** Rows of replays and repairs, which have group objects of their own. */
  readonly #others = new Map<string, WindowResult>()
  #version = 0

  take(row: WindowResult): void {
    if (row.queryVersion > this.#version) {
      this.#version = row.queryVersion
      this.clear()
    }
    if (row.queryVersion < this.#version) return
    if (row.source === 'live') {
      if (isNewer(row, this.#live.get(row.group))) this.#live.set(row.group, row)
      return
    }
    const key = JSON.stringify(row.group)
    if (isNewer(row, this.#others.get(key))) this.#others.set(key, row)
  }

  clear(): void {
    this.#live.clear()
    this.#others.clear()
  }

  rows(): WindowResult[] {
    const byGroup = new Map(this.#others)
    for (const row of this.#live.values()) {
      const key = JSON.stringify(row.group)
      if (isNewer(row, byGroup.get(key))) byGroup.set(key, row)
    }
    return [...byGroup.values()].filter((row) => row.retracted !== true)
  }
}

function isNewer(row: WindowResult, than: WindowResult | undefined): boolean {
  // A session whose start moved is taken back under the old one.
  if (than?.retracted === true && row.startMs !== than.startMs) return row.retracted !== true
  if (than === undefined || row.startMs > than.startMs) return true
  return row.startMs === than.startMs && row.revision >= than.revision
}
