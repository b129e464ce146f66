import { extremesOf } from '../aggregate/distribution-extremes.ts'
import type { DistributionState } from '../aggregate/distribution-state.ts'
import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { growInt32 } from '../internal/grow.ts'
import type { GroupDimension, SeriesSelector } from '../plan/query-plan.ts'
import type { SeriesInfo, SeriesRef } from '../registry/identity.ts'
import { compileSelector } from '../registry/selector.ts'
import type { MetricEntry, SeriesRegistry } from '../registry/series-registry.ts'
import { paneBounds } from './edges.ts'
import { Groups } from './groups.ts'
import type { PaneState } from './merged-panes.ts'
import { Pane } from './pane.ts'
import { FANOUT, PaneTree } from './pane-tree.ts'
import type { QueryWindows } from './query-windows.ts'
import { RunningWindow } from './running-window.ts'

/** A pane that holds no time, so that the first sample always looks further. */
const NO_PANE: Pane = new Pane(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0, false)

/** Windows of fewer panes are merged pane by pane. */
const TREE_FROM_PANES = 12
/** So are those of queries whose windows hold a time fewer times than this: a pane is then seldom merged twice. */
const TREE_FROM_OVERLAP = 4

/** Fields of `PaneStore.counts`; in a typed array so that counting allocates nothing. */
const MATCHED = 0
const ON_TIME = 1
const EXCLUDED = 2

/**
 * Panes of all queries that read the same series in the same groups, whatever their windows and functions: a
 * sample is folded once, however many queries there are.
 *
 * Invariant: panes are sorted, do not overlap, and none is cut by a window edge of a query, except by edges
 * of windows that start before that query's `coversFromMs`.
 */
export class PaneStore {
  readonly key: string
  readonly metric: MetricEntry
  readonly groups: Groups
  readonly panes: Pane[] = []
  readonly queries: QueryWindows[] = []
  /** Slot by index of the series in its metric; -1 = not selected. */
  slotOf: Int32Array = new Int32Array(0)
  seriesMatched = 0
  readonly #registry: SeriesRegistry
  readonly #matches: (series: SeriesInfo) => boolean
  #routed = 0
  #current: Pane = NO_PANE
  /** Sum of the queries' final lines when the panes were last tidied: it grows when any of them moves. */
  #tidiedAt = Number.NaN
  /** Starts of panes that came between others since then. */
  #untidyStartsMs: number[] = []
  #withSketches = false
  #tree: PaneTree
  /** Of queries whose windows overlap much. */
  #running = new Map<QueryWindows, RunningWindow>()
  /** At and after this time no window of any query has been emitted. */
  #onTimeFromMs = Number.NEGATIVE_INFINITY
  readonly #counts = new Float64Array(3)

  constructor(
    key: string,
    registry: SeriesRegistry,
    metric: MetricEntry,
    selector: SeriesSelector,
    groupBy: readonly GroupDimension[],
  ) {
    this.key = key
    this.#registry = registry
    this.metric = metric
    this.#matches = compileSelector(selector)
    this.groups = new Groups(groupBy)
    this.#tree = new PaneTree(this.panes, 1)
  }

  get matched(): number {
    return this.#counts[MATCHED]!
  }

  get onTime(): number {
    return this.#counts[ON_TIME]!
  }

  get excluded(): number {
    return this.#counts[EXCLUDED]!
  }

