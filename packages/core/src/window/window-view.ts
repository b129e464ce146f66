import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../aggregate/stats-cells.ts'
import type { Pane } from './pane.ts'

/** The panes of one window, read as if they were one. Reused from window to window. */
export class WindowView {
  #panes: readonly Pane[] = []
  readonly #mergedStats = new StatsCells(1)
  readonly #mergedSketch = new ExponentialSketch()
  #seen = new Uint32Array(0)

  /** Takes the panes that lie inside `[startMs, endMs)` from `first` on. */
  open(panes: readonly Pane[], first: number, startMs: number, endMs: number): void {
    const inside: Pane[] = []
    for (let i = first; i < panes.length && panes[i]!.startMs < endMs; i++) {
      const pane = panes[i]!
      if (pane.startMs >= startMs && pane.endMs <= endMs) inside.push(pane)
    }
    this.#panes = inside
    this.#mergeSeen()
  }

  get isEmpty(): boolean {
    return this.#panes.length === 0
  }

  /** Samples of a slot; cheap, so that empty groups cost nothing else. */
  count(slot: number): number {
    let count = 0
    for (const pane of this.#panes) if (slot < pane.stats.slots) count += pane.stats.count(slot)
    return count
  }

  /** Cells whose slot 0 is the window's state of `slot`; valid until the next call. */
  stats(slot: number): StatsCells {
    this.#mergedStats.clear()
    for (const pane of this.#panes)
      if (slot < pane.stats.slots && pane.stats.count(slot) > 0) this.#mergedStats.merge(0, pane.stats, slot)
    return this.#mergedStats
  }

  /** The window's sketch of `slot`, valid until the next call; undefined when it holds no finite value. */
  sketch(slot: number): ExponentialSketch | undefined {
    let only: ExponentialSketch | undefined
    let merged: ExponentialSketch | undefined
    for (const pane of this.#panes) {
      const sketch = pane.sketches?.[slot]
      if (sketch === undefined) continue
      if (only === undefined) {
        only = sketch
        continue
      }
      if (merged === undefined) {
        merged = this.#mergedSketch
        merged.reset()
        merged.merge(only)
      }
      merged.merge(sketch)
    }
    return merged ?? only
  }

  hasBoundExtremes(slot: number): boolean {
    return this.#panes.some((pane) => pane.boundExtremes?.has(slot) === true)
  }

  /** Whether the series at `local` had a sample in the window. */
  hasSeen(local: number): boolean {
    return ((this.#seen[local >>> 5] ?? 0) & (1 << (local & 31))) !== 0
  }

  #mergeSeen(): void {
    let words = 0
    for (const pane of this.#panes) words = Math.max(words, pane.seen.length)
    if (this.#seen.length < words) this.#seen = new Uint32Array(words)
    else this.#seen.fill(0)
    for (const pane of this.#panes) for (let i = 0; i < pane.seen.length; i++) this.#seen[i]! |= pane.seen[i]!
  }
}
