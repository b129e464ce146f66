import { WindrowError } from '../errors.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import { type DiffContext, diffRows, groupKeyOf, staleRow } from './diff-rows.ts'
import type { RepairKey } from './dirty-windows.ts'
import { meteredStorage } from './metered-storage.ts'
import { throwIfAborted } from './or-aborted.ts'
import { pairWindows } from './pair-windows.ts'
import type { RepairHost } from './repair-host.ts'
import { type RepairRange, type RepairWindow, rangesOf, withFilledAfter } from './repair-ranges.ts'
import type { RowBudget } from './row-budget.ts'
import { WindowRows } from './window-rows.ts'

export interface RepairRunOptions {
  readonly key: RepairKey
  readonly plan: QueryPlan
  readonly storage: StorageAdapter
  readonly recompute: RepairHost['recompute']
  /** Rows that are not the query's are left alone. */
  readonly owes: (row: WindowResult) => boolean
  /** Rows that end later are still live: neither emitted nor taken back. */
  readonly finalThroughMs: number
  /** Time of the first stored sample of the tenant. */
  readonly storedFromMs: number
  /** Windows of more raw rows are not computed; their stored rows are emitted again as stale. */
  readonly maxWindowRows: number
  readonly budget: RowBudget
  readonly signal: AbortSignal
  /** Takes rows that belong together, each with the least revision it must have; 0 for a row that is new. */
  readonly emit: (rows: readonly WindowResult[]) => Promise<void>
}

/** One pass over the windows of one query that wait for repair. Rows of one identity are emitted at most once. */
export class RepairRun {
  readonly #options: RepairRunOptions
  readonly #isSession: boolean
  readonly #diff: DiffContext
  /** Rows that start at or before this were dealt with. */
  #doneThroughMs = Number.NEGATIVE_INFINITY

  constructor(options: RepairRunOptions) {
    this.#options = options
    this.#isSession = options.plan.window.type === 'session'
    const { plan, finalThroughMs, storedFromMs, key } = options
    this.#diff = { plan, queryVersion: key.queryVersion, finalThroughMs, storedFromMs }
  }

