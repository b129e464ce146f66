import fc from 'fast-check'
import type { DistributionState } from '../../src/aggregate/distribution-state.ts'
import { encodeDistribution } from '../../src/aggregate/state-codec.ts'
import {
  type ColumnPlan,
  createSampleBatch,
  type MetricKind,
  type QueryPlan,
  type SampleBatch,
  type WindowPlan,
} from '../../src/index.ts'
import type { Expression } from '../../src/plan/expression.ts'
import type { SeriesProgress } from '../../src/registry/series-progress.ts'
import type { SeriesRegistry } from '../../src/registry/series-registry.ts'
import type { RunningQuery } from '../../src/window/running-query.ts'
import { WindowOperator } from '../../src/window/window-operator.ts'
import { BY_SERVER, P99, planOf, STATS, T0 } from '../engine/fixtures.ts'
import { throughSection } from './fixture.ts'

const START = T0 - 60_000
export const STEPS: number = 80

/** Their sum tells in which order they were added. */
const LADDER = [1e40, -1e40, 1e20, -1e20, 1, -1]

export interface Planned {
  readonly plan: QueryPlan
  readonly latenessMs: number
  readonly addedAt: number
  readonly forSteps: number
  /** When `altered` becomes the plan, if the query runs then. */
  readonly alteredAt: number
  /** Other options over the same windows. */
  readonly altered: QueryPlan
}

const expressionArbitrary: fc.Arbitrary<Expression> = fc.constantFrom<Expression>(
  { op: '>', left: { op: 'column', name: 'count' }, right: { op: 'number', value: 3 } },
  { op: '<', left: { op: 'column', name: 'sum' }, right: { op: 'number', value: 20 } },
)

const windowArbitrary: fc.Arbitrary<WindowPlan> = fc.oneof(
  { weight: 6, arbitrary: fixedArbitrary() },
  {
    weight: 2,
    arbitrary: fc.constantFrom<WindowPlan>(
      { type: 'session', gapMs: 1_500, maxMs: 20_000 },
      { type: 'session', gapMs: 4_000, maxMs: 86_400_000 },
      { type: 'calendar', unit: 'day', size: 1, step: 1, offsetMs: 0, timeZone: 'Europe/Berlin' },
      { type: 'calendar', unit: 'day', size: 2, step: 1, offsetMs: 12 * 3_600_000 + 30_000, timeZone: 'UTC' },
    ),
  },
)

function fixedArbitrary(): fc.Arbitrary<WindowPlan> {
  return fc
    .record({
      stepMs: fc.constantFrom(1_000, 2_000, 5_000),
      times: fc.constantFrom(1, 1, 2, 3, 24, 40),
      offsetMs: fc.constantFrom(0, 500),
    })
    .map(({ stepMs, times, offsetMs }) => ({ type: 'fixed', sizeMs: stepMs * times, stepMs, offsetMs }))
}

interface Options extends Pick<QueryPlan, 'emit' | 'fill' | 'having' | 'orderBy' | 'limit' | 'minSamples'> {}

const optionsArbitrary: fc.Arbitrary<Options> = fc
  .record({
    emit: fc.constantFrom<QueryPlan['emit']>(
      { at: 'end' },
      { at: 'final' },
      { at: 'every', everyMs: 1_000 },
      { at: 'every', everyMs: 4_000 },
    ),
    fill: fc.constantFrom<QueryPlan['fill']>(
      undefined,
      { with: 'value', value: -1 },
      { with: 'previous', within: { windows: 3 } },
      { with: 'previous', within: { windows: 3 } },
      { with: 'previous', within: { ms: 7_000 } },
    ),
    having: fc.option(expressionArbitrary, { nil: undefined, freq: 1 }),
    limit: fc.constantFrom(undefined, undefined, undefined, 2),
    descending: fc.boolean(),
    minSamples: fc.constantFrom(undefined, undefined, undefined, 4),
  })
  .map(({ emit, fill, having, limit, descending, minSamples }) => ({
    ...(emit === undefined ? {} : { emit }),
    ...(fill === undefined ? {} : { fill }),
    ...(having === undefined ? {} : { having }),
    ...(limit === undefined ? {} : { limit, orderBy: { column: 'sum', descending } }),
    ...(minSamples === undefined ? {} : { minSamples }),
  }))

export const plannedArbitrary: fc.Arbitrary<Planned> = fc
  .record({
    window: windowArbitrary,
    metric: fc.constantFrom('m', 'm', 'c'),
    reading: fc.constantFrom('samples' as const, 'increase' as const, 'rate' as const),
    columns: fc.constantFrom<readonly ColumnPlan[]>(STATS, [...STATS, P99]),
    grouped: fc.boolean(),
    latenessMs: fc.constantFrom(0, 3_000, 10_000, 20_000),
    options: optionsArbitrary,
    otherOptions: optionsArbitrary,
    addedAt: fc.oneof(fc.constant(0), fc.nat(STEPS)),
    forSteps: fc.oneof(fc.constant(1_000), fc.nat(STEPS)),
    alteredAt: fc.oneof(fc.constant(1_000), fc.nat(STEPS)),
  })
  .map(({ window, columns, grouped, metric, reading, options, otherOptions, ...rest }) => {
    const isSession = window.type === 'session'
    const planWith = ({ fill, ...others }: Options): QueryPlan => ({
      ...planOf({ metric, columns, groupBy: grouped ? BY_SERVER : [] }),
      window,
      ...(metric === 'c' && !isSession ? { reading } : {}),
      ...(fill === undefined || isSession ? {} : { fill }),
      ...others,
    })
    return { ...rest, plan: planWith(options), altered: planWith(otherOptions) }
  })

