import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { firstStartingAt, type Pane } from './pane.ts'
import type { QueryWindows } from './query-windows.ts'
import type { WindowParts } from './window-parts.ts'

/**
 * Frees panes that no query can emit or revise any more, and joins neighbours that no window tells apart any more,
 * so that a long window beside short ones costs a handful of panes. Looks only where an edge has died since the last
 * time: a pane is looked at a few times in its life, not at each step of the watermark.
 */
export class PaneTidier {
  readonly #panes: Pane[]
  readonly #parts: WindowParts
  /** Each query's final line when panes were last tidied. */
  #tidiedThroughMs = new Map<QueryWindows, number>()
  /** Starts of panes that came since then at edges that may be dead already, or none. */
  #betweenStartsMs: number[] = []
  #all = true

  constructor(panes: Pane[], parts: WindowParts) {
    this.#panes = panes
    this.#parts = parts
  }

  /** Edges came or went anywhere. */
  queriesChanged(): void {
    this.#all = true
  }

  /** A pane came that is not the last one, or does not start at a live edge. */
  cameBetween(startMs: number): void {
    this.#betweenStartsMs.push(startMs)
  }

  /** Returns whether any pane went. */
  tidy(queries: readonly QueryWindows[]): boolean {
    if (!this.#all && queries.every((query) => this.#tidiedThroughMs.get(query) === query.finalThroughMs)) return false
    const before = this.#panes.length
    this.#free(queries)
    if (this.#all) this.#join(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, queries)
    else this.#joinWhereEdgesDied(queries)
    this.#tidiedThroughMs = new Map(queries.map((query) => [query, query.finalThroughMs]))
    this.#betweenStartsMs = []
    this.#all = false
    return this.#panes.length < before
  }

  /** Writes which panes are still to be looked at. */
  save(writer: StateWriter, queries: readonly QueryWindows[]): void {
    writer.boolean(this.#all)
    if (this.#all) return
    for (const query of queries) writer.f64(this.#tidiedThroughMs.get(query)!)
    writer.row(Float64Array.from(this.#betweenStartsMs))
  }

  /** Reads what was saved of the same queries. */
  load(reader: StateReader, queries: readonly QueryWindows[]): void {
    this.#all = reader.boolean('whether all panes are to be looked at')
    if (this.#all) return
    for (const query of queries) this.#tidiedThroughMs.set(query, reader.f64('final line'))
    this.#betweenStartsMs = [...reader.f64s('starts of panes')]
  }

  #free(queries: readonly QueryWindows[]): void {
    const panes = this.#panes
    let freed = 0
    while (freed < panes.length && !queries.some((query) => query.needsPane(panes[freed]!))) freed++
    if (freed === 0) return
    this.#parts.forgetThrough(panes[freed - 1]!.startMs)
    panes.splice(0, freed)
  }

  #joinWhereEdgesDied(queries: readonly QueryWindows[]): void {
    for (const query of queries) {
      const { scheme } = query
      const fromMs = this.#tidiedThroughMs.get(query)!
      const toMs = query.finalThroughMs
      if (fromMs === toMs) continue
      // The edges of windows that became final; the pane after one starts less than a step later.
      this.#join(scheme.startOf(fromMs), scheme.startOf(toMs) + scheme.longestStepMs, queries)
      this.#join(fromMs, toMs + scheme.longestStepMs, queries)
    }
    for (const startMs of this.#betweenStartsMs) {
      const next = this.#panes[firstStartingAt(this.#panes, startMs + 1)]
      this.#join(startMs, (next?.startMs ?? startMs) + 1, queries)
    }
  }

  /** Joins every pane that starts in `[fromMs, toMs)` to the one before it, unless a live edge is between them. */
  #join(fromMs: number, toMs: number, queries: readonly QueryWindows[]): void {
    const panes = this.#panes
    let next = Math.max(1, firstStartingAt(panes, fromMs))
    let kept = next - 1
    for (; next < panes.length && panes[next]!.startMs < toMs; next++) {
      const before = panes[kept]!
      const pane = panes[next]!
      if (queries.some((query) => query.hasLiveEdge(before.endMs, pane.startMs))) panes[++kept] = pane
      else {
        this.#parts.paneChanged(before.startMs)
        this.#parts.paneChanged(pane.startMs)
        before.absorb(pane)
      }
    }
    if (kept + 1 < next) panes.splice(kept + 1, next - kept - 1)
  }
}