  /**
   * Computes the `dirty` windows anew, all groups, from what is stored, and emits what differs from the stored rows;
   * those of sessions are whole cells. Stored rows within the `stale` intervals are emitted again as stale, unless they
   * are computed anew. Rejects with `ABORTED` or what the storage fails with; then it is not known which windows are
   * done, and another pass finds those unchanged.
   */
  async repair(dirty: readonly RepairWindow[], stale: readonly RepairWindow[]): Promise<void> {
    const { plan } = this.#options
    const windows = withFilledAfter(dirty, plan)
    const isComputed = coverTest(windows, plan)
    for (const interval of stale) await this.#markStale(interval, isComputed)
    const pending = rangesOf(windows, plan)
    for (let range = pending.shift(); range !== undefined; range = pending.shift()) {
      const over = await this.#repairRange(range)
      if (over === undefined) continue
      const left = range.windows.filter((window) => this.#isLeft(window))
      const tooLarge = left.filter((window) => sharesHalf(window, over))
      for (const window of tooLarge) await this.#markStale(window)
      pending.unshift(
        ...rangesOf(
          left.filter((window) => !tooLarge.includes(window)),
          plan,
        ),
      )
    }
  }

  /** Emits the stored rows that lie within the interval again, but those `isOut` says to leave. */
  async #markStale({ startMs, endMs }: RepairWindow, isOut?: (startMs: number) => boolean): Promise<void> {
    const { finalThroughMs, emit, signal } = this.#options
    const rows: WindowResult[] = []
    for await (const row of this.#storedRows(startMs, endMs)) {
      throwIfAborted(signal)
      if (row.startMs <= this.#doneThroughMs || row.endMs > finalThroughMs) continue
      if ((!this.#isSession && row.endMs > endMs) || isOut?.(row.startMs) === true) continue
      const stale = staleRow(row)
      if (stale === undefined) continue
      if (rows.length > 0 && rows[0]!.startMs !== stale.startMs) await emit(rows.splice(0))
      rows.push(stale)
    }
    if (rows.length > 0) await emit(rows)
  }

  /** Repairs a range up to its end, or up to a window that has too many rows; then that one is returned. */
  async #repairRange({ fromMs, toMs, windows }: RepairRange): Promise<RepairWindow | undefined> {
    const { plan, key, recompute, finalThroughMs, owes, signal, emit } = this.#options
    let over: RepairWindow | undefined
    const storage = this.#metered(windows, (window) => {
      over = window
    })
    const untilMs = this.#isSession ? toMs : windows[windows.length - 1]!.startMs + 1
    // Each window once, as it is in the end.
    const history = recompute({ ...plan, emit: { at: 'end' } }, { key, storage, fromMs, toMs: untilMs, signal })
    const fresh = this.#isSession ? byStart(history) : history
    const isComputed = coverTest(windows, plan)
    const liveThroughMs = new Map<string, number>()
    const isHeld = (row: WindowResult) => (liveThroughMs.get(groupKeyOf(plan, row)) ?? row.startMs) > row.startMs
    try {
      for await (const pair of pairWindows(fresh, this.#storedRows(fromMs, untilMs))) {
        throwIfAborted(signal)
        const { startMs } = pair
        if (startMs <= this.#doneThroughMs || !isComputed(startMs)) continue
        if (this.#isSession)
          for (const row of pair.fresh)
            if (row.endMs > finalThroughMs) liveThroughMs.set(groupKeyOf(plan, row), row.endMs)
        const rows = diffRows(pair.fresh.filter(owes), pair.stored.filter(owes), this.#diff, isHeld)
        if (rows.length > 0) await emit(rows)
        this.#doneThroughMs = startMs
      }
    } catch (error) {
      if (over === undefined) throw error
    }
    return over
  }

  #metered(windows: readonly RepairWindow[], onOver: (window: RepairWindow) => void): StorageAdapter {
    const { storage, budget, maxWindowRows, signal } = this.#options
    return meteredStorage(storage, () => {
      const counts = new WindowRows(windows)
      return async (batch: SampleBatch) => {
        const over = counts.add(batch.timestampsMs, batch.length, maxWindowRows)
        if (over !== undefined) {
          onOver(over)
          throw new WindrowError('ABORTED', `a window has more than ${maxWindowRows} samples`)
        }
        await budget.take(batch.length, signal)
      }
    })
  }

  #storedRows(fromMs: number, toMs: number): AsyncIterable<WindowResult> {
    const { storage, key, signal } = this.#options
    const { tenant, query, queryVersion } = key
    return storage.scanResults({ tenant, query, queryVersion, fromMs, toMs, signal })
  }

  #isLeft({ startMs, endMs }: RepairWindow): boolean {
    return (this.#isSession ? endMs - 1 : startMs) > this.#doneThroughMs
  }
}

/** Whether rows of that start are of one of the windows. */
function coverTest(windows: readonly RepairWindow[], { window }: QueryPlan): (startMs: number) => boolean {
  const starts = new Set(windows.map(({ startMs }) => startMs))
  if (window.type !== 'session') return (startMs) => starts.has(startMs)
  return (startMs) => starts.has(Math.floor(startMs / window.maxMs) * window.maxMs)
}

/** Sessions come as they end; those of a cell are put in order of their starts. */
async function* byStart(rows: AsyncIterable<WindowResult>): AsyncGenerator<WindowResult> {
  const sorted: WindowResult[] = []
  for await (const row of rows) sorted.push(row)
  sorted.sort((a, b) => a.startMs - b.startMs)
  yield* sorted
}

/** Windows that share half their length or more have much the same number of rows: one that is too large stands for all. */
function sharesHalf(window: RepairWindow, over: RepairWindow): boolean {
  const sharedMs = Math.min(window.endMs, over.endMs) - Math.max(window.startMs, over.startMs)
  return sharedMs * 2 >= window.endMs - window.startMs
}
