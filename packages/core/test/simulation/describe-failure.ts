import { faultOf, minimise } from './minimise.ts'
import type { Scenario, Step } from './scenario.ts'
import { runScenario } from './simulation.ts'
import { Violation } from './violation.ts'

const MOST_STEPS_SHOWN = 30

/** What a person needs to see of a seed that failed: the law, the seed, and the shortest run found that breaks it. */
export async function describeFailure(scenario: Scenario, error: unknown): Promise<string> {
  const law = error instanceof Violation ? error.law : String(error)
  const least = await minimise(scenario, law)
  const steps = least.steps.slice(0, MOST_STEPS_SHOWN).map((step) => `  ${shown(step, scenario.startMs)}`)
  return [
    `seed ${scenario.seed}: ${error instanceof Error ? error.message : String(error)}`,
    `again: WINDROW_SIMULATION_FIRST=${scenario.seed} WINDROW_SIMULATION_SEEDS=1 npx vitest run --project core test/simulation`,
    `${least.steps.length} of ${scenario.steps.length} steps break "${await faultOf(least)}"; options ${JSON.stringify(scenario.options)}`,
    `the least run says: ${await messageOf(least)}`,
    ...steps,
    ...(least.steps.length > MOST_STEPS_SHOWN ? ['  ...'] : []),
    ...least.series.map((series, i) => `  series ${i}: ${JSON.stringify(series)}`),
    `times are ms after ${scenario.startMs}. For test/simulation/regressions.json:`,
    JSON.stringify({ was: '', scenario: least }),
  ].join('\n')
}

async function messageOf(scenario: Scenario): Promise<string> {
  try {
    await runScenario(scenario)
    return 'nothing'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Times are counted from the start of the run; columns are left out, they are many and seldom matter. */
function shown(step: Step, startMs: number): string {
  return JSON.stringify(step, (key, value: unknown) => {
    if (key === 'columns') return undefined
    return typeof value === 'number' && (key === 'timeMs' || key === 'nowMs' || key === 'startMs')
      ? value - startMs
      : value
  })
}
