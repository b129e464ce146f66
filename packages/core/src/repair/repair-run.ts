import { PAIRED_WITHIN_MS } from '../counter/pair-rule.ts'
import { WindrowError } from '../errors.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import { windowScheme } from '../window/scheme-of.ts'
import { type Candidate, choose, type ShowRules, showRules } from '../window/shown-rows.ts'
import { type DiffContext, diffRows, groupKeyOf, staleRow } from './diff-rows.ts'
import type { RepairKey } from './dirty-windows.ts'
import type { LiveRows, RepairedInPart } from './live-rows.ts'
import { meteredStorage } from './metered-storage.ts'
import { runsOf, windowsOfNext } from './next-samples.ts'
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
  /** Rows that start at or after this are whole, though the storage may have begun later. */
  readonly wholeFromMs: number
  /** Time of the first stored sample of the tenant. */
  readonly storedFromMs: number
  /** Windows of more raw rows are not computed; their stored rows are emitted again as stale. */
  readonly maxWindowRows: number
  readonly budget: RowBudget
  readonly signal: AbortSignal
  /** Takes rows that belong together, each with the least revision it must have; 0 for a row that is new. */
  readonly emit: (rows: readonly WindowResult[]) => Promise<void>
  /** Told by plans with FILL what samples make of a final window where readers saw it change or do not see it. */
  readonly noteRow: (row: WindowResult) => void
  /** What is known of a window that was repaired before. */
  readonly inPart: (window: RepairWindow) => RepairedInPart | undefined
}

/** One pass over the windows of one query that wait for repair. Rows of one identity are emitted at most once. */
export class RepairRun {
  readonly #options: RepairRunOptions
  readonly #isSession: boolean
  readonly #diff: DiffContext
  /** Of plans with FILL: which rows are shown is found here, as filled rows that are not are no sign of silence. */
  readonly #rules: ShowRules | undefined
  readonly #live = new Map<RepairWindow, LiveRows>()
  /** Rows that start at or before this were dealt with. */
  #doneThroughMs = Number.NEGATIVE_INFINITY

  constructor(options: RepairRunOptions) {
    this.#options = options
    this.#isSession = options.plan.window.type === 'session'
    const { plan, finalThroughMs, wholeFromMs, storedFromMs, key } = options
    this.#diff = { plan, queryVersion: key.queryVersion, finalThroughMs, wholeFromMs, storedFromMs }
    this.#rules = plan.fill === undefined ? undefined : showRules(plan)
  }

