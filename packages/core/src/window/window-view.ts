import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../aggregate/stats-cells.ts'
import { type PaneState, unionOfSeen } from './merged-panes.ts'
import type { RowView } from './row.ts'

/** The parts of one window, panes or merged panes, read as if they were one. Reused from window to window. */
export class WindowView implements RowView {
  #parts: readonly PaneState[] = []
  readonly #mergedStats = new StatsCells(1)
  readonly #mergedSketch = new ExponentialSketch()
  #seen: Uint32Array = new Uint32Array(0)

  /** Takes disjoint parts that together are the window. */
  open(parts: readonly PaneState[]): void {
    this.#parts = parts
    this.#seen = unionOfSeen(parts, this.#seen)
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  /** Samples of a slot; cheap, so that empty groups cost nothing else. */
  count(slot: number): number {
    let count = 0
    for (const part of this.#parts) count += part.statsOf(slot)?.count(slot) ?? 0
    return count
  }

  /** Cells whose slot 0 is the window's state of `slot`; valid until the next call. */
  stats(slot: number): StatsCells {
    this.#mergedStats.clear()
    for (const part of this.#parts) {
      const stats = part.statsOf(slot)
      if (stats !== undefined) this.#mergedStats.merge(0, stats, slot)
    }
    return this.#mergedStats
  }

  /** The window's sketch of `slot`, valid until the next call; undefined when it holds no finite value. */
  sketch(slot: number): ExponentialSketch | undefined {
    let only: ExponentialSketch | undefined
    let merged: ExponentialSketch | undefined
    for (const part of this.#parts) {
      const sketch = part.sketchOf(slot)
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
    return this.#parts.some((part) => part.hasBoundExtremes(slot))
  }

  /** Whether the series at `position` had a sample in the window. */
  hasSeen(position: number): boolean {
    return ((this.#seen[position >>> 5] ?? 0) & (1 << (position & 31))) !== 0
  }
}
