import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { MergedPanes, type PaneState } from './merged-panes.ts'
import { FANOUT, type PaneListener, type PaneTree } from './pane-tree.ts'

/** A merged run of blocks that has the middle at one end; `outer` NaN: none. */
interface Run {
  readonly merged: MergedPanes
  /** Its other end, in nodes of its level. */
  outer: number
  startMs: number
  /** Exclusive. */
  endMs: number
}

/**
 * The blocks of one query's windows, kept merged while the windows slide. Inside the window lies the block edge that
 * is a multiple of the greatest power of four: the middle. From there runs reach to both ends, a run of one level
 * being that of the next with up to three nodes. When a window moves on by a block, the runs of level k change only
 * once in 4^k blocks, so that a step costs the same however long the window is; when the middle is passed, each run
 * is made anew once.
 */
export class RunningWindow implements PaneListener {
  readonly #tree: PaneTree
  readonly #left: Run[] = []
  readonly #right: Run[] = []
  #from = Number.NaN
  #to = Number.NaN
  #middle = Number.NaN
  #top = 0

  constructor(tree: PaneTree) {
    this.#tree = tree
    tree.attach(this)
  }

  /** The blocks `from` to `to - 1` in at most two parts. Meant for `from` and `to` that rise from call to call. */
  slideTo(from: number, to: number): PaneState[] {
    // Runs refer to runs of higher levels, which are right for what rises only.
    if (!(from >= this.#from && to >= this.#to)) this.#forget()
    this.#from = from
    this.#to = to
    this.#chooseMiddle(from, to)
    const left = this.#leftRun(0, from)
    const right = this.#rightRun(0, to)
    return [left, right].filter((part) => part !== undefined)
  }

  noteLate(startMs: number, slot: number, position: number): void {
    for (const runs of [this.#left, this.#right])
      for (const run of runs) if (startMs >= run.startMs && startMs < run.endMs) run.merged.noteLate(slot, position)
  }

  paneChanged(startMs: number): void {
    for (const runs of [this.#left, this.#right])
      for (const run of runs) if (startMs >= run.startMs && startMs < run.endMs) run.outer = Number.NaN
  }

  get bytes(): number {
    return [...this.#left, ...this.#right].reduce((bytes, run) => bytes + run.merged.bytes, 0)
  }

  /** Writes where the middle is. What is merged depends on nothing else and is made again. */
  save(writer: StateWriter): void {
    writer.f64(this.#middle)
    writer.varint(this.#top)
  }

  load(reader: StateReader): void {
    this.#middle = reader.f64('middle of a window')
    this.#top = reader.varint('level of a middle')
  }

  #chooseMiddle(from: number, to: number): void {
    let top = 0
    // Near zero, a multiple of everything, no higher level has a node inside.
    for (let width = FANOUT; width < FANOUT * (to - from); width *= FANOUT) {
      if (Math.ceil(from / width) * width > to) break
      top++
    }
    const width = FANOUT ** top
    const middle = this.#middle
    if (top === this.#top && middle >= from && middle <= to && middle % width === 0) return
    this.#forget()
    this.#top = top
    this.#middle = Math.floor(to / width) * width
  }

  #forget(): void {
    for (const run of this.#left) run.outer = Number.NaN
    for (const run of this.#right) run.outer = Number.NaN
  }

  /** From node `from` of a level to the middle. */
  #leftRun(level: number, from: number): PaneState | undefined {
    const next = Math.ceil(from / FANOUT)
    const end = level === this.#top ? this.#middle / FANOUT ** level : next * FANOUT
    if (from === end) return level === this.#top ? undefined : this.#leftRun(level + 1, next)
    const known = this.#left[level]
    if (known?.outer === from) return known.merged
    const inner = level === this.#top ? undefined : this.#leftRun(level + 1, next)
    const parts = this.#tree.nodes(level, from, end - from)
    const widthMs = this.#tree.blockMs * FANOUT ** level
    return this.#run(this.#left, level, from, inner, parts, from * widthMs, this.#middle * this.#tree.blockMs)
  }

  /** From the middle to before node `to` of a level. */
  #rightRun(level: number, to: number): PaneState | undefined {
    const next = Math.floor(to / FANOUT)
    const start = level === this.#top ? this.#middle / FANOUT ** level : next * FANOUT
    if (to === start) return level === this.#top ? undefined : this.#rightRun(level + 1, next)
    const known = this.#right[level]
    if (known?.outer === to) return known.merged
    const inner = level === this.#top ? undefined : this.#rightRun(level + 1, next)
    const parts = this.#tree.nodes(level, start, to - start)
    const widthMs = this.#tree.blockMs * FANOUT ** level
    return this.#run(this.#right, level, to, inner, parts, this.#middle * this.#tree.blockMs, to * widthMs)
  }

  #run(
    runs: Run[],
    level: number,
    outer: number,
    inner: PaneState | undefined,
    nodes: readonly PaneState[],
    startMs: number,
    endMs: number,
  ): PaneState | undefined {
    const parts = inner === undefined ? nodes : [inner, ...nodes]
    if (parts.length < 2) return parts[0]
    while (runs.length <= level)
      runs.push({ merged: new MergedPanes(), outer: Number.NaN, startMs: Number.NaN, endMs: Number.NaN })
    const run = runs[level]!
    run.merged.reuse(parts, this.#tree.slots)
    run.outer = outer
    run.startMs = startMs
    run.endMs = endMs
    return run.merged
  }
}
