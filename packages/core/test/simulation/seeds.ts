/** How a run of the simulation was asked for. The one place that reads the environment. */
export interface SeedRange {
  readonly first: number
  readonly count: number
}

/**
 * `WINDROW_SIMULATION_SEEDS` says how many worlds to run (default 200), `WINDROW_SIMULATION_FIRST` which one comes first
 * (default 1). Both must be whole numbers.
 */
export function seedRange(environment: Readonly<Record<string, string | undefined>> = process.env): SeedRange {
  return {
    first: wholeNumber(environment, 'WINDROW_SIMULATION_FIRST', 1),
    count: wholeNumber(environment, 'WINDROW_SIMULATION_SEEDS', 200),
  }
}

function wholeNumber(environment: Readonly<Record<string, string | undefined>>, name: string, usual: number): number {
  const text = environment[name]
  if (text === undefined || text === '') return usual
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new TypeError(`${name} is ${text}; it takes a whole number of at least 1`)
  return value
}
