import type { QueryPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StateStore } from '../storage/state-store.ts'
import type { WindowScheme } from '../window/window-scheme.ts'
import { DirtyWindows, type RepairKey } from './dirty-windows.ts'
import { decodeDirtyWindows, encodeDirtyWindows } from './dirty-windows-codec.ts'
import { type RepairedInPart, repairedInPart } from './live-rows.ts'
import { orAborted } from './or-aborted.ts'
import type { RecomputeRange, RepairHost } from './repair-host.ts'
import type { RepairWindow } from './repair-ranges.ts'
import { RepairRun } from './repair-run.ts'
import { RowBudget } from './row-budget.ts'
import { SavedWindows } from './saved-windows.ts'

export interface RepairerOptions {
  /** From the first mark to the run; also from a failed run to the next. Default 30 s, on the engine's clock. */
  readonly everyMs?: number
  /** Windows that may wait; the oldest mark beyond it makes its rows stale. Default 100,000. */
  readonly maxDirtyWindows?: number
  /** Raw rows scanned in a second of real time, over all queries. Default 2,000,000. */
  readonly maxRowsPerSecond?: number
  /** Windows of more raw rows are made stale, not computed anew. Default 50,000,000. */
  readonly maxWindowRows?: number
  /** Keeps the marks across lives; without one they are lost with the process. */
  readonly stateStore?: StateStore | undefined
}

export interface RepairStats {
  /** Windows that wait to be computed anew. */
  readonly dirtyWindows: number
  /** Intervals that wait for their rows to be said stale. */
  readonly staleIntervals: number
  /** Marks there was no room for at all: their rows are wrong and do not say so. */
  readonly lostMarks: number
  /** Runs that came to their end. */
  readonly runs: number
  /** Rows emitted, retractions and stale ones included. */
  readonly rows: number
}

interface Wait {
  readonly untilMs: number
  readonly resume: () => void
}

/** What one pass over the waiting windows goes by. */
interface Pass {
  /** Writes up to this one are seen by its scans. */
  readonly seenWriteNumber: number
  /** The same number for all rows of the pass. */
  readonly generation: () => Promise<number>
}

interface Task {
  readonly key: RepairKey
  readonly plan: QueryPlan
  readonly finalThroughMs: number
  readonly dirty: readonly RepairWindow[]
  readonly stale: readonly RepairWindow[]
}

/**
 * Computes windows anew that samples behind the lateness made wrong: marks are collected, and `everyMs` after the first
 * one all queries are repaired one after the other from what is stored. A mark is cleared only by a scan begun after
 * the writes that set it were acknowledged and visible, and after the rows that scan made were acknowledged too.
 */
export class Repairer {
  readonly #host: RepairHost
  readonly #everyMs: number
  readonly #maxWindowRows: number
  readonly #budget: RowBudget
  readonly #dirty: DirtyWindows
  /** Windows that were not computed for lack of room: their rows are to say so. */
  readonly #stale: DirtyWindows
  readonly #saved: SavedWindows
  readonly #abort = new AbortController()
  /** Windows that were repaired while something of them was live. */
  readonly #repairedInPart = new WeakMap<RepairWindow, RepairedInPart>()
  #waits: Wait[] = []
  #dueAtMs: number | undefined
  #running: Promise<void> | undefined
  #lostMarks = 0
  #runs = 0
  #rows = 0

