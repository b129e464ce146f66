import type { WindowScheme } from '../window/window-scheme.ts'

/** A query's windows are told from those of its other versions. */
export interface RepairKey {
  readonly tenant: string
  readonly query: string
  readonly queryVersion: number
}

/** A window, or a cell of sessions: an interval whose rows wait for repair. */
export interface DirtyWindow {
  readonly startMs: number
  readonly endMs: number
  /** The newest raw write that dirtied it; 0 = one of an earlier life, so there is nothing to wait for. */
  readonly writeNumber: number
}

export interface DirtyQuery {
  readonly key: RepairKey
  /** In the order they were first marked. */
  readonly windows: Iterable<DirtyWindow>
}

export interface DirtyWindowsOptions {
  /** Most windows held, over all queries. */
  readonly maxWindows: number
  /** Told of each mark that had to go for lack of room: the oldest one. It may cover many windows of a range. */
  readonly onDropped: (key: RepairKey, window: DirtyWindow) => void
}

interface Mark extends DirtyWindow {
  /** Running number of the first mark, so that the oldest is found over all queries. */
  readonly order: number
}

interface QueryMarks {
  readonly key: RepairKey
  /** By `startMs`, oldest first. */
  readonly marks: Map<number, Mark>
}

/** A place in line; no longer taken when the query has no such mark of that order. */
interface Place {
  readonly query: QueryMarks
  readonly startMs: number
  readonly order: number
}

/** Places in line that may be left over before it is closed up. */
const SPARE_PLACES = 64

/** The windows of an engine that late samples made wrong, bounded, each once. */
export class DirtyWindows {
  readonly #maxWindows: number
  readonly #onDropped: (key: RepairKey, window: DirtyWindow) => void
  readonly #queries = new Map<string, QueryMarks>()
  /** Oldest first, over all queries. */
  #line: Place[] = []
  /** Places before this were dropped. */
  #head = 0
  #size = 0
  #marked = 0
  #changes = 0

  constructor({ maxWindows, onDropped }: DirtyWindowsOptions) {
    this.#maxWindows = maxWindows
    this.#onDropped = onDropped
  }

  get size(): number {
    return this.#size
  }

  sizeOf(tenant: string): number {
    let size = 0
    for (const { key, marks } of this.#queries.values()) if (key.tenant === tenant) size += marks.size
    return size
  }

  /** Goes up with every change that `encodeDirtyWindows` would show. */
  get changes(): number {
    return this.#changes
  }

  /** A window marked again keeps its place in line and takes the newer write. */
  mark(key: RepairKey, startMs: number, endMs: number, writeNumber: number): void {
    const query = this.#marksOf(key)
    const known = query.marks.get(startMs)
    if (known !== undefined && known.endMs === endMs) {
      if (writeNumber > known.writeNumber) query.marks.set(startMs, { ...known, writeNumber })
      return
    }
    const order = known?.order ?? this.#marked++
    query.marks.set(startMs, {
      startMs,
      endMs: Math.max(endMs, known?.endMs ?? endMs),
      writeNumber: Math.max(writeNumber, known?.writeNumber ?? 0),
      order,
    })
    this.#changes++
    if (known !== undefined) return
    this.#size++
    this.#line.push({ query, startMs, order })
    if (this.#size > this.#maxWindows) this.#dropOldest()
    if (this.#line.length > 2 * this.#maxWindows + SPARE_PLACES) this.#closeUp()
  }

  /**
   * Marks every window of the scheme that holds some time in `[fromMs, toMs)`, both finite. When they are more than there is room
   * for at all, the oldest of them are reported as one interval and never marked.
   */
  markRange(key: RepairKey, scheme: WindowScheme, fromMs: number, toMs: number, writeNumber: number): void {
    if (!(toMs > fromMs)) return
    const starts: number[] = []
    const firstStartMs = scheme.startOf(scheme.firstEndAfter(fromMs))
    let startMs = scheme.startAt(toMs - 1)
    for (; startMs >= firstStartMs && starts.length < this.#maxWindows; startMs = scheme.startAt(startMs - 1))
      starts.push(startMs)
    if (startMs >= firstStartMs)
      this.#onDropped(key, { startMs: firstStartMs, endMs: scheme.endOf(startMs), writeNumber })
    for (let i = starts.length - 1; i >= 0; i--) this.mark(key, starts[i]!, scheme.endOf(starts[i]!), writeNumber)
  }

  /** What waits of one query, oldest first. A window marked again is another object. */
  windowsOf(key: RepairKey): DirtyWindow[] {
    return [...(this.#queries.get(idOf(key))?.marks.values() ?? [])]
  }

  /** Takes the mark away unless a write newer than `seenWriteNumber` set it again; returns whether it is gone. */
  clear(key: RepairKey, startMs: number, seenWriteNumber: number): boolean {
    const query = this.#queries.get(idOf(key))
    const mark = query?.marks.get(startMs)
    if (query === undefined || mark === undefined) return true
    if (mark.writeNumber > seenWriteNumber) return false
    this.#remove(query, mark)
    return true
  }

  /** Forgets all windows of a query that is gone. */
  clearQuery(key: RepairKey): void {
    const query = this.#queries.get(idOf(key))
    if (query === undefined) return
    this.#queries.delete(idOf(key))
    this.#size -= query.marks.size
    query.marks.clear()
    this.#changes++
  }

  *queries(): Generator<DirtyQuery> {
    for (const { key, marks } of this.#queries.values()) yield { key, windows: marks.values() }
  }

  #dropOldest(): void {
    for (;;) {
      const { query, startMs, order } = this.#line[this.#head++]!
      const mark = query.marks.get(startMs)
      if (mark?.order !== order) continue
      this.#remove(query, mark)
      this.#onDropped(query.key, { startMs, endMs: mark.endMs, writeNumber: mark.writeNumber })
      return
    }
  }

  /** Forgets places that are no longer taken. */
  #closeUp(): void {
    this.#line = this.#line
      .slice(this.#head)
      .filter(({ query, startMs, order }) => query.marks.get(startMs)?.order === order)
    this.#head = 0
  }

  #remove(query: QueryMarks, mark: Mark): void {
    query.marks.delete(mark.startMs)
    if (query.marks.size === 0) this.#queries.delete(idOf(query.key))
    this.#size--
    this.#changes++
  }

  #marksOf(key: RepairKey): QueryMarks {
    const id = idOf(key)
    const known = this.#queries.get(id)
    if (known !== undefined) return known
    const { tenant, query, queryVersion } = key
    const fresh = { key: { tenant, query, queryVersion }, marks: new Map<number, Mark>() }
    this.#queries.set(id, fresh)
    return fresh
  }
}

function idOf({ tenant, query, queryVersion }: RepairKey): string {
  return `${tenant.length}:${tenant}${queryVersion}:${query}`
}
