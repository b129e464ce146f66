import type { NaiveSample } from './naive-windows.ts'

export interface NaiveSessions {
  readonly gapMs: number
  readonly maxMs: number
}

export interface NaiveSession {
  readonly group: string
  readonly startMs: number
  readonly endMs: number
  readonly count: number
  readonly min: number
  readonly max: number
  /** Values in rising order. */
  readonly sorted: readonly number[]
}

/**
 * The naive reference for sessions: sorts all samples and cuts them wherever two neighbours of a group are `gapMs` or
 * more apart or a multiple of `maxMs` lies between them. It shares no code with the engine and is slow on purpose. By
 * group, then start; NaN is left out.
 */
export function naiveSessions(samples: readonly NaiveSample[], { gapMs, maxMs }: NaiveSessions): NaiveSession[] {
  const inOrder = samples
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : a.timeMs - b.timeMs))
  const sessions: NaiveSample[][] = []
  let previous: NaiveSample | undefined
  for (const sample of inOrder) {
    const goesOn =
      previous !== undefined &&
      previous.group === sample.group &&
      sample.timeMs - previous.timeMs < gapMs &&
      Math.floor(previous.timeMs / maxMs) === Math.floor(sample.timeMs / maxMs)
    if (!goesOn) sessions.push([])
    sessions[sessions.length - 1]!.push(sample)
    previous = sample
  }
  return sessions.map((of) => {
    const sorted = of.map(({ value }) => value + 0).sort((a, b) => a - b)
    const lastMs = of[of.length - 1]!.timeMs
    return {
      group: of[0]!.group,
      startMs: of[0]!.timeMs,
      endMs: Math.min(lastMs + gapMs, (Math.floor(lastMs / maxMs) + 1) * maxMs),
      count: of.length,
      min: sorted[0]!,
      max: sorted[sorted.length - 1]!,
      sorted,
    }
  })
}
