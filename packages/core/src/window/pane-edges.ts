import type { WindowScheme } from './window-scheme.ts'

/** Most panes the queries on one store may need at a time. */
export const MAX_PANES = 4_096

/** The widest interval around `timeMs` that no window of any scheme starts or ends inside. */
export function paneBounds(
  schemes: readonly WindowScheme[],
  timeMs: number,
): { readonly startMs: number; readonly endMs: number } {
  let startMs = Number.NEGATIVE_INFINITY
  let endMs = Number.POSITIVE_INFINITY
  for (const scheme of schemes) {
    const pane = scheme.paneAround(timeMs)
    if (pane.startMs > startMs) startMs = pane.startMs
    if (pane.endMs < endMs) endMs = pane.endMs
  }
  return { startMs, endMs }
}

/**
 * A lower bound of the distance of an edge (start or end) of the added windows from another one of theirs or of the
 * known windows: exact when all of them are periodic; otherwise a second, or 0 when some edge lies off whole seconds.
 */
export function shortestPaneMs(known: readonly WindowScheme[], added: WindowScheme): number {
  // Many queries have equal windows, and equal edges are one edge.
  const distinct = new Map([...known, added].map((scheme) => [scheme.key, scheme]))
  const schemes = [...distinct.values()]
  if (schemes.some((scheme) => scheme.periodicEdges === undefined))
    return schemes.every((scheme) => scheme.inWholeSeconds) ? 1_000 : 0
  let shortest = Number.POSITIVE_INFINITY
  for (const a of added.periodicEdges ?? [])
    for (const scheme of schemes)
      for (const b of scheme.periodicEdges ?? []) {
        const period = gcd(a.everyMs, b.everyMs)
        const distance = mod(a.phaseMs - b.phaseMs, period)
        shortest = Math.min(shortest, distance === 0 ? period : Math.min(distance, period - distance))
      }
  return shortest
}

/** The windows of a query, as far as panes go. */
export interface PaneUser {
  readonly scheme: WindowScheme
  readonly latenessMs: number
}

/** Edges that repeat for ever. The phase of a calendar is not known, so it is like no other: NaN. */
interface Edges {
  readonly everyMs: number
  readonly phaseMs: number
}

/**
 * An upper bound of the panes that queries on one store need at a time while the watermark keeps up, where samples come
 * all the time: the edges of their windows, each once, as far back as windows can still be emitted or revised.
 */
export function panesNeeded(users: readonly PaneUser[]): number {
  const reaching = new Map<string, { readonly scheme: WindowScheme; readonly reachMs: number }>()
  for (const { scheme, latenessMs } of users) {
    const reachMs = scheme.longestSizeMs + latenessMs + scheme.longestStepMs
    if (reachMs > (reaching.get(scheme.key)?.reachMs ?? 0)) reaching.set(scheme.key, { scheme, reachMs })
  }
  const byReach = [...reaching.values()].sort((a, b) => b.reachMs - a.reachMs)
  let distinct: readonly Edges[] = []
  // One that takes samples now, and one for each time that edges begin somewhere between two.
  let panes = 1
  for (const [i, { scheme, reachMs }] of byReach.entries()) {
    for (const edges of edgesOf(scheme)) {
      if (distinct.some((known) => hasAll(known, edges))) continue
      distinct = [...distinct.filter((known) => !hasAll(edges, known)), edges]
      panes++
    }
    const agesMs = reachMs - (byReach[i + 1]?.reachMs ?? 0)
    for (const { everyMs } of distinct) panes += agesMs / everyMs
  }
  return Math.ceil(panes)
}

function edgesOf({ periodicEdges, isNested, shortestStepMs }: WindowScheme): readonly Edges[] {
  if (periodicEdges !== undefined) return periodicEdges
  const edges = { everyMs: shortestStepMs, phaseMs: Number.NaN }
  return isNested ? [edges] : [edges, edges]
}

function hasAll(edges: Edges, others: Edges): boolean {
  return others.everyMs % edges.everyMs === 0 && mod(others.phaseMs - edges.phaseMs, edges.everyMs) === 0
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b
}
