import { MergedPanes, type PaneState } from './merged-panes.ts'
import { firstStartingAt, type Pane } from './pane.ts'

/** Panes to a block, blocks to a node of level 1, and nodes of one level to a node of the next. */
export const FANOUT = 4

/** What holds unions of nodes of its own and must know when they change. */
export interface PaneListener {
  noteLate(startMs: number, slot: number, position: number): void
  paneChanged(startMs: number): void
  readonly bytes: number
}

/**
 * Merged panes of aligned stretches of time: node `index` of level `k` stands for the panes that start in
 * `[index, index + 1) * blockMs * 4^k`, so that panes may be of any length, come in any order and be missing. Any
 * run of panes is then a few nodes to each power of four. Nodes are made when first asked for. Level 0, the blocks,
 * has none: a block is its few panes, and to keep it merged would cost more memory than all levels above.
 *
 * Why a tree: windows of several lengths share it, and a late sample touches one node a level, at any age. Two stacks
 * keep a merged state per pane and window length; a finger tree (Tangwongsan, Hirzel, Schneider, "Optimal and general
 * out-of-order sliding-window aggregation", VLDB 2019) merges as seldom for a single length, but its spines move with
 * that one window. `RunningWindow` keeps such spines beside the tree.
 *
 * A node whose panes all lie in one child is that child, and one of a single pane is the pane: there are fewer nodes
 * than panes, and a twelfth as many where no pane is missing.
 */
export class PaneTree {
  readonly #panes: readonly Pane[]
  readonly #levels: Map<number, MergedPanes>[] = []
  /** By level, a freed node for reuse: while a window slides, a level loses one about when it needs one. */
  readonly #spare: (MergedPanes | undefined)[] = []
  readonly #listeners: PaneListener[] = []
  readonly blockMs: number
  /** Number of slots nodes are made for; more are taken as they come. */
  slots = 0

  constructor(panes: readonly Pane[], blockMs: number) {
    this.#panes = panes
    this.blockMs = blockMs
  }

  attach(listener: PaneListener): void {
    this.#listeners.push(listener)
  }

  /** The panes of one stretch of time as one; undefined when there are none. */
  #node(level: number, index: number): PaneState | undefined {
    const nodes = this.#levels[level - 1]
    const known = nodes?.get(index)
    if (known !== undefined) return known
    const widthMs = this.blockMs * FANOUT ** level
    const first = firstStartingAt(this.#panes, index * widthMs)
    const last = firstStartingAt(this.#panes, (index + 1) * widthMs)
    if (last - first < 2) return last === first ? undefined : this.#panes[first]
    const parts = this.nodes(level - 1, index * FANOUT, FANOUT)
    if (parts.length === 1) return parts[0]
    while (this.#levels.length < level) {
      this.#levels.push(new Map())
      this.#spare.push(undefined)
    }
    const node = this.#spare[level - 1] ?? new MergedPanes()
    this.#spare[level - 1] = undefined
    node.reuse(parts, this.slots)
    this.#levels[level - 1]!.set(index, node)
    return node
  }

  /** The nodes `from` to `from + count - 1` of a level, but for those without panes. */
  nodes(level: number, from: number, count: number): PaneState[] {
    if (level === 0)
      return this.#panes.slice(
        firstStartingAt(this.#panes, from * this.blockMs),
        firstStartingAt(this.#panes, (from + count) * this.blockMs),
      )
    const found: PaneState[] = []
    for (let index = from; index < from + count; index++) {
      const node = this.#node(level, index)
      if (node !== undefined) found.push(node)
    }
    return found
  }

  /** Disjoint nodes that together are the blocks `from` to `to - 1`: at most six to each power of four. */
  cover(from: number, to: number): PaneState[] {
    const parts: PaneState[] = []
    for (let level = 0, low = from, high = to; low < high; level++) {
      const left = Math.min(high, Math.ceil(low / FANOUT) * FANOUT)
      parts.push(...this.nodes(level, low, left - low))
      const right = Math.max(left, Math.floor(high / FANOUT) * FANOUT)
      parts.push(...this.nodes(level, right, high - right))
      if (left >= right) break
      low = left / FANOUT
      high = right / FANOUT
    }
    return parts
  }

  /** The pane that starts at `startMs` took a sample of a series of `slot`. */
  noteLate(startMs: number, slot: number, position: number): void {
    let widthMs = this.blockMs * FANOUT
    for (const nodes of this.#levels) {
      nodes.get(Math.floor(startMs / widthMs))?.noteLate(slot, position)
      widthMs *= FANOUT
    }
    for (const listener of this.#listeners) listener.noteLate(startMs, slot, position)
  }

  /** A pane that starts at `startMs` came, went, or stands for more time than before. */
  paneChanged(startMs: number): void {
    let widthMs = this.blockMs * FANOUT
    for (const nodes of this.#levels) {
      nodes.delete(Math.floor(startMs / widthMs))
      widthMs *= FANOUT
    }
    for (const listener of this.#listeners) listener.paneChanged(startMs)
  }

  /** Forgets nodes with panes that start at or before `startMs`: no window that is still to be read holds them. */
  forgetThrough(startMs: number): void {
    let widthMs = this.blockMs * FANOUT
    for (const [above, nodes] of this.#levels.entries()) {
      const last = Math.floor(startMs / widthMs)
      for (const [index, node] of nodes) {
        // Nodes are made in order of time but for a few, which are found when they come first.
        if (index > last) break
        nodes.delete(index)
        this.#spare[above] = node
      }
      widthMs *= FANOUT
    }
  }

  get bytes(): number {
    let bytes = 0
    for (const nodes of this.#levels) for (const node of nodes.values()) bytes += node.bytes
    for (const node of this.#spare) bytes += node?.bytes ?? 0
    for (const listener of this.#listeners) bytes += listener.bytes
    return bytes
  }
}
