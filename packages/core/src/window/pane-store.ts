import { extremesOf } from '../aggregate/distribution-extremes.ts'
import type { DistributionState } from '../aggregate/distribution-state.ts'
import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { growUint32 } from '../internal/grow.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { SeriesInfo } from '../registry/identity.ts'
import { compileSelector } from '../registry/selector.ts'
import type { MetricEntry } from '../registry/series-registry.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { Groups } from './groups.ts'
import type { PaneState } from './merged-panes.ts'
import { Pane } from './pane.ts'
import { MAX_PANES, paneBounds, panesNeeded } from './pane-edges.ts'
import { PaneTidier } from './pane-tidier.ts'
import type { QueryWindows } from './query-windows.ts'
import { Reporters } from './reporters.ts'
import { loadSeries, saveSeries } from './series-state.ts'
import type { SeriesStore } from './series-store.ts'
import { WindowParts } from './window-parts.ts'

/** The part of a plan that decides which samples go together; queries that agree in it share a store. */
export type StorePlan = Pick<QueryPlan, 'selector' | 'groupBy' | 'reading'>

export function isReading({ reading }: StorePlan): boolean {
  return reading === 'increase' || reading === 'rate'
}

export function storeKey(plan: StorePlan): string {
  return JSON.stringify([plan.selector, plan.groupBy, isReading(plan)])
}

/** A pane that holds no time, so that the first sample always looks further. */
const NO_PANE: Pane = new Pane(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0, false)

/** Panes that a store may always hold beyond those it needs. */
const LEAST_SPARE_PANES = 512

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
export class PaneStore implements SeriesStore {
  readonly key: string
  readonly metric: MetricEntry
  readonly groups: Groups
  /** Readings need one value per series and window: state is then kept per series, not per group. */
  readonly isReading: boolean
  readonly panes: Pane[] = []
  readonly queries: QueryWindows[] = []
  seriesMatched = 0
  /** Selected series in order of selection; a series' place here is its `position`. */
  refs: Uint32Array = new Uint32Array(4)
  /** Place of a series' state in the panes, by position: its group's slot, or for readings the position itself. */
  slots: Uint32Array = new Uint32Array(4)
  /** Slot of the group by position. */
  groupSlots: Uint32Array
  /** Of readings: positions by slot of the group. */
  readonly positions: number[][] = []
  /** Of the series, by position; not part of a snapshot. */
  readonly reporters: Reporters = new Reporters()
  readonly #matches: (series: SeriesInfo) => boolean
  #current: Pane = NO_PANE
  #withSketches = false
  readonly #parts: WindowParts = new WindowParts(this.panes)
  readonly #tidier: PaneTidier = new PaneTidier(this.panes, this.#parts)
  /** At and after this time no window of any query has been emitted. */
  #onTimeFromMs = Number.NEGATIVE_INFINITY
  readonly #counts = new Float64Array(3)