  /**
   * Computes the `dirty` windows anew, all groups, from what is stored, and emits what differs from the stored rows;
   * those of sessions are whole cells. Stored rows within the `stale` intervals are emitted again as stale, unless they
   * are computed anew. Returns the dirty windows that are to be repaired again, and what of them is live. Rejects with `ABORTED` or what the storage fails with; then it is not known which windows are
   * done, and another pass finds those unchanged.
   */
  async repair(
    dirty: readonly RepairWindow[],
    stale: readonly RepairWindow[],
  ): Promise<ReadonlyMap<RepairWindow, LiveRows>> {
    const { plan } = this.#options
    const windows = withFilledAfter([...dirty, ...(await this.#nextOf(dirty))], plan)
    const isComputed = coverTest(windows, plan)
    for (const interval of stale) await this.#markStale(interval, isComputed)
    const pending = rangesOf(windows, plan)
    for (let range = pending.shift(); range !== undefined; range = pending.shift()) {
      const over = await this.#repairRange(range)
      if (over === undefined) continue
      const left = range.windows.filter((window) => this.#isLeft(window))
      const tooLarge = left.filter((window) => sharesHalf(window, over))
      for (const window of tooLarge) {
        await this.#markStale(window)
        // Its rows that are live now are to say so too.
        if (this.#isSession && window.endMs > this.#options.finalThroughMs)
          this.#live.set(window, { startMs: window.endMs, endMs: window.endMs })
      }
      pending.unshift(
        ...rangesOf(
          left.filter((window) => !tooLarge.includes(window)),
          plan,
        ),
      )
    }
    return this.#live
  }

  /** The other windows that late samples of counters in `dirty` ones may have made wrong, by the next ones' amounts. */
  async #nextOf(dirty: readonly RepairWindow[]): Promise<RepairWindow[]> {
    const { plan, finalThroughMs } = this.#options
    const { window, reading } = plan
    if ((reading !== 'increase' && reading !== 'rate') || window.type === 'session') return []
    const scheme = windowScheme(window)
    const starts = new Set(dirty.map(({ startMs }) => startMs))
    const found = new Map<number, RepairWindow>()
    for (const run of runsOf(dirty, scheme)) {
      let lastEndMs = Number.NEGATIVE_INFINITY
      for (const next of await windowsOfNext(run, scheme, (fromMs, toMs) => this.#rawSamples(fromMs, toMs))) {
        if (starts.has(next.startMs)) continue
        found.set(next.startMs, next)
        lastEndMs = Math.max(lastEndMs, next.endMs)
      }
      if (lastEndMs <= finalThroughMs) continue
      for (const of of run.windows)
        if (of.endMs > run.toMs - PAIRED_WITHIN_MS) this.#live.set(of, { startMs: lastEndMs, endMs: lastEndMs })
    }
    return [...found.values()]
  }

  async *#rawSamples(fromMs: number, toMs: number): AsyncGenerator<SampleBatch> {
    const { storage, key, plan, budget, signal } = this.#options
    for await (const batch of storage.scanRaw({
      tenant: key.tenant,
      selector: plan.selector,
      fromMs,
      toMs,
      signal,
    })) {
      throwIfAborted(signal)
      await budget.take(batch.length, signal)
      yield batch
    }
  }

  /** Emits the stored rows that lie within the interval again, but those `isOut` says to leave. */
  async #markStale({ startMs, endMs }: RepairWindow, isOut?: (startMs: number) => boolean): Promise<void> {
    const { finalThroughMs, owes, emit, signal } = this.#options
    const rows: WindowResult[] = []
    for await (const row of this.#storedRows(startMs, endMs)) {
      throwIfAborted(signal)
      if (row.startMs <= this.#doneThroughMs || row.endMs > finalThroughMs || !owes(row)) continue
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
    const rules = this.#rules
    let over: RepairWindow | undefined
    const storage = this.#metered(windows, (window) => {
      over = window
    })
    const untilMs = this.#isSession ? toMs : windows[windows.length - 1]!.startMs + 1
    // Each window once, as it is in the end.
    const asItIs = rules === undefined ? plan : withoutRules(plan)
    const history = recompute({ ...asItIs, emit: { at: 'end' } }, { key, storage, fromMs, toMs: untilMs, signal })
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
            if (row.endMs > finalThroughMs) {
              liveThroughMs.set(groupKeyOf(plan, row), row.endMs)
              this.#noteLive(windows[0]!, row)
            }
        const rows = pair.fresh.filter(owes)
        const shown = chooseRows(rows, rules)
        const groups = new Set(rules === undefined ? [] : rows.map((row) => groupKeyOf(plan, row)))
        const isSilent = (row: WindowResult) => !groups.has(groupKeyOf(plan, row))
        const changed = diffRows(shown, pair.stored.filter(owes), this.#diff, { isHeld, isSilent })
        if (changed.length > 0) await emit(changed)
        if (plan.fill !== undefined) this.#noteRows(rows, shown, changed)
        this.#doneThroughMs = startMs
      }
    } catch (error) {
      if (over === undefined) throw error
    }
    return over
  }

  /** Of a session that began after the late samples no more is to be found later. */
  #noteLive(cell: RepairWindow, { startMs, endMs }: WindowResult): void {
    if (startMs > (this.#options.inPart(cell)?.startsThroughMs ?? Number.POSITIVE_INFINITY)) return
    const known = this.#live.get(cell)
    if (known === undefined) this.#live.set(cell, { startMs, endMs })
    else this.#live.set(cell, { startMs: Math.max(startMs, known.startMs), endMs: Math.min(endMs, known.endMs) })
  }

  /** Passes on rows of samples that changed, and those that are not shown, of which nobody knows whether they did. */
  #noteRows(rows: readonly WindowResult[], shown: readonly WindowResult[], changed: readonly WindowResult[]): void {
    const { plan, finalThroughMs, noteRow } = this.#options
    const isGiven = (row: WindowResult) => row.retracted !== true && row.quality?.stale !== true
    const given = new Set(changed.filter(isGiven).map((row) => groupKeyOf(plan, row)))
    const seen = new Set(shown.map((row) => groupKeyOf(plan, row)))
    for (const row of rows) {
      if (row.count === 0 || row.endMs > finalThroughMs) continue
      const group = groupKeyOf(plan, row)
      if (given.has(group) || !seen.has(group)) noteRow(row)
    }
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

function withoutRules({ minSamples: _m, having: _h, orderBy: _o, limit: _l, ...plan }: QueryPlan): QueryPlan {
  return plan
}

/** The rows of one window that are shown; given in group order, as runs over history have them. */
function chooseRows(rows: readonly WindowResult[], rules: ShowRules | undefined): readonly WindowResult[] {
  if (rules === undefined) return rows
  const candidates: Candidate[] = rows.map(({ values, count, quality }, slot) => ({ slot, values, count, quality }))
  return choose(candidates, rules).map(({ slot, values }) => {
    const row = rows[slot]!
    if (values === row.values) return row
    const { quality: _, ...thin } = row
    return { ...thin, values }
  })
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
