import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { PaneState } from './merged-panes.ts'
import { firstStartingAt, type Pane } from './pane.ts'
import { FANOUT, PaneTree } from './pane-tree.ts'
import type { QueryWindows } from './query-windows.ts'
import { RunningWindow } from './running-window.ts'

/** Windows of fewer panes are merged pane by pane. */
const MERGE_FROM_PANES = 16
/** So are those of queries whose windows hold a time fewer times than this: a pane is then seldom merged twice. */
const MERGE_FROM_OVERLAP = 4

/**
 * Makes up the windows of a store's queries from as few parts as there are: single panes at both ends and, between
 * them, panes that are merged already. What was merged must be told of every change to a pane it may hold.
 */
export class WindowParts {
  readonly #panes: readonly Pane[]
  #tree: PaneTree
  #running = new Map<QueryWindows, RunningWindow>()

  constructor(panes: readonly Pane[]) {
    this.#panes = panes
    this.#tree = new PaneTree(panes, FANOUT)
  }

  /** Forgets all that was merged: these are the queries from now on, and panes are cut at their edges. */
  useQueries(queries: readonly QueryWindows[]): void {
    // Panes are at most as long as the time between two edges of the query that has most.
    const paneMs = queries.reduce(
      (ms, { scheme }) => Math.min(ms, scheme.isNested ? scheme.shortestStepMs : scheme.shortestStepMs / 2),
      Number.POSITIVE_INFINITY,
    )
    this.#tree = new PaneTree(this.#panes, Number.isFinite(paneMs) ? FANOUT * paneMs : FANOUT)
    this.#running = new Map()
    for (const query of queries) if (overlapsMuch(query)) this.#running.set(query, new RunningWindow(this.#tree))
  }

  /**
   * Disjoint parts that together are the panes inside `[startMs, endMs)`. `slots` are those the store has. `sliding`
   * says that this window ends no earlier than the one before it that was asked for so. Panes that reach past
   * `settledMs` take samples nobody tells of and are left as they are.
   */
  of(
    query: QueryWindows,
    startMs: number,
    endMs: number,
    slots: number,
    sliding: boolean,
    settledMs: number,
  ): PaneState[] {
    const panes = this.#panes
    const tree = this.#tree
    const first = firstStartingAt(panes, startMs)
    let last = firstStartingAt(panes, endMs)
    let untilMs = endMs
    // A pane from before the query was added may reach over the end.
    if (last > first && panes[last - 1]!.endMs > endMs) untilMs = panes[--last]!.startMs
    const running = this.#running.get(query)
    const firstBlock = Math.ceil(startMs / tree.blockMs)
    const endBlock = Math.floor(Math.min(untilMs, settledMs) / tree.blockMs)
    if (last - first < MERGE_FROM_PANES || running === undefined || endBlock <= firstBlock)
      return panes.slice(first, last)
    tree.slots = slots
    return [
      ...(sliding ? running.slideTo(firstBlock, endBlock) : tree.cover(firstBlock, endBlock)),
      ...panes.slice(first, firstStartingAt(panes, firstBlock * tree.blockMs)),
      ...panes.slice(firstStartingAt(panes, endBlock * tree.blockMs), last),
    ]
  }

  /** The pane that starts at `startMs` is about to take a sample of a series of `slot`, behind some window's end. */
  noteLate(startMs: number, slot: number, position: number): void {
    this.#tree.noteLate(startMs, slot, position)
  }

  /** A pane that starts at `startMs` came, went, or is about to be joined with a neighbour. */
  paneChanged(startMs: number): void {
    this.#tree.paneChanged(startMs)
  }

  /** Panes that start at or before `startMs` are gone. */
  forgetThrough(startMs: number): void {
    this.#tree.forgetThrough(startMs)
  }

  /** Writes what the order of merging depends on, and with it the last bits of sums. */
  save(writer: StateWriter): void {
    for (const running of this.#running.values()) running.save(writer)
  }

  /** Reads what was saved of the same queries. */
  load(reader: StateReader): void {
    for (const running of this.#running.values()) running.load(reader)
  }

  get bytes(): number {
    return this.#tree.bytes
  }
}

function overlapsMuch({ scheme }: QueryWindows): boolean {
  return scheme.longestSizeMs >= MERGE_FROM_OVERLAP * scheme.shortestStepMs
}