  constructor(metric: MetricEntry, plan: StorePlan) {
    this.key = storeKey(plan)
    this.metric = metric
    this.#matches = compileSelector(plan.selector)
    this.groups = new Groups(plan.groupBy)
    this.isReading = isReading(plan)
    this.groupSlots = this.isReading ? new Uint32Array(4) : this.slots
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

  get items(): number {
    return this.panes.length
  }

  /**
   * How much of the room for panes beyond those that the queries need anyway is taken, as when the watermark waits for
   * a source that is behind. 1 = all of it.
   */
  get heldBackShare(): number {
    // Most stores hold a few panes, which are not worth the reckoning.
    if (this.panes.length < LEAST_SPARE_PANES / 2) return 0
    const needed = panesNeeded(this.queries)
    return Math.max(0, this.panes.length - needed) / Math.max(MAX_PANES - needed, LEAST_SPARE_PANES)
  }

  /** Takes a series in if it is selected: its position, or -1. */
  take(info: SeriesInfo): number {
    if (!this.#matches(info)) return -1
    const position = this.seriesMatched++
    if (position === this.refs.length) this.#growSeries(position * 2)
    this.refs[position] = info.ref
    this.groupSlots[position] = this.groups.slotOf(info)
    if (this.isReading) {
      this.slots[position] = position
      this.#listPosition(position)
    }
    // The pane in use may have no room for it: it is looked up again, and grows then.
    this.#current = NO_PANE
    return position
  }

  reportedBy(position: number, reporter: number): void {
    this.reporters.add(position, reporter, this.groupSlots[position]!)
  }

  /** `cutMs`: the first event time the query sees whole, or undefined when nothing was applied yet. */
  addQuery(query: QueryWindows, cutMs: number | undefined): void {
    this.queries.push(query)
    if (query.needsSketch && !this.isReading && !this.#withSketches) {
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

  /**
   * Whether all queries know all that happened from `sinceMs` on. Queries on what counters grew by share a store only
   * when they begin alike; should they come to differ, none counts what the latest of them does not know.
   */
  coversFrom(sinceMs: number): boolean {
    if (sinceMs === Number.POSITIVE_INFINITY) return true
    return this.queries.every((query) => query.coversFromMs <= sinceMs)
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
    else if (!this.#noteLate(position, timeMs, value)) return
    let pane = this.#current
    if (timeMs < pane.startMs || timeMs >= pane.endMs) pane = this.#paneAt(timeMs)
    pane.stats.add(slot, value)
    if (pane.sketches !== undefined && value - value === 0) sketchAt(pane.sketches, slot).add(value)
    pane.seen[position >>> 5]! |= 1 << (position & 31)
    if (timeMs > pane.lastMs) pane.lastMs = timeMs
  }

  /** As `add`, for a value that stands for `weight` samples. */
  addWeighted(position: number, timeMs: number, value: number, weight: number): void {
    const pane = this.#paneForRow(position, timeMs, value, Number.isNaN(value) || !(weight > 0))
    if (pane === undefined) return
    const slot = this.slots[position]!
    pane.stats.addTotals(slot, weight, value * weight, value, value)
    if (pane.sketches !== undefined && Number.isFinite(value)) sketchAt(pane.sketches, slot).addWeighted(value, weight)
  }

  /** As `add`, for a ready-made distribution. */
  addState(position: number, timeMs: number, state: DistributionState): void {
    const pane = this.#paneForRow(position, timeMs, state.sum, false)
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

  /** Takes a sample that is there but amounts to nothing yet: the base line of a counter. */
  addBaseLine(position: number, timeMs: number): void {
    this.#paneForRow(position, timeMs, 0, false)
  }

  /** Counts a sample that can change no amount any more. */
  addTooLate(position: number, timeMs: number, value: number): void {
    this.#counts[MATCHED]! += 1
    for (const query of this.queries) query.takeTooLate(timeMs, this.refs[position]!, value)
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
    return this.#parts.of(query, startMs, endMs, this.#stateSlots, true, this.#onTimeFromMs)
  }

  /** As `partsOfDue`, for any window. */
  partsOf(query: QueryWindows, startMs: number, endMs: number): PaneState[] {
    return this.#parts.of(query, startMs, endMs, this.#stateSlots, false, this.#onTimeFromMs)
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

  /** Writes the store with its queries, in their order. */
  save(writer: StateWriter): void {
    saveSeries(writer, this)
    for (const count of this.#counts) writer.varint(count)
    writer.boolean(this.#withSketches)
    writer.varint(this.panes.length)
    for (const pane of this.panes) pane.save(writer)
    for (const query of this.queries) query.save(writer)
    this.#parts.save(writer)
    this.#tidier.save(writer, this.queries)
  }

  /** Reads what `save` wrote into a new store of the same plan; the queries are new ones of the same plans. */
  load(reader: StateReader, queries: readonly QueryWindows[]): void {
    const { seriesMatched, refs, groupSlots } = loadSeries(reader, this.groups)
    this.seriesMatched = seriesMatched
    this.refs = refs
    this.groupSlots = groupSlots
    this.slots = this.isReading ? Uint32Array.from(groupSlots.keys()) : groupSlots
    if (this.isReading) for (let position = 0; position < seriesMatched; position++) this.#listPosition(position)
    for (let field = 0; field < this.#counts.length; field++) this.#counts[field] = reader.varint('samples')
    this.#withSketches = reader.boolean('whether a store has sketches')
    for (let left = reader.count('panes', 26); left > 0; left--) this.#loadPane(reader)
    for (const query of queries) query.load(reader, this.groups.count)
    this.queries.push(...queries)
    this.#queriesChanged()
    this.#parts.load(reader)
    this.#tidier.load(reader, queries)
  }

  get bytes(): number {
    return this.panes.reduce(
      (bytes, pane) => bytes + pane.bytes,
      this.refs.byteLength + this.slots.byteLength + this.reporters.bytes + this.#parts.bytes,
    )
  }

  get #stateSlots(): number {
    return this.isReading ? this.seriesMatched : this.groups.count
  }

  #listPosition(position: number): void {
    const slot = this.groupSlots[position]!
    const positions = this.positions[slot]
    if (positions === undefined) this.positions[slot] = [position]
    else positions.push(position)
  }

  #growSeries(capacity: number): void {
    this.refs = growUint32(this.refs, capacity)
    this.slots = growUint32(this.slots, capacity)
    this.groupSlots = this.isReading ? growUint32(this.groupSlots, capacity) : this.slots
  }

  #loadPane(reader: StateReader): void {
    const { offset } = reader
    const pane = Pane.load(reader)
    if (!(pane.startMs >= (this.panes.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY)))
      reader.corrupt('panes are not in the order of their times', offset)
    this.panes.push(pane)
  }

  #queriesChanged(): void {
    this.#parts.useQueries(this.queries)
    this.#tidier.queriesChanged()
    this.#current = NO_PANE
    this.refreshOnTime()
  }

  #paneForRow(position: number, timeMs: number, value: number, excluded: boolean): Pane | undefined {
    this.#counts[MATCHED]! += 1
    if (excluded) {
      this.#counts[EXCLUDED]! += 1
      return undefined
    }
    if (timeMs >= this.#onTimeFromMs) this.#counts[ON_TIME]! += 1
    else if (!this.#noteLate(position, timeMs, value)) return undefined
    let pane = this.#current
    if (timeMs < pane.startMs || timeMs >= pane.endMs) pane = this.#paneAt(timeMs)
    pane.seen[position >>> 5]! |= 1 << (position & 31)
    if (timeMs > pane.lastMs) pane.lastMs = timeMs
    return pane
  }

  /** Tells every query of a sample behind some window that was emitted; true when any window still takes it. */
  #noteLate(position: number, timeMs: number, value: number): boolean {
    const ref = this.refs[position]!
    const group = this.groupSlots[position]!
    let needed = false
    for (const query of this.queries) if (query.takeLate(group, timeMs, ref, value)) needed = true
    if (needed) this.#parts.noteLate(this.#paneAt(timeMs).startMs, this.slots[position]!, position)
    return needed
  }

  #paneAt(timeMs: number): Pane {
    const at = this.firstPaneAfter(timeMs)
    let pane = this.panes[at]
    if (pane === undefined || pane.startMs > timeMs) {
      const bounds = paneBounds(
        this.queries.map((query) => query.scheme),
        timeMs,
      )
      const startMs = Math.max(bounds.startMs, this.panes[at - 1]?.endMs ?? bounds.startMs)
      const endMs = Math.min(bounds.endMs, pane?.startMs ?? bounds.endMs)
      pane = new Pane(startMs, endMs, this.#stateSlots, this.seriesMatched, this.#withSketches)
      this.panes.splice(at, 0, pane)
      this.#parts.paneChanged(startMs)
      const atLiveEdges = startMs === bounds.startMs && startMs >= this.#onTimeFromMs
      if (!atLiveEdges || at < this.panes.length - 1) this.#tidier.cameBetween(startMs)
    }
    pane.grow(this.#stateSlots, this.seriesMatched)
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