  /** Looks at series registered since the last call: which are selected, and in which group. */
  route(): void {
    const { series, seriesCount } = this.metric
    if (this.#routed === seriesCount) return
    if (this.slotOf.length < seriesCount) this.slotOf = growInt32(this.slotOf, series.length, -1)
    for (let local = this.#routed; local < seriesCount; local++) {
      const info = this.#registry.describe(series[local]! as SeriesRef)
      const selected = this.#matches(info)
      this.slotOf[local] = selected ? this.groups.slotOf(info) : -1
      if (selected) this.seriesMatched++
    }
    this.#routed = seriesCount
    if (this.#current !== NO_PANE) this.#current.grow(this.groups.count, seriesCount)
  }

  /** `cutMs`: the first event time the query sees whole, or undefined when nothing was applied yet. */
  addQuery(query: QueryWindows, cutMs: number | undefined): void {
    this.queries.push(query)
    if (query.needsSketch && !this.#withSketches) {
      this.#withSketches = true
      for (const pane of this.panes) pane.sketches ??= []
    }
    if (cutMs !== undefined) {
      // New edges count from the cut: what is already in a pane cannot be told apart any more.
      let coversFromMs = cutMs
      for (const pane of this.panes) {
        if (pane.startMs < cutMs && pane.endMs > cutMs && pane.lastMs < cutMs) pane.endMs = cutMs
        else if (pane.endMs > cutMs) coversFromMs = Math.max(coversFromMs, pane.endMs)
      }
      query.coversFromMs = coversFromMs
    }
    this.#queriesChanged()
  }

  removeQuery(query: QueryWindows): void {
    const at = this.queries.indexOf(query)
    if (at >= 0) this.queries.splice(at, 1)
    this.#queriesChanged()
  }

  refreshOnTime(): void {
    this.#onTimeFromMs = this.queries.reduce((ms, query) => Math.max(ms, query.onTimeFromMs), Number.NEGATIVE_INFINITY)
  }

  /** Folds one value of the series at `local` into its pane. The hot path: no allocation. */
  add(local: number, timeMs: number, value: number): void {
    const slot = this.slotOf[local]!
    if (slot < 0) return
    const counts = this.#counts
    counts[MATCHED]! += 1
    if (Number.isNaN(value)) {
      counts[EXCLUDED]! += 1
      return
    }
    if (timeMs >= this.#onTimeFromMs) counts[ON_TIME]! += 1
    else if (!this.#noteLate(slot, timeMs, local)) return
    let pane = this.#current
    if (timeMs < pane.startMs || timeMs >= pane.endMs) pane = this.#paneAt(timeMs)
    pane.stats.add(slot, value)
    if (pane.sketches !== undefined && value - value === 0) sketchAt(pane.sketches, slot).add(value)
    pane.seen[local >>> 5]! |= 1 << (local & 31)
    if (timeMs > pane.lastMs) pane.lastMs = timeMs
  }

  /** As `add`, for a value that stands for `weight` samples. */
  addWeighted(local: number, timeMs: number, value: number, weight: number): void {
    const pane = this.#paneForRow(local, timeMs, Number.isNaN(value) || !(weight > 0))
    if (pane === undefined) return
    const slot = this.slotOf[local]!
    pane.stats.addTotals(slot, weight, value * weight, value, value)
    if (pane.sketches !== undefined && Number.isFinite(value)) sketchAt(pane.sketches, slot).addWeighted(value, weight)
  }

  /** As `add`, for a ready-made distribution. */
  addState(local: number, timeMs: number, state: DistributionState): void {
    const pane = this.#paneForRow(local, timeMs, false)
    if (pane === undefined || state.count === 0) return
    const slot = this.slotOf[local]!
    const extremes = extremesOf(state)
    pane.stats.addTotals(slot, state.count, state.sum, extremes.min, extremes.max)
    if (!extremes.recorded) {
      pane.boundExtremes ??= new Set()
      pane.boundExtremes.add(slot)
    }
    if (pane.sketches !== undefined) sketchAt(pane.sketches, slot).mergeDistribution(state)
  }

  /** Counts a row that says only that there is no value. */
  exclude(local: number): void {
    if (this.slotOf[local]! < 0) return
    this.#counts[MATCHED]! += 1
    this.#counts[EXCLUDED]! += 1
  }

  /**
   * Frees panes that no query can emit or revise any more, and joins neighbours that no window tells apart any
   * more, so that a long window beside short ones costs a handful of panes.
   */
  tidy(): void {
    const finalMs = this.queries.reduce((ms, query) => ms + query.finalThroughMs, 0)
    if (finalMs === this.#tidiedAt) return
    this.#tidiedAt = finalMs
    const { panes, queries } = this
    let freed = 0
    while (freed < panes.length && !queries.some((query) => query.needsPane(panes[freed]!))) freed++
    if (freed > 0) {
      this.#tree.forgetThrough(panes[freed - 1]!.startMs)
      panes.splice(0, freed)
      this.#current = NO_PANE
    }
    // An edge that dies is one of a window that became final; panes may be joined at the first start after it.
    for (const query of queries) {
      const { sizeMs, stepMs } = query.window
      const fromMs = query.tidiedThroughMs
      const toMs = query.finalThroughMs
      if (fromMs === toMs) continue
      query.tidiedThroughMs = toMs
      this.#joinBetween(fromMs - sizeMs, toMs - sizeMs + stepMs)
      this.#joinBetween(fromMs, toMs + stepMs)
    }
    for (const startMs of this.#untidyStartsMs) {
      const next = panes[this.#tree.firstStartingAt(startMs + 1)]
      this.#joinBetween(startMs, (next?.startMs ?? startMs) + 1)
    }
    this.#untidyStartsMs = []
  }

  /** Joins every pane that starts in `[fromMs, toMs)` to the one before it, unless a live edge is between them. */
  #joinBetween(fromMs: number, toMs: number): void {
    const { panes, queries } = this
    const first = Math.max(1, this.#tree.firstStartingAt(fromMs))
    let kept = first - 1
    let next = first
    for (; next < panes.length && panes[next]!.startMs < toMs; next++) {
      const before = panes[kept]!
      const pane = panes[next]!
      if (queries.some((query) => query.hasLiveEdge(before.endMs, pane.startMs))) panes[++kept] = pane
      else {
        this.#tree.paneChanged(before.startMs)
        this.#tree.paneChanged(pane.startMs)
        before.absorb(pane)
      }
    }
    if (++kept >= next) return
    panes.splice(kept, next - kept)
    this.#current = NO_PANE
  }

  /** The parts that make up `[startMs, endMs)`; windows asked for here end later from call to call of a query. */
  partsOfDue(query: QueryWindows, startMs: number, endMs: number): PaneState[] {
    // Until its end is passed for all queries, the panes of this window may be merged: what comes for them is late.
    if (endMs > this.#onTimeFromMs) this.#onTimeFromMs = endMs
    return this.#partsOf(query, startMs, endMs, this.#running.get(query))
  }

  /** As `partsOfDue`, for any window that was due before. */
  partsOf(query: QueryWindows, startMs: number, endMs: number): PaneState[] {
    return this.#partsOf(query, startMs, endMs, undefined)
  }

  /** Index of the first pane that ends after `timeMs`. */
  firstPaneAfter(timeMs: number): number {
    let low = 0
    let high = this.panes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.panes[middle]!.endMs > timeMs) high = middle
      else low = middle + 1
    }
    return low
  }

  get bytes(): number {
    return this.panes.reduce((bytes, pane) => bytes + pane.bytes, this.slotOf.byteLength + this.#tree.bytes)
  }

  #partsOf(query: QueryWindows, startMs: number, endMs: number, running: RunningWindow | undefined): PaneState[] {
    const { panes } = this
    const tree = this.#tree
    const first = tree.firstStartingAt(startMs)
    let last = tree.firstStartingAt(endMs)
    let untilMs = endMs
    if (last > first && panes[last - 1]!.endMs > endMs) untilMs = panes[--last]!.startMs
    if (last - first < TREE_FROM_PANES || !overlapsMuch(query)) return panes.slice(first, last)
    tree.slots = this.groups.count
    const firstBlock = Math.ceil(startMs / tree.blockMs)
    const endBlock = Math.floor(untilMs / tree.blockMs)
    if (endBlock <= firstBlock) return panes.slice(first, last)
    return [
      ...(running === undefined ? tree.cover(firstBlock, endBlock) : running.slideTo(firstBlock, endBlock)),
      ...panes.slice(first, tree.firstStartingAt(firstBlock * tree.blockMs)),
      ...panes.slice(tree.firstStartingAt(endBlock * tree.blockMs), last),
    ]
  }

  /** Panes are cut elsewhere from now on, and other samples count as late: what was merged is merged anew. */
  #queriesChanged(): void {
    // Panes are about as long as the time between two edges of the query that has most.
    const paneMs = this.queries.reduce(
      (ms, { window }) => Math.min(ms, window.sizeMs % window.stepMs === 0 ? window.stepMs : window.stepMs / 2),
      Number.POSITIVE_INFINITY,
    )
    this.#tree = new PaneTree(this.panes, this.queries.length === 0 ? 1 : Math.max(1, Math.floor(paneMs * FANOUT)))
    this.#running = new Map()
    for (const query of this.queries) if (overlapsMuch(query)) this.#running.set(query, new RunningWindow(this.#tree))
    for (const query of this.queries) query.tidiedThroughMs = Number.NEGATIVE_INFINITY
    this.#tidiedAt = Number.NaN
    this.#current = NO_PANE
    this.refreshOnTime()
  }

  #paneForRow(local: number, timeMs: number, excluded: boolean): Pane | undefined {
    const slot = this.slotOf[local]!
    if (slot < 0) return undefined
    this.#counts[MATCHED]! += 1
    if (excluded) {
      this.#counts[EXCLUDED]! += 1
      return undefined
    }
    if (timeMs >= this.#onTimeFromMs) this.#counts[ON_TIME]! += 1
    else if (!this.#noteLate(slot, timeMs, local)) return undefined
    let pane = this.#current
    if (timeMs < pane.startMs || timeMs >= pane.endMs) pane = this.#paneAt(timeMs)
    pane.seen[local >>> 5]! |= 1 << (local & 31)
    if (timeMs > pane.lastMs) pane.lastMs = timeMs
    return pane
  }

  /** Tells every query of a sample behind some window that was emitted; true when any window still takes it. */
  #noteLate(slot: number, timeMs: number, local: number): boolean {
    let needed = false
    for (const query of this.queries) if (query.takeLate(slot, timeMs)) needed = true
    if (needed) this.#tree.noteLate(this.#paneAt(timeMs).startMs, slot, local)
    return needed
  }

  #paneAt(timeMs: number): Pane {
    const at = this.firstPaneAfter(timeMs)
    let pane = this.panes[at]
    if (pane === undefined || pane.startMs > timeMs) {
      const bounds = paneBounds(
        this.queries.map((query) => query.window),
        timeMs,
      )
      const startMs = Math.max(bounds.startMs, this.panes[at - 1]?.endMs ?? bounds.startMs)
      const endMs = Math.min(bounds.endMs, pane?.startMs ?? bounds.endMs)
      pane = new Pane(startMs, endMs, this.groups.count, this.metric.seriesCount, this.#withSketches)
      this.panes.splice(at, 0, pane)
      this.#tree.paneChanged(startMs)
      if (at < this.panes.length - 1 || startMs < this.#onTimeFromMs) this.#untidyStartsMs.push(startMs)
    }
    pane.grow(this.groups.count, this.metric.seriesCount)
    this.#current = pane
    return pane
  }
}

function overlapsMuch({ window }: QueryWindows): boolean {
  return window.sizeMs >= TREE_FROM_OVERLAP * window.stepMs
}

function sketchAt(sketches: (ExponentialSketch | undefined)[], slot: number): ExponentialSketch {
  const known = sketches[slot]
  if (known !== undefined) return known
  while (sketches.length < slot) sketches.push(undefined)
  const sketch = new ExponentialSketch()
  sketches[slot] = sketch
  return sketch
}
