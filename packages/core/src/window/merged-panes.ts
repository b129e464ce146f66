import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../aggregate/stats-cells.ts'
import { growUint8, growUint32 } from '../internal/grow.ts'

/** What one pane and a union of panes answer alike. What is returned is good until the next change. */
export interface PaneState {
  /** Cells whose `slot` is the state of that slot; undefined when it has no samples. */
  statsOf(slot: number): StatsCells | undefined
  sketchOf(slot: number): ExponentialSketch | undefined
  /** Whether extremes of the slot are bucket bounds, not recorded values. */
  hasBoundExtremes(slot: number): boolean
  /** Bit per series: had a sample. */
  readonly seen: Uint32Array
}

/** What is merged already of a slot. */
const STATS = 1
const SKETCH = 2
const HAS_SKETCH = 4

/**
 * The union of some panes, or of unions of panes. A slot is merged when it is first asked for, and again after a
 * late sample: so a correction costs the slots it touches, and nobody pays for sketches no column reads.
 */
export class MergedPanes implements PaneState {
  #parts: readonly PaneState[] = []
  #slots = 0
  readonly #stats = new StatsCells(0)
  readonly #sketches: (ExponentialSketch | undefined)[] = []
  #merged: Uint8Array = new Uint8Array(0)
  #boundExtremes: Set<number> | undefined
  #seen: Uint32Array = new Uint32Array(0)
  #seenMerged = false

  /** Stands for other panes from now on; keeps its memory. */
  reuse(parts: readonly PaneState[], slots: number): void {
    this.#parts = parts
    this.#slots = slots
    this.#merged.fill(0)
    this.#seenMerged = false
  }

  /** One of the panes took a sample of a series of `slot`. */
  noteLate(slot: number, position: number): void {
    if (slot < this.#merged.length) this.#merged[slot] = 0
    if (!this.#seenMerged) return
    const word = position >>> 5
    if (word >= this.#seen.length) this.#seen = growUint32(this.#seen, word + 1)
    this.#seen[word]! |= 1 << (position & 31)
  }

  statsOf(slot: number): StatsCells | undefined {
    if (slot >= this.#merged.length || (this.#merged[slot]! & STATS) === 0) this.#mergeStats(slot)
    return this.#stats.count(slot) > 0 ? this.#stats : undefined
  }

  sketchOf(slot: number): ExponentialSketch | undefined {
    if (slot >= this.#merged.length || (this.#merged[slot]! & SKETCH) === 0) this.#mergeSketch(slot)
    return (this.#merged[slot]! & HAS_SKETCH) === 0 ? undefined : this.#sketches[slot]
  }

  hasBoundExtremes(slot: number): boolean {
    this.statsOf(slot)
    return this.#boundExtremes?.has(slot) === true
  }

  get seen(): Uint32Array {
    if (!this.#seenMerged) {
      this.#seen = unionOfSeen(this.#parts, this.#seen)
      this.#seenMerged = true
    }
    return this.#seen
  }

  get bytes(): number {
    let bytes = this.#stats.bytes + this.#merged.byteLength + this.#seen.byteLength
    for (const sketch of this.#sketches) if (sketch !== undefined) bytes += sketch.stateBytes
    return bytes
  }

  #mergeStats(slot: number): void {
    this.#grow(slot)
    const stats = this.#stats
    stats.clearSlot(slot)
    let bound = false
    for (const part of this.#parts) {
      const from = part.statsOf(slot)
      if (from === undefined) continue
      stats.merge(slot, from, slot)
      bound ||= part.hasBoundExtremes(slot)
    }
    if (bound) {
      this.#boundExtremes ??= new Set()
      this.#boundExtremes.add(slot)
    } else this.#boundExtremes?.delete(slot)
    this.#merged[slot]! |= STATS
  }

  #mergeSketch(slot: number): void {
    this.#grow(slot)
    let own: ExponentialSketch | undefined
    for (const part of this.#parts) {
      const from = part.sketchOf(slot)
      if (from === undefined) continue
      own ??= this.#emptySketch(slot)
      own.merge(from)
    }
    this.#merged[slot] = (this.#merged[slot]! & STATS) | SKETCH | (own === undefined ? 0 : HAS_SKETCH)
  }

  #emptySketch(slot: number): ExponentialSketch {
    const known = this.#sketches[slot]
    if (known !== undefined) {
      known.reset()
      return known
    }
    while (this.#sketches.length < slot) this.#sketches.push(undefined)
    const sketch = new ExponentialSketch()
    this.#sketches[slot] = sketch
    return sketch
  }

  #grow(slot: number): void {
    const slots = Math.max(this.#slots, slot + 1)
    if (slots > this.#merged.length) this.#merged = growUint8(this.#merged, slots)
    if (slots > this.#stats.slots) this.#stats.grow(slots)
  }
}

/** The series seen in any of the parts; written over `into` when that is long enough. */
export function unionOfSeen(parts: readonly PaneState[], into: Uint32Array): Uint32Array {
  let words = 0
  for (const part of parts) words = Math.max(words, part.seen.length)
  const union = into.length < words ? new Uint32Array(words) : into.fill(0)
  for (const part of parts) {
    const { seen } = part
    for (let word = 0; word < seen.length; word++) union[word]! |= seen[word]!
  }
  return union
}
