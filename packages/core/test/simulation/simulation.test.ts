import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeFailure } from './describe-failure.ts'
import { minimise } from './minimise.ts'
import type { Scenario, Step } from './scenario.ts'
import { seedRange } from './seeds.ts'
import { type RunReport, runScenario } from './simulation.ts'
import { createScenario } from './world.ts'

/**
 * A fleet with wrong clocks, a network that delays, loses and repeats, a storage that is slow and fails, engines that
 * die, and people who change their queries, all decided by one seed; what the engine says is held against a model that
 * shares no code with it, after every step, and against all samples in the end.
 *
 * What once failed is kept in `regressions.json` and always run: the least scenario, since a seed stands for another world
 * as soon as the world learns something new, or the seed where no scenario can be kept.
 */

interface Regression {
  /** What was wrong. */
  readonly was: string
  readonly seed?: number
  readonly scenario?: Scenario
}

const regressions = JSON.parse(
  readFileSync(new URL('./regressions.json', import.meta.url), 'utf8'),
) as readonly Regression[]
const { first, count } = seedRange()
/** A test for so many seeds, so that progress shows and one failure does not hide the others. */
const SEEDS_A_TEST = 50
/** Every so manieth world is played a second time. */
const TWICE_EVERY = 4
/** A world takes some 50 ms; a busy machine some more. */
const LIMIT_MS = 120_000

/** Plays the world: all laws hold, and, `twice`, the same things are said in the same order. */
async function play(scenario: Scenario, twice: boolean): Promise<RunReport> {
  try {
    const report = await runScenario(scenario)
    if (!twice) return report
    expect((await runScenario(scenario)).hash, `seed ${scenario.seed} gave other rows the second time`).toBe(
      report.hash,
    )
    return report
  } catch (error) {
    throw new Error(await describeFailure(scenario, error), { cause: error })
  }
}

describe('worlds', () => {
  for (let from = first; from < first + count; from += SEEDS_A_TEST) {
    const to = Math.min(from + SEEDS_A_TEST, first + count)
    test(`of the seeds ${from} to ${to - 1} keep every promise`, { timeout: LIMIT_MS }, async () => {
      let rows = 0
      for (let seed = from; seed < to; seed++) rows += (await play(createScenario(seed), seed % TWICE_EVERY === 0)).rows
      // A world in which nothing happens would keep every promise.
      expect(rows).toBeGreaterThan(0)
    })
  }
})

test.each(regressions)('once: $was', { timeout: LIMIT_MS }, async ({ seed, scenario }) => {
  if ((seed === undefined) === (scenario === undefined)) throw new Error('a regression is a seed or a scenario')
  await play(scenario ?? createScenario(seed!), true)
})

describe('the simulation itself', () => {
  test('hands in plenty: samples, rows, windows, and every kind of step', async () => {
    const kinds = new Set<Step['do']>()
    let [accepted, rows, windows, repaired, looseHeld] = [0, 0, 0, 0, 0]
    for (let seed = 1; seed <= 30; seed++) {
      const scenario = createScenario(seed)
      for (const step of scenario.steps) kinds.add(step.do)
      const report = await runScenario(scenario)
      accepted += report.accepted
      rows += report.rows
      windows += report.windows
      repaired += report.repaired
      looseHeld += report.looseHeld
    }
    expect([...kinds].sort()).toEqual(
      [
        'add',
        'alter',
        'caughtUp',
        'close',
        'kill',
        'open',
        'pause',
        'poll',
        'push',
        'remove',
        'restart',
        'resume',
        'save',
        'tick',
      ].sort(),
    )
    expect(accepted).toBeGreaterThan(8_000)
    expect(rows).toBeGreaterThan(1_500)
    expect(windows).toBeGreaterThan(1_500)
    expect(repaired).toBeGreaterThan(10)
    expect(looseHeld).toBeGreaterThan(0)
  })

  test('makes the same world of a seed', () => {
    expect(createScenario(7)).toEqual(createScenario(7))
    expect(createScenario(7)).not.toEqual(createScenario(8))
  })

  test('finds the few steps that matter', async () => {
    // A step nobody can take: the engine has no such time, and says so.
    const impossible: Step = { do: 'tick', nowMs: Number.NaN }
    const scenario = createScenario(3)
    const at = Math.floor(scenario.steps.length / 2)
    const broken: Scenario = { ...scenario, steps: scenario.steps.toSpliced(at, 0, impossible) }
    const error = await runScenario(broken).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(RangeError)
    expect((await minimise(broken, String(error))).steps).toEqual([impossible])
  })
})