  constructor(host: RepairHost, options: RepairerOptions = {}) {
    const maxWindows = options.maxDirtyWindows ?? 100_000
    this.#host = host
    this.#everyMs = options.everyMs ?? 30_000
    this.#maxWindowRows = options.maxWindowRows ?? 50_000_000
    this.#budget = new RowBudget(options.maxRowsPerSecond ?? 2_000_000)
    this.#stale = new DirtyWindows({ maxWindows, onDropped: () => this.#lostMarks++ })
    this.#dirty = new DirtyWindows({
      maxWindows,
      onDropped: (key, { startMs, endMs, writeNumber }) => this.#stale.mark(key, startMs, endMs, writeNumber),
    })
    // Written in this order, so that a mark on its way from one to the other is never in neither.
    const parts = [
      { name: 'stale-windows', windows: this.#stale },
      { name: 'dirty-windows', windows: this.#dirty },
    ]
    this.#saved = new SavedWindows(parts, options.stateStore, (error) => host.onError(error))
  }

  get stats(): RepairStats {
    return {
      dirtyWindows: this.#dirty.size,
      staleIntervals: this.#stale.size,
      lostMarks: this.#lostMarks,
      runs: this.#runs,
      rows: this.#rows,
    }
  }

  /** Windows of a tenant that wait to be computed anew. */
  dirtyWindows(tenant: string): number {
    return this.#dirty.sizeOf(tenant)
  }

  /** The windows that wait, for a snapshot. */
  save(): Uint8Array {
    return encodeDirtyWindows(this.#dirty)
  }

  /** Adds what `save` wrote in an earlier life, whose writes are over. */
  load(bytes: Uint8Array): void {
    for (const { key, windows } of decodeDirtyWindows(bytes))
      for (const { startMs, endMs } of windows) this.mark(key, startMs, endMs, 0)
  }

  /**
   * Takes over the marks of an earlier life. Until it settled well nothing is saved, so that what could not be read is
   * not overwritten; marks work all the same.
   *
   * @throws WindrowError `STATE_CORRUPT` or `STATE_VERSION`; whatever the state store throws
   */
  async open(): Promise<void> {
    await this.#saved.restore()
    if (this.#dirty.size + this.#stale.size > 0) this.#schedule()
  }

  /** Says that a window, or a cell of sessions, lacks a sample that is in the raw write of this number. */
  mark(key: RepairKey, startMs: number, endMs: number, writeNumber: number): void {
    this.#dirty.mark(key, startMs, endMs, writeNumber)
    this.#schedule()
  }

  /** The same for all windows that hold some time in `[fromMs, toMs)`, both finite. */
  markRange(key: RepairKey, scheme: WindowScheme, fromMs: number, toMs: number, writeNumber: number): void {
    this.#dirty.markRange(key, scheme, fromMs, toMs, writeNumber)
    this.#schedule()
  }

  /** To be called whenever the engine's clock moved, after rows that became due were handed to the storage. */
  tick(nowMs: number): void {
    if (this.#abort.signal.aborted) return
    const waits = this.#waits
    this.#waits = waits.filter(({ untilMs }) => untilMs > nowMs)
    for (const { untilMs, resume } of waits) if (untilMs <= nowMs) resume()
    if (this.#running === undefined && this.#dueAtMs !== undefined && nowMs >= this.#dueAtMs) this.#start()
    this.#saved.saveSoon(nowMs)
  }

  /** Settles when every mark set so far is durable, or that failed and was reported. */
  saved(): Promise<void> {
    return this.#saved.save()
  }

  /** Settles when no run is under way and what it left is saved. A run may itself wait for the clock to move. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    await this.#saved.save()
  }

  /** Ends a run that is under way, the marks it did not clear stay, and saves them. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.settled()
  }

  #schedule(): void {
    this.#dueAtMs ??= this.#host.nowMs() + this.#everyMs
  }

  #start(): void {
    this.#dueAtMs = undefined
    const tasks = this.#tasks()
    if (tasks.length === 0) {
      this.#scheduleRest()
      return
    }
    this.#running = this.#run(tasks).then(() => {
      this.#running = undefined
      this.#scheduleRest()
    })
  }

  #scheduleRest(): void {
    if (this.#dirty.size + this.#stale.size > 0) this.#schedule()
  }

  /** What can be done now, by query; forgets queries that are gone. */
  #tasks(): Task[] {
    const keys = new Map<string, RepairKey>()
    for (const windows of [this.#dirty, this.#stale])
      for (const { key } of windows.queries()) keys.set(JSON.stringify([key.tenant, key.query, key.queryVersion]), key)
    const tasks: Task[] = []
    for (const key of keys.values()) {
      const plan = this.#host.planOf(key)
      if (plan === undefined) {
        this.#forget(key)
        continue
      }
      const finalThroughMs = this.#host.finalThroughMs(key)
      const isFinal = ({ endMs }: RepairWindow): boolean => endMs <= finalThroughMs
      const isDue = (window: RepairWindow): boolean => {
        if (plan.window.type !== 'session' && !isFinal(window)) return false
        return (this.#repairedInPart.get(window)?.againMs ?? window.startMs + 1) <= finalThroughMs
      }
      const dirty = this.#dirty.windowsOf(key).filter(isDue)
      const stale = this.#stale.windowsOf(key).filter(isFinal)
      if (dirty.length + stale.length > 0) tasks.push({ key, plan, finalThroughMs, dirty, stale })
    }
    return tasks
  }

  async #run(tasks: readonly Task[]): Promise<void> {
    const { signal } = this.#abort
    let generation: Promise<number> | undefined
    const pass: Pass = {
      // Rows of windows that are final by now are among these writes as well.
      seenWriteNumber: this.#host.lastWriteNumber(),
      generation: () => {
        generation ??= this.#host.raiseGeneration()
        return generation
      },
    }
    try {
      await orAborted(this.#host.writesDone(pass.seenWriteNumber), signal)
      await this.#visible()
    } catch (error) {
      this.#report(error)
      return
    }
    for (const task of tasks) {
      try {
        await this.#repair(task, pass)
      } catch (error) {
        this.#report(error)
        if (signal.aborted) return
      }
    }
    this.#runs++
  }

  async #repair({ key, plan, finalThroughMs, dirty, stale }: Task, pass: Pass): Promise<void> {
    const { storage } = this.#host
    const { signal } = this.#abort
    const { firstMs } = await orAborted(storage.catalog(key.tenant), signal)
    const options = {
      key,
      plan,
      storage,
      recompute: (of: QueryPlan, range: RecomputeRange) => this.#host.recompute(of, range),
      owes: (row: WindowResult) => this.#host.owes(key, row),
      finalThroughMs,
      wholeFromMs: this.#host.wholeFromMs(key),
      storedFromMs: firstMs ?? Number.POSITIVE_INFINITY,
      maxWindowRows: this.#maxWindowRows,
      budget: this.#budget,
      signal,
      emit: (rows: readonly WindowResult[]) => this.#emit(key, rows, pass),
      noteRow: (row: WindowResult) => this.#host.noteRow(key, row),
      inPart: (window: RepairWindow) => this.#repairedInPart.get(window),
    }
    // A scan that hangs does not look at its signal: it is left behind then, and can emit no more.
    const rowsBefore = this.#rows
    const live = await orAborted(new RepairRun(options).repair(dirty, stale), signal)
    await orAborted(this.#host.writesDone(this.#host.lastWriteNumber()), signal)
    // Windows that became final meanwhile may be filled from rows as they were.
    const isOvertaken =
      plan.fill !== undefined && this.#rows > rowsBefore && this.#host.finalThroughMs(key) > finalThroughMs
    for (const { startMs } of stale) this.#stale.clear(key, startMs, pass.seenWriteNumber)
    for (const window of dirty) {
      const rows = live.get(window)
      const before = this.#repairedInPart.get(window)
      if (rows !== undefined)
        this.#repairedInPart.set(window, repairedInPart(window.endMs, rows, finalThroughMs, before))
      else if (!isOvertaken) this.#dirty.clear(key, window.startMs, pass.seenWriteNumber)
    }
  }

  async #emit(key: RepairKey, rows: readonly WindowResult[], { generation }: Pass): Promise<void> {
    const leastRevision = (await orAborted(generation(), this.#abort.signal)) * 65_536 + 1
    // A query that went meanwhile has no readers, and its marks go with the next run.
    if (this.#host.planOf(key) === undefined) return
    this.#rows += rows.length
    this.#host.emit(rows.map((row) => ({ ...row, revision: Math.max(leastRevision, row.revision) })))
  }

  /** Waits, on the engine's clock, until the storage shows what it acknowledged. */
  async #visible(): Promise<void> {
    const { visibleAfterMs = 0 } = this.#host.storage.capabilities
    if (visibleAfterMs === 0) return
    const untilMs = this.#host.nowMs() + visibleAfterMs
    const shown = new Promise<void>((resume) => {
      this.#waits.push({ untilMs, resume })
    })
    await orAborted(shown, this.#abort.signal)
  }

  #forget(key: RepairKey): void {
    this.#dirty.clearQuery(key)
    this.#stale.clearQuery(key)
  }

  #report(error: unknown): void {
    if (!this.#abort.signal.aborted) this.#host.onError(error)
  }
}
