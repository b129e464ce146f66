import type { Query, SeriesDescriptor, WindowResult } from '../../src/index.ts'
import { type NaiveSample, naiveIncreases, naiveSessions, naiveWindows } from '../../src/testing/index.ts'
import { groupOf, reads } from './plan-of.ts'
import type { AcceptedSample } from './query-model.ts'
import { groupKey } from './row-words.ts'
import type { QuerySpec } from './scenario.ts'
import { hold } from './violation.ts'

/** A row as it should be. */
interface Wanted {
  readonly startMs: number
  readonly endMs: number
  readonly group: string
  /** Samples, or amounts of a reading. */
  readonly count: number
  /** What columns are computed over. */
  readonly values: readonly number[]
}

export interface LooseQuery {
  /** The same query in the engine that goes on. */
  query: Query
  readonly spec: QuerySpec
}

export interface LooseOptions {
  readonly tenant: string
  readonly spec: QuerySpec
  readonly series: readonly SeriesDescriptor[]
  readonly accepted: readonly AcceptedSample[]
}

/** Sessions, and what counters grew by: of these only what is left in the end is held against what was accepted. */
export function holdLoose(
  law: string,
  rows: readonly WindowResult[],
  options: LooseOptions,
  wholeFromMs: number,
): void {
  const wanted = new Map<string, Wanted>()
  for (const row of wantedRows(options)) if (row.startMs >= wholeFromMs) wanted.set(`${row.startMs}|${row.group}`, row)
  const { spec } = options
  for (const row of rows) {
    if (row.retracted === true || row.startMs < wholeFromMs) continue
    const key = `${row.startMs}|${groupKey(row)}`
    const where = `${row.query} ${row.source} [${row.startMs}, ${row.endMs}) ${groupKey(row)}`
    const own = wanted.get(key)
    wanted.delete(key)
    hold(law, own !== undefined, () => `${where} is there, and nothing for it`)
    if (own === undefined) continue
    // A storage may have begun within the first window.
    hold(law, !row.partial || row.source === 'backfill', () => `${where} is partial`)
    hold(law, row.endMs === own.endMs, () => `${where} ends at ${own.endMs}`)
    hold(law, row.count === own.count, () => `${where} counts ${row.count}, not ${own.count}`)
    for (const { name, aggregate } of spec.columns) {
      const got = row.values[name]
      const value = aggregateOf(aggregate.fn, own.values)
      const isClose = typeof got === 'number' && Math.abs(got - value) <= 1e-9 * Math.max(1, Math.abs(value))
      hold(law, got === value || isClose, () => `${where} ${name} is ${got}, not ${value}`)
    }
  }
  const [missing] = wanted.values()
  hold(law, missing === undefined, () => `no row of ${missing?.startMs} ${missing?.group}, ${missing?.count} samples`)
}

function wantedRows({ tenant, spec, series, accepted }: LooseOptions): Wanted[] {
  const own = accepted.filter(
    (sample) => !sample.isExcluded && !sample.isRepeat && reads(spec, tenant, series[sample.series]!),
  )
  if (spec.session !== undefined) return sessionsOf(spec, series, own)
  const windows = new Map<
    string,
    { amounts: number; readonly sums: number[] } & Pick<Wanted, 'startMs' | 'endMs' | 'group'>
  >()
  for (const [at, samples] of Map.groupBy(own, (sample) => sample.series)) {
    const increases = naiveIncreases(
      samples.map(({ timeMs, value }) => ({ timeMs, value, startMs: 0 })),
      { policy: 'auto', coversFromMs: Number.NEGATIVE_INFINITY },
    )
    const group = groupOf(spec, series[at]!)
    const amounts: NaiveSample[] = increases.flatMap(({ timeMs, amount }) =>
      amount === undefined ? [] : [{ group, timeMs, value: amount }],
    )
    for (const { startMs, endMs, sum, count } of naiveWindows(amounts, spec.window)) {
      const key = `${startMs}|${group}`
      const window = windows.get(key) ?? { amounts: 0, sums: [], startMs, endMs, group }
      windows.set(key, window)
      window.amounts += count
      window.sums.push(spec.reading === 'rate' ? sum / ((endMs - startMs) / 1_000) : sum)
    }
  }
  return [...windows.values()].map(({ amounts, sums, ...window }) => ({ ...window, count: amounts, values: sums }))
}

function sessionsOf(spec: QuerySpec, series: readonly SeriesDescriptor[], own: readonly AcceptedSample[]): Wanted[] {
  const samples = own.map(({ series: at, timeMs, value }) => ({ group: groupOf(spec, series[at]!), timeMs, value }))
  return naiveSessions(samples, spec.session!).map(({ sorted, ...session }) => ({ ...session, values: sorted }))
}

function aggregateOf(fn: string, values: readonly number[]): number {
  if (fn === 'count') return values.length
  if (fn === 'min') return Math.min(...values)
  if (fn === 'max') return Math.max(...values)
  return values.reduce((sum, value) => sum + value, 0)
}