const BUCKETS: DistributionState = {
  type: 'buckets',
  count: 5,
  sum: 40,
  min: Number.NaN,
  max: Number.NaN,
  cumulative: false,
  bounds: [1, 4, 16],
  counts: [0, 3, 2, 0],
}

/** A time line: an operator with the rows it emitted since it was last looked at. */
export class TimeLine {
  readonly operator: WindowOperator
  readonly queries: RunningQuery[]
  readonly rows: unknown[] = []

  constructor(registry: SeriesRegistry, progress: SeriesProgress, planned: readonly Planned[]) {
    this.operator = new WindowOperator({
      registry,
      tenantId: 0,
      source: 'live',
      progress,
      generation: () => 1,
      emit: (row, query) => this.rows.push([this.queries.indexOf(query), row]),
    })
    this.queries = planned.map(({ plan, latenessMs }, i) =>
      this.operator.newQuery({
        name: `q${i}`,
        tenant: 'default',
        version: 1,
        plan,
        latenessMs,
        late: i % 2 === 0 ? 'drop' : 'side',
        deliver: () => true,
        onTooLate: ({ query, ...sample }) => this.rows.push([query.name, sample]) > 0,
      }),
    )
  }

  /** As text, which knows -0 from 0, an infinity from null, and the order of fields. */
  takeRows(): string[] {
    return this.rows
      .splice(0)
      .map((row) =>
        JSON.stringify(row, (_, value: unknown) =>
          typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
            ? `${Object.is(value, -0) ? '-' : ''}${value}`
            : value,
        ),
      )
  }

  get paneBytes(): number {
    const stores = new Set(this.queries.map((query) => this.operator.storeOf(query)))
    let bytes = 0
    for (const store of stores) for (const pane of store?.panes ?? []) bytes += pane.bytes
    return bytes
  }

  /** Of the queries that run. */
  counters(): unknown[] {
    const { operator } = this
    const running = this.queries.filter((query) => operator.stateOf(query).bytes > 0)
    const queries = running.map((query) => [
      query.name,
      this.operator.countersOf(query),
      this.operator.seriesMatched(query),
      query.onTime,
      query.lateApplied,
      query.lateDropped,
      query.toSide,
      query.coversFromMs,
      query.sinceMs,
      query.emittedThroughMs,
      query.finalThroughMs,
      query.ownsFromMs,
      query.ownsUntilMs,
    ])
    return [operator.items, operator.drainedMs, operator.watermarkMs, ...queries]
  }
}

export interface World {
  readonly registry: SeriesRegistry
  readonly progress: SeriesProgress
  readonly random: (end: number) => number
  readonly totals: Map<number, number>
}

export function batchOf({ registry, progress, random, totals }: World, nowMs: number, step: number): SampleBatch {
  const batch = createSampleBatch(64)
  const sources: readonly (readonly [metric: string, kind: MetricKind])[] = [
    ['m', 'distribution'],
    ['c', 'counter'],
    ['c', 'counter'],
    ['c', 'delta'],
  ]
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random(items.length))]!
  // Now and then one series alone sends more than pairs wait for.
  const isBurst = random(1) < 0.03
  const count = random(1) < 0.25 ? 0 : isBurst ? 30 : Math.floor(random(10))
  const burstSeries = Math.floor(random(4))
  for (let i = 0; i < count; i++) {
    const [metric, kind] = isBurst ? sources[1]! : oneOf(sources)
    const series = isBurst ? burstSeries : Math.floor(random(Math.min(9, 2 + step / 8)))
    const ref = registry.register({ server: `s${series % 4}`, metric, kind, labels: { n: `${series}` } })
    const ageMs = isBurst ? random(3_000) : random(1) < 0.2 ? random(26_000) : random(900)
    const timeMs = Math.floor(nowMs - ageMs)
    let value = 10 ** random(2)
    if (kind === 'counter') {
      const total = random(1) < 0.05 ? 0 : (totals.get(ref) ?? 0) + value
      totals.set(ref, total)
      value = total
    } else if (random(1) < 0.02) value = oneOf([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, Number.NaN])
    else if (random(1) < 0.5) value = oneOf(LADDER)
    const row = batch.push(ref, timeMs, value)
    // Writers that started at different times and overlap.
    if (kind === 'counter' && series < 3) batch.setStartTime(row, START - oneOf([0, 0, 0, 0, 1_000, 2_000]))
    if (metric === 'm' && random(1) < 0.1) batch.setWeight(row, 3)
    else if (metric === 'm' && random(1) < 0.05) batch.setState(row, encodeDistribution(BUCKETS, 0))
    progress.ensure(registry.size)
    if (timeMs > progress.lastMs[ref]!) progress.advance(ref, timeMs, value)
    else progress.takeOlder(ref, timeMs)
  }
  return batch
}

export async function restored(line: TimeLine, world: World, planned: readonly Planned[]): Promise<TimeLine> {
  const copy = new TimeLine(world.registry, world.progress, planned)
  await throughSection(
    (writer) => line.operator.save(writer, line.queries),
    (reader) => copy.operator.load(reader, copy.queries),
  )
  copy.rows.push(...line.rows)
  return copy
}
