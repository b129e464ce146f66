import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../aggregate/stats-cells.ts'
import { growUint32 } from '../internal/grow.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { PaneState } from './merged-panes.ts'

const NO_SLOTS: ReadonlySet<number> = new Set()

/** The state of all groups of a store over one interval that no window edge cuts. */
export class Pane implements PaneState {
  readonly startMs: number
  /** Exclusive. Moves back when a query that is added cuts the pane. */
  endMs: number
  readonly stats: StatsCells
  /** By slot; undefined until a query of the store asks for percentiles. */
  sketches: (ExponentialSketch | undefined)[] | undefined
  /** Bit per series, by its position in the store: had a sample here. */
  seen: Uint32Array
  /** Greatest sample time here, ms. */
  lastMs: number = Number.NEGATIVE_INFINITY
  /** Slots whose extremes are bucket bounds, not recorded values. */
  boundExtremes: Set<number> | undefined

  constructor(startMs: number, endMs: number, slots: number, seriesCount: number, withSketches: boolean) {
    this.startMs = startMs
    this.endMs = endMs
    this.stats = new StatsCells(slots)
    this.sketches = withSketches ? [] : undefined
    this.seen = new Uint32Array((seriesCount + 31) >>> 5)
  }

  /** Reads what `save` wrote. */
  static load(reader: StateReader): Pane {
    const { offset } = reader
    const startMs = reader.f64('start of a pane')
    const endMs = reader.f64('end of a pane')
    if (!(startMs < endMs)) reader.corrupt(`pane from ${startMs} to ${endMs} cannot be`, offset)
    const pane = new Pane(startMs, endMs, 0, 0, false)
    pane.lastMs = reader.f64('last time of a pane')
    pane.stats.load(reader)
    pane.seen = reader.u32s('bits of series')
    if (reader.boolean('whether a pane has sketches')) {
      pane.sketches = []
      for (let left = reader.count('sketches'); left > 0; left--) {
        const slot = reader.index('slot', pane.stats.slots)
        while (pane.sketches.length <= slot) pane.sketches.push(undefined)
        pane.sketches[slot] = ExponentialSketch.load(reader)
      }
    }
    for (let left = reader.count('slots with extremes of buckets'); left > 0; left--) {
      pane.boundExtremes ??= new Set()
      pane.boundExtremes.add(reader.index('slot', pane.stats.slots))
    }
    return pane
  }

  save(writer: StateWriter): void {
    writer.f64(this.startMs)
    writer.f64(this.endMs)
    writer.f64(this.lastMs)
    this.stats.save(writer)
    writer.row(this.seen)
    writer.boolean(this.sketches !== undefined)
    if (this.sketches !== undefined) {
      writer.varint(this.sketches.reduce((count, sketch) => (sketch === undefined ? count : count + 1), 0))
      for (const [slot, sketch] of this.sketches.entries()) {
        if (sketch === undefined) continue
        writer.varint(slot)
        sketch.save(writer)
      }
    }
    const boundExtremes = this.boundExtremes ?? NO_SLOTS
    writer.varint(boundExtremes.size)
    for (const slot of boundExtremes) writer.varint(slot)
  }

  /** Makes room for groups and series that came after the pane. */
  grow(slots: number, seriesCount: number): void {
    if (slots > this.stats.slots) this.stats.grow(slots)
    const words = (seriesCount + 31) >>> 5
    if (words > this.seen.length) this.seen = growUint32(this.seen, Math.max(words, this.seen.length * 2))
  }

  statsOf(slot: number): StatsCells | undefined {
    return slot < this.stats.slots && this.stats.count(slot) > 0 ? this.stats : undefined
  }

  sketchOf(slot: number): ExponentialSketch | undefined {
    return this.sketches?.[slot]
  }

  hasBoundExtremes(slot: number): boolean {
    return this.boundExtremes?.has(slot) === true
  }

  /** Takes in a later pane, once no window tells the two apart any more. */
  absorb(later: Pane): void {
    this.grow(later.stats.slots, later.seen.length * 32)
    for (let slot = 0; slot < later.stats.slots; slot++)
      if (later.stats.count(slot) > 0) this.stats.merge(slot, later.stats, slot)
    if (later.sketches !== undefined) {
      this.sketches ??= []
      for (const [slot, sketch] of later.sketches.entries()) {
        if (sketch === undefined) continue
        while (this.sketches.length <= slot) this.sketches.push(undefined)
        const own = this.sketches[slot]
        if (own === undefined) this.sketches[slot] = sketch
        else own.merge(sketch)
      }
    }
    for (let word = 0; word < later.seen.length; word++) this.seen[word]! |= later.seen[word]!
    if (later.boundExtremes !== undefined)
      this.boundExtremes = new Set([...(this.boundExtremes ?? []), ...later.boundExtremes])
    this.endMs = later.endMs
    this.lastMs = Math.max(this.lastMs, later.lastMs)
  }

  get bytes(): number {
    let bytes = this.stats.bytes + this.seen.byteLength
    if (this.sketches !== undefined)
      for (const sketch of this.sketches) if (sketch !== undefined) bytes += sketch.stateBytes
    return bytes
  }
}

/** Index of the first of sorted panes that starts at or after `timeMs`. */
export function firstStartingAt(panes: readonly Pane[], timeMs: number): number {
  let low = 0
  let high = panes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (panes[middle]!.startMs >= timeMs) high = middle
    else low = middle + 1
  }
  return low
}
