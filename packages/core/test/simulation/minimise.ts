import type { Scenario, Step } from './scenario.ts'
import { runScenario } from './simulation.ts'
import { Violation } from './violation.ts'

/** The law a scenario breaks, the name of what it throws, or undefined when all is well. */
export async function faultOf(scenario: Scenario): Promise<string | undefined> {
  try {
    await runScenario(scenario)
    return undefined
  } catch (error) {
    return error instanceof Violation ? error.law : String(error)
  }
}

/**
 * Leaves out steps, then points of what is left, as long as the same law stays broken (delta debugging, after Zeller and
 * Hildebrandt, 2002). `budgetMs` bounds the search: a failing test should not hang as well.
 */
export async function minimise(scenario: Scenario, fault: string, budgetMs = 10_000): Promise<Scenario> {
  const endMs = performance.now() + budgetMs
  const fails = async (steps: readonly Step[]): Promise<boolean> => (await faultOf({ ...scenario, steps })) === fault
  let steps = await shrink(scenario.steps, fails, endMs)
  for (let i = 0; i < steps.length && performance.now() < endMs; i++) {
    const step = steps[i]!
    if (step.do !== 'push' && step.do !== 'poll') continue
    const points = await shrink(step.points, (some) => fails(steps.with(i, { ...step, points: some })), endMs)
    steps = steps.with(i, { ...step, points })
  }
  return withoutUnused({ ...scenario, steps: await shrink(steps, fails, endMs) })
}

/** Only the series that are sent, numbered anew: short enough to be kept. */
function withoutUnused(scenario: Scenario): Scenario {
  const used = [
    ...new Set(scenario.steps.flatMap((step) => ('points' in step ? step.points.map(({ series }) => series) : []))),
  ]
  return {
    ...scenario,
    series: used.map((series) => scenario.series[series]!),
    steps: scenario.steps.map((step) =>
      'points' in step
        ? { ...step, points: step.points.map((point) => ({ ...point, series: used.indexOf(point.series) })) }
        : step,
    ),
  }
}

async function shrink<T>(
  list: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  endMs: number,
): Promise<readonly T[]> {
  let left = list
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < left.length; ) {
      if (performance.now() > endMs) return left
      const without = [...left.slice(0, at), ...left.slice(at + size)]
      if (without.length < left.length && (await fails(without))) left = without
      else at += size
    }
  }
  return left
}
