import type { QuerySpec } from './scenario.ts'

/** Ends of all windows that hold the time, the last one first. */
export function endsOf(spec: QuerySpec, timeMs: number): number[] {
  const { sizeMs } = spec.window
  const ends: number[] = []
  for (let startMs = lastStartAt(spec, timeMs); startMs + sizeMs > timeMs; startMs -= spec.window.stepMs)
    ends.push(startMs + sizeMs)
  return ends
}

/** Start of the last window that starts at or before the time. */
export function lastStartAt({ window }: QuerySpec, timeMs: number): number {
  return timeMs - mod(timeMs - window.offsetMs, window.stepMs)
}

/** Start of the first window that starts at or after the time. */
export function firstStartFrom({ window }: QuerySpec, timeMs: number): number {
  return timeMs + mod(window.offsetMs - timeMs, window.stepMs)
}

export function isWindow({ window }: QuerySpec, startMs: number, endMs: number): boolean {
  return endMs - startMs === window.sizeMs && mod(startMs - window.offsetMs, window.stepMs) === 0
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b
}
