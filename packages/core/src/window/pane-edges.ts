import type { WindowScheme } from './window-scheme.ts'

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
 * A lower bound of the distance between two edges (starts and ends) of the schemes' windows: exact when all of them
 * are periodic; otherwise a second, or 0 when some edge lies off whole seconds.
 */
export function shortestPaneMs(schemes: readonly WindowScheme[]): number {
  // Many queries have equal windows, and equal edges are one edge.
  const distinct = [...new Map(schemes.map((scheme) => [scheme.key, scheme])).values()]
  if (distinct.some((scheme) => scheme.periodicEdges === undefined))
    return distinct.every((scheme) => scheme.inWholeSeconds) ? 1_000 : 0
  const edges = distinct.flatMap((scheme) => scheme.periodicEdges ?? [])
  let shortest = Number.POSITIVE_INFINITY
  for (const [i, a] of edges.entries())
    for (const b of edges.slice(i)) {
      const period = gcd(a.everyMs, b.everyMs)
      const distance = mod(a.phaseMs - b.phaseMs, period)
      shortest = Math.min(shortest, distance === 0 ? period : Math.min(distance, period - distance))
    }
  return shortest
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b
}
