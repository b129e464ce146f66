import { extremesOf } from '../aggregate/distribution-extremes.ts'
import type { DistributionState } from '../aggregate/distribution-state.ts'
import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { growUint32 } from '../internal/grow.ts'
import type { GroupDimension, SeriesSelector } from '../plan/query-plan.ts'
import type { SeriesInfo } from '../registry/identity.ts'
import { compileSelector } from '../registry/selector.ts'
import type { MetricEntry } from '../registry/series-registry.ts'
import { paneBounds } from './edges.ts'
import { Groups } from './groups.ts'
import type { PaneState } from './merged-panes.ts'
import { Pane } from './pane.ts'
import { PaneTidier } from './pane-tidier.ts'
import type { QueryWindows } from './query-windows.ts'
import { WindowParts } from './window-parts.ts'

/** A pane that holds no time, so that the first sample always looks further. */
const NO_PANE: Pane = new Pane(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0, false)

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
  seriesMatched = 0
  /** Selected series in order of selection; a series' place here is its `position`. */
  refs: Uint32Array = new Uint32Array(4)
  /** Slot by position. */
  slots: Uint32Array = new Uint32Array(4)
  readonly #matches: (series: SeriesInfo) => boolean
  #current: Pane = NO_PANE
  #withSketches = false
  readonly #parts: WindowParts = new WindowParts(this.panes)
  readonly #tidier: PaneTidier = new PaneTidier(this.panes, this.#parts)
  /** At and after this time no window of any query has been emitted. */
  #onTimeFromMs = Number.NEGATIVE_INFINITY
  readonly #counts = new Float64Array(3)

  constructor(key: string, metric: MetricEntry, selector: SeriesSelector, groupBy: readonly GroupDimension[]) {
    this.key = key
    this.metric = metric
    this.#matches = compileSelector(selector)
    this.groups = new Groups(groupBy)
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

  /** Takes a series in if it is selected: its position, or -1. */
  take(info: SeriesInfo): number {
    if (!this.#matches(info)) return -1
    const position = this.seriesMatched++
    if (position === this.refs.length) {
      this.refs = growUint32(this.refs, position * 2)
      this.slots = growUint32(this.slots, position * 2)
    }
    this.refs[position] = info.ref
    this.slots[position] = this.groups.slotOf(info)
    // The pane in use may have no room for it: it is looked up again, and grows then.
    this.#current = NO_PANE
    return position
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

  /** Folds one value of the series at `position` into its pane. The hot path: no allocation. */
  add(position: number, timeMs: number, value: number): void {
    const slot = this.slots[position]!
    const counts = this.#counts
    counts[MATCHED]! += 1
    if (Number.isNaN(value)) {
      counts[EXCLUDED]! += 1
      return
    }
    if (timeMs >= this.#onTimeFromMs) counts[ON_TIME]! += 1
    else if (!this.#noteLate(slot, timeMs, position)) return
    let pane = this.#current
    if (timeMs < pane.startMs || timeMs >= pane.endMs) pane = this.#paneAt(timeMs)
    pane.stats.add(slot, value)
    if (pane.sketches !== undefined && value - value === 0) sketchAt(pane.sketches, slot).add(value)
    pane.seen[position >>> 5]! |= 1 << (position & 31)
    if (timeMs > pane.lastMs) pane.lastMs = timeMs
  }

  /** As `add`, for a value that stands for `weight` samples. */
  addWeighted(position: number, timeMs: number, value: number, weight: number): void {
    const pane = this.#paneForRow(position, timeMs, Number.isNaN(value) || !(weight > 0))
    if (pane === undefined) return
    const slot = this.slots[position]!
    pane.stats.addTotals(slot, weight, value * weight, value, value)
    if (pane.sketches !== undefined && Number.isFinite(value)) sketchAt(pane.sketches, slot).addWeighted(value, weight)
  }

  /** As `add`, for a ready-made distribution. */
  addState(position: number, timeMs: number, state: DistributionState): void {
    const pane = this.#paneForRow(position, timeMs, false)
    if (pane === undefined || state.count === 0) return
    const slot = this.slots[position]!
    const extremes = extremesOf(state)
    pane.stats.addTotals(slot, state.count, state.sum, extremes.min, extremes.max)
    if (!extremes.recorded) {
      pane.boundExtremes ??= new Set()
      pane.boundExtremes.add(slot)
    }
    if (pane.sketches !== undefined) sketchAt(pane.sketches, slot).mergeDistribution(state)
  }

  /** Counts a row that says only that there is no value. */
  exclude(): void {
    this.#counts[MATCHED]! += 1
    this.#counts[EXCLUDED]! += 1
  }

  /** Frees and joins panes where windows became final. */
  tidy(): void {
    if (this.#tidier.tidy(this.queries)) this.#current = NO_PANE
  }

  /** What makes up the window `[startMs, endMs)`, which is due; good until the store's next change. */
  partsOfDue(query: QueryWindows, startMs: number, endMs: number): PaneState[] {
    // What comes for these panes from now on is late, be it from a listener that is told of the window.
    if (endMs > this.#onTimeFromMs) this.#onTimeFromMs = endMs
    return this.#parts.of(query, startMs, endMs, this.groups.count, true)
  }

  /** As `partsOfDue`, for a window that was due before. */
  partsOf(query: QueryWindows, startMs: number, endMs: number): PaneState[] {
    return this.#parts.of(query, startMs, endMs, this.groups.count, false)
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
    return this.panes.reduce(
      (bytes, pane) => bytes + pane.bytes,
      this.refs.byteLength + this.slots.byteLength + this.#parts.bytes,
    )
  }

  #queriesChanged(): void {
    this.#parts.useQueries(this.queries)
    this.#tidier.queriesChanged()
    this.#current = NO_PANE
    this.refreshOnTime()
  }

  #paneForRow(position: number, timeMs: number, excluded: boolean): Pane | undefined {
    const slot = this.slots[position]!
    this.#counts[MATCHED]! += 1
    if (excluded) {
      this.#counts[EXCLUDED]! += 1
      return undefined
    }
    if (timeMs >= this.#onTimeFromMs) this.#counts[ON_TIME]! += 1
    else if (!this.#noteLate(slot, timeMs, position)) return undefined
    let pane = this.#current
    if (timeMs < pane.startMs || timeMs >= pane.endMs) pane = this.#paneAt(timeMs)
    pane.seen[position >>> 5]! |= 1 << (position & 31)
    if (timeMs > pane.lastMs) pane.lastMs = timeMs
    return pane
  }

  /** Tells every query of a sample behind some window that was emitted; true when any window still takes it. */
  #noteLate(slot: number, timeMs: number, position: number): boolean {
    let needed = false
    for (const query of this.queries) if (query.takeLate(slot, timeMs)) needed = true
    if (needed) this.#parts.noteLate(this.#paneAt(timeMs).startMs, slot, position)
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
      pane = new Pane(startMs, endMs, this.groups.count, this.seriesMatched, this.#withSketches)
      this.panes.splice(at, 0, pane)
      this.#parts.paneChanged(startMs)
      const atLiveEdges = startMs === bounds.startMs && startMs >= this.#onTimeFromMs
      if (!atLiveEdges || at < this.panes.length - 1) this.#tidier.cameBetween(startMs)
    }
    pane.grow(this.groups.count, this.seriesMatched)
    this.#current = pane
    return pane
  }
}

function sketchAt(sketches: (ExponentialSketch | undefined)[], slot: number): ExponentialSketch {
  const known = sketches[slot]
  if (known !== undefined) return known
  while (sketches.length < slot) sketches.push(undefined)
  const sketch = new ExponentialSketch()
  sketches[slot] = sketch
  return sketch
}
