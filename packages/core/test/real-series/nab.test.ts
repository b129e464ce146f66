import { expect, test } from 'vitest'
import { realData } from '../../../../tools/testing/real-data.ts'
import {
  type ColumnPlan,
  createEngine,
  createSampleBatch,
  type MetricKind,
  type QueryPlan,
  type SeriesRef,
  type WindowResult,
} from '../../src/index.ts'
import { type NaiveRow, type NaiveSample, naivePercentile, naiveWindows } from '../../src/testing/index.ts'
import { type RealSeries, readSeries } from './series-file.ts'

/**
 * Real series through the engine as if they came in now, against the naive reference: every window of every size, for
 * every series. Each series is told twice: as levels, of which a repeated time counts once, and as events, of which it
 * does not and which can be summed.
 */

const folder = realData('nab')
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Size and step. */
const WINDOWS: readonly (readonly [number, number])[] = [
  [SECOND, SECOND],
  [5 * SECOND, 5 * SECOND],
  [10 * SECOND, 5 * SECOND],
  [MINUTE, MINUTE],
  [5 * MINUTE, MINUTE],
  [7 * MINUTE, 3 * MINUTE],
  [15 * MINUTE, 15 * MINUTE],
  [HOUR, HOUR],
  [HOUR, 5 * MINUTE],
  [6 * HOUR, 4 * HOUR],
  [DAY, DAY],
  [DAY, HOUR],
]
/** Enough to show that levels and events differ in nothing but repeated times and the sum. */
const WINDOWS_OF_LEVELS: readonly (readonly [number, number])[] = [
  [SECOND, SECOND],
  [5 * MINUTE, MINUTE],
  [HOUR, 5 * MINUTE],
  [DAY, HOUR],
]
const RANKS = [
  ['p50', '50', { digits: 50, scale: 2 }],
  ['p99_9', '99.9', { digits: 999, scale: 3 }],
] as const
const LEVELS: readonly ColumnPlan[] = [
  { name: 'count', aggregate: { fn: 'count' } },
  { name: 'min', aggregate: { fn: 'min' } },
  { name: 'max', aggregate: { fn: 'max' } },
  { name: 'avg', aggregate: { fn: 'avg' } },
  ...RANKS.map(([name, , rank]) => ({ name, aggregate: { fn: 'percentile' as const, rank } })),
]
const EVENTS: readonly ColumnPlan[] = [...LEVELS, { name: 'sum', aggregate: { fn: 'sum' } }]

