/** One line of the report; `ratio` is ours against the peer's, above 1 when ours is better. */
export interface BenchRow {
  name: string
  unit: string
  value: number
  /** (max - min) / median over the repetitions. */
  spread?: number
  peer?: string
  peerValue?: number
  ratio?: number
}

export type Report = (row: BenchRow) => void

/** Milliseconds per call of the measured function. */
export interface Measurement {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Sum of what every call returned: holding it against an expected value shows that the work was done. */
  readonly checksum: number
}

export interface MeasureOptions {
  /** Timed calls; the median needs an odd number to be one of them. Default 7. */
  readonly repetitions?: number
  /** Untimed calls before them. Default 3. */
  readonly warmup?: number
}

/** The work of one timed call. What it returns goes into the checksum, so that nothing is optimised away. */
export type Work = () => number | Promise<number>

/**
 * Times several functions in turns, one call each per round, so that a machine that slows down or speeds up meanwhile
 * does so for all of them.
 */
export async function measureTogether<Name extends string>(
  works: Readonly<Record<Name, Work>>,
  { repetitions = 7, warmup = 3 }: MeasureOptions = {},
): Promise<Record<Name, Measurement>> {
  const names = Object.keys(works) as Name[]
  const runs = names.map((name) => ({ name, work: works[name], timesMs: [] as number[], checksum: 0 }))
  for (let round = -warmup; round < repetitions; round++) {
    for (const run of runs) {
      const startMs = performance.now()
      const returned = run.work()
      run.checksum += typeof returned === 'number' ? returned : await returned
      if (round >= 0) run.timesMs.push(performance.now() - startMs)
    }
  }
  const measured = runs.map(({ name, timesMs, checksum }) => {
    const sorted = timesMs.sort((a, b) => a - b)
    const [min, median, max] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted[sorted.length - 1]!]
    return [name, { median, min, max, checksum }] as const
  })
  return Object.fromEntries(measured) as Record<Name, Measurement>
}

/** Spread of a measurement as a share of its median. */
export function spreadOf({ median, min, max }: Measurement): number {
  return (max - min) / median
}
