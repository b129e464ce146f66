import { createFates } from './fates.ts'
import { createFleet } from './fleet.ts'
import { createTraffic, type TimedStep } from './network.ts'
import { createOperations } from './operator.ts'
import { createRandom, type Random } from './random.ts'
import type { Scenario, Step } from './scenario.ts'

const START_MS = Date.UTC(2026, 0, 5, 12, 0, 0)
/** Long enough after the end for the windows of a clock that is an hour ahead. */
const DRAIN_MS = [1_000, 15_000, 70_000, 200_000, 2 * 3_600_000] as const

/** Everything that happens in the world of this seed. */
export function createScenario(seed: number): Scenario {
  const random = createRandom(seed)
  const startMs = START_MS + random.integer(0, 59_999)
  const endMs = startMs + random.integer(60, 200) * 1_000
  const tenants = random.chance(0.25) ? ['default', 'other'] : ['default']
  const wildClocks = random.chance(0.35)
  const limited = random.chance(0.5)
  const stored = random.chance(0.4)
  const fates = createFates(random.fork(), startMs, endMs, stored)
  // What an engine that died had stored is told apart from what comes again by its batch alone.
  const isPlain = stored && fates.length > 0
  const fleet = createFleet({ random: random.fork(), startMs, endMs, tenants, wildClocks, resends: !isPlain })
  const traffic = createTraffic({ random: random.fork(), fleet, startMs, endMs, tenants, isPlain })
  const operations = createOperations({ random: random.fork(), startMs, endMs, tenants, stored })
  const ticks = createTicks(
    random.fork(),
    startMs,
    traffic.reduce((ms, { atMs }) => Math.max(ms, atMs), endMs),
  )
  return {
    seed,
    startMs,
    options: limited ? { maxFutureMs: 300_000, futureHoldMs: 10_000 } : {},
    series: fleet.series,
    steps: inOrder([...ticks, ...operations, ...traffic, ...fates]),
    stored,
    ...(stored ? createStorageHabits(random.fork()) : {}),
  }
}

/** The clock moves in steps that are anything but even, and once now and then stands for long. */
function createTicks(random: Random, startMs: number, endMs: number): TimedStep[] {
  const steps: TimedStep[] = []
  const usualMs = random.pick([100, 500, 1_000, 1_000, 3_000])
  let nowMs = startMs
  const tick = (): void => {
    steps.push({ atMs: nowMs, step: { do: 'tick', nowMs } })
  }
  for (; nowMs <= endMs; nowMs += random.chance(0.01) ? random.integer(3_000, 30_000) : random.integer(1, 2 * usualMs))
    tick()
  for (const afterMs of DRAIN_MS) {
    nowMs += afterMs
    tick()
  }
  return steps
}

/** By time; what happens at one time in the order given, the clock first. */
function inOrder(steps: readonly TimedStep[]): Step[] {
  return steps
    .map((timed, i) => ({ ...timed, i }))
    .sort((a, b) => a.atMs - b.atMs || a.i - b.i)
    .map(({ step }) => step)
}

/** How the storage is to its engine, and how little of its work it is to repair at a time. */
function createStorageHabits(random: Random): Pick<Scenario, 'shaking' | 'visibleAfterMs' | 'repair'> {
  const shakes = random.chance(0.5)
  return {
    ...(shakes
      ? {
          shaking: {
            writeFails: random.pick([0, 0.05, 0.3]),
            scanFails: random.pick([0, 0.05, 0.2]),
            mostTicks: random.integer(0, 6),
          },
        }
      : {}),
    ...(random.chance(0.2) ? { visibleAfterMs: random.integer(500, 8_000) } : {}),
    repair: {
      everyMs: random.pick([5_000, 30_000]),
      ...(random.chance(0.1) ? { maxDirtyWindows: random.integer(1, 20) } : {}),
      ...(random.chance(0.1) ? { maxWindowRows: random.integer(5, 60) } : {}),
    },
  }
}