function planOf(
  metric: string,
  columns: readonly ColumnPlan[],
  [sizeMs, stepMs]: readonly [number, number],
): QueryPlan {
  return {
    planVersion: 1,
    text: `${metric} ${sizeMs} ${stepMs}`,
    selector: { metric, from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
    window: { type: 'fixed', sizeMs, stepMs, offsetMs: 0 },
    columns,
    groupBy: [],
  }
}

/** A series told as one kind of metric; `said` is what counts of it. */
interface Telling {
  readonly kind: MetricKind
  readonly columns: readonly ColumnPlan[]
  readonly windows: typeof WINDOWS
  readonly said: readonly NaiveSample[]
}

/** What a series amounts to as levels: the first sample of each time. */
function firstOfEachTime(samples: readonly NaiveSample[]): NaiveSample[] {
  const times = new Set<number>()
  return samples.filter(({ timeMs }) => !times.has(timeMs) && times.add(timeMs))
}

/** Sends a series minute by minute with the clock beside it; the newest row of each window of each query. */
async function rowsOf(
  samples: readonly NaiveSample[],
  { kind, columns, windows }: Pick<Telling, 'kind' | 'columns' | 'windows'>,
): Promise<Map<number, WindowResult>[]> {
  await using engine = createEngine({ clock: 'manual' })
  const sorted = [...samples].sort((a, b) => a.timeMs - b.timeMs)
  engine.advanceTo(sorted[0]!.timeMs - 2 * DAY)
  const rows = windows.map((window, i) => {
    const newest = new Map<number, WindowResult>()
    engine.addQuery(`q${i}`, planOf('m', columns, window)).subscribe((row) => newest.set(row.startMs, row))
    return newest
  })
  const ref: SeriesRef = engine.registry.register({ metric: 'm', kind, server: 's' })
  const batch = createSampleBatch(16)
  for (const { timeMs, value } of sorted) {
    engine.advanceTo(timeMs)
    batch.clear()
    batch.push(ref, timeMs, value)
    engine.ingest(batch, { source: 'real' })
  }
  engine.advanceTo(sorted.at(-1)!.timeMs + 3 * DAY)
  return rows
}

function holdRow(name: string, row: WindowResult, want: NaiveRow): void {
  const where = `${name} ${new Date(row.startMs).toISOString()} of ${row.endMs - row.startMs} ms`
  const { values } = row
  const close = (got: number | null | undefined, wanted: number, allowed: number): boolean =>
    typeof got === 'number' && Math.abs(got - wanted) <= allowed
  if (row.partial || row.endMs !== want.endMs) expect.fail(`${where}: partial or of another size`)
  if (row.count !== want.count || !Object.is(values['count'], want.count))
    expect.fail(`${where}: count ${values['count']}, not ${want.count}`)
  if (!Object.is(values['min'], want.min)) expect.fail(`${where}: min ${values['min']}, not ${want.min}`)
  if (!Object.is(values['max'], want.max)) expect.fail(`${where}: max ${values['max']}, not ${want.max}`)
  if (!close(values['avg'], want.avg, (1e-12 * want.magnitude) / want.count))
    expect.fail(`${where}: avg ${values['avg']}, not ${want.avg}`)
  if ('sum' in values && !close(values['sum'], want.sum, 1e-12 * want.magnitude))
    expect.fail(`${where}: sum ${values['sum']}, not ${want.sum}`)
  for (const [column, p] of RANKS) {
    const truth = naivePercentile(want.sorted, p)
    const error = (row.quality?.columns?.[column]?.relativeError ?? 0) * (1 + 1e-9)
    if (!close(values[column], truth, error * Math.abs(truth)))
      expect.fail(`${where}: ${column} ${values[column]}, not ${truth} within ${error}`)
  }
}

async function compare({ name, samples }: RealSeries): Promise<number> {
  const all = samples.map((sample) => ({ ...sample, group: '' }))
  const tellings: readonly Telling[] = [
    { kind: 'gauge', columns: LEVELS, windows: WINDOWS_OF_LEVELS, said: firstOfEachTime(all) },
    { kind: 'distribution', columns: EVENTS, windows: WINDOWS, said: all },
  ]
  let compared = 0
  for (const telling of tellings) {
    const rows = await rowsOf(all, telling)
    for (const [i, [sizeMs, stepMs]] of telling.windows.entries()) {
      const expected = naiveWindows(telling.said, { sizeMs, stepMs, offsetMs: 0 })
      const actual = rows[i]!
      expect(actual.size, `${name}: windows of ${sizeMs} ms every ${stepMs} ms`).toBe(expected.length)
      for (const want of expected) {
        const row = actual.get(want.startMs)
        if (row === undefined) expect.fail(`${name}: no window of ${sizeMs} ms at ${want.startMs}`)
        holdRow(`${name} as ${telling.kind}`, row, want)
      }
      compared += expected.length
    }
  }
  return compared
}

test.skipIf(folder === undefined)(
  'windows of every real series, 1 s to 1 d, equal the naive reference',
  { timeout: 120_000 },
  async () => {
    const series = readSeries(folder!)
    let windows = 0
    for (const one of series) windows += await compare(one)
    const samples = series.reduce((sum, one) => sum + one.samples.length, 0)
    console.log(`${series.length} real series, ${samples} samples, ${windows} windows compared`)
    // What the folder holds; fewer means that something was not read.
    expect(series.length).toBeGreaterThanOrEqual(15)
    expect(windows).toBeGreaterThanOrEqual(900_000)
  },
)
