import type { TimedStep } from './network.ts'
import type { Random } from './random.ts'

/** When snapshots are taken of an engine, and when it dies. */
export function createFates(random: Random, startMs: number, endMs: number, stored: boolean): TimedStep[] {
  if (!random.chance(0.35)) return []
  const steps: TimedStep[] = []
  for (let kills = random.integer(1, 2); kills > 0; kills--) {
    const savedMs = random.integer(startMs, endMs)
    const killedMs = savedMs + random.integer(0, random.pick([3_000, 20_000, 90_000]))
    steps.push({ atMs: savedMs, step: { do: 'save' } })
    steps.push({
      atMs: killedMs,
      step: { do: 'kill', pushed: random.pick(stored ? ['first', 'later'] : ['first', 'later', 'never']) },
    })
  }
  return steps
}
