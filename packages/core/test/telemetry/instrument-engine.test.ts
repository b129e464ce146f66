import { metrics } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, describe, expect, test } from 'vitest'
import type { EngineNumbers, QueryNumbers, SourceNumbers, TenantNumbers } from '../../src/telemetry/engine-numbers.ts'
import { instrumentEngine } from '../../src/telemetry/index.ts'

const NOW_MS = Date.UTC(2026, 0, 5, 12)

class PulledReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

interface Reported {
  readonly unit: string
  readonly description: string
  /** `counter`, `size` (up and down) or `gauge`. */
  readonly type: string
  /** Values by attributes, in the order reported. */
  readonly points: ReadonlyMap<string, number>
}

function source(name: string, more: Partial<SourceNumbers> = {}): SourceNumbers {
  return {
    source: name,
    kind: 'push',
    state: 'active',
    watermarkMs: NOW_MS - 2_000,
    maxEventMs: NOW_MS,
    lastBatchMs: NOW_MS,
    disorderMs: 2_000,
    backlog: 0,
    ...more,
  }
}

function query(name: string, more: Partial<QueryNumbers> = {}): QueryNumbers {
  return {
    query: name,
    queryVersion: 2,
    versions: [1, 2],
    state: 'running',
    counters: { matched: 28, applied: 7, lateApplied: 6, toRepair: 5, toSide: 4, lateDropped: 3, excluded: 3 },
    lagMs: 12_500,
    finalThroughMs: NOW_MS - 25_000,
    rowsEmitted: 40,
    fireDelayMs: { count: 8, sum: 20_000, max: 4_500, last: 2_250 },
    stateItems: 120,
    stateBytes: 9_600,
    ...more,
  }
}

function tenant(name: string, more: Partial<TenantNumbers> = {}): TenantNumbers {
  return {
    tenant: name,
    watermarkMs: NOW_MS - 2_000,
    lagMs: 2_000,
    isClockSuspect: false,
    points: {
      received: 100,
      accepted: 80,
      duplicate: 10,
      shed: 4,
      rejected: { future: 5, expired: 1 },
      duplicateConflict: 2,
      precisionLost: 1,
    },
    sources: [source('gateway')],
    queries: [query('web_cpu')],
    counterPairs: { resets: 9, overlaps: 8, indeterminate: 7, pairedEarly: 6 },
    stateItems: 150,
    stateBytes: 12_000,
    dirtyWindows: 3,
    ...more,
  }
}

function numbers(more: Partial<EngineNumbers> = {}): EngineNumbers {
  return {
    nowMs: NOW_MS,
    clockStepMs: 0,
    seriesCount: 900,
    stateBytes: 77_000,
    paneCount: 12,
    writeQueueRows: 250,
    writeQueueLimit: 2_000_000,
    storageErrors: 6,
    snapshotMs: NOW_MS - 30_000,
    tenants: [tenant('default')],
    ...more,
  }
}

/** The real SDK over an engine whose numbers the test sets. */
class Sdk {
  readonly reader: PulledReader
  readonly provider: MeterProvider
  current: EngineNumbers
  readings = 0

  constructor(current: EngineNumbers = numbers(), temporality = AggregationTemporality.CUMULATIVE) {
    this.current = current
    this.reader = new PulledReader({ aggregationTemporalitySelector: () => temporality })
    this.provider = new MeterProvider({ readers: [this.reader] })
  }

  stats(): EngineNumbers {
    this.readings++
    return this.current
  }

  async collect(): Promise<Map<string, Reported>> {
    const { resourceMetrics, errors } = await this.reader.collect()
    expect(errors).toEqual([])
    const reported = new Map<string, Reported>()
    for (const { scope, metrics: ofScope } of resourceMetrics.scopeMetrics) {
      if (scope.name !== '@windrow/core') continue
      for (const { descriptor, dataPointType, dataPoints, ...metric } of ofScope) {
        const isMonotonic = 'isMonotonic' in metric && metric.isMonotonic
        reported.set(descriptor.name, {
          unit: descriptor.unit,
          description: descriptor.description,
          type: dataPointType === DataPointType.GAUGE ? 'gauge' : isMonotonic ? 'counter' : 'size',
          points: new Map(dataPoints.map(({ attributes, value }) => [keyOf(attributes), value as number])),
        })
      }
    }
    return reported
  }
}

function keyOf(attributes: object): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

const TENANT = 'windrow.tenant=default'
const QUERY = `${TENANT} windrow.query=web_cpu`

afterEach(() => metrics.disable())

test('everything an engine says about itself, with its type, unit and attributes', async () => {
  const sdk = new Sdk()
  instrumentEngine(sdk, { meterProvider: sdk.provider })
  const reported = await sdk.collect()
  expect([...reported].map(([name, { type, unit, points }]) => [name, type, unit, Object.fromEntries(points)])).toEqual(
    [
      ['windrow.points.received', 'counter', '{point}', { [TENANT]: 100 }],
      ['windrow.points.accepted', 'counter', '{point}', { [TENANT]: 80 }],
      ['windrow.points.duplicate', 'counter', '{point}', { [TENANT]: 10 }],
      ['windrow.points.shed', 'counter', '{point}', { [TENANT]: 4 }],
      [
        'windrow.points.rejected',
        'counter',
        '{point}',
        { [`${TENANT} reason=future`]: 5, [`${TENANT} reason=expired`]: 1 },
      ],
      ['windrow.points.duplicate_conflict', 'counter', '{point}', { [TENANT]: 2 }],
      ['windrow.points.precision_lost', 'counter', '{point}', { [TENANT]: 1 }],
      ['windrow.counter.resets', 'counter', '{point}', { [TENANT]: 9 }],
      ['windrow.counter.overlaps', 'counter', '{point}', { [TENANT]: 8 }],
      ['windrow.counter.indeterminate', 'counter', '{point}', { [TENANT]: 7 }],
      ['windrow.counter.paired_early', 'counter', '{point}', { [TENANT]: 6 }],
      ['windrow.query.points.matched', 'counter', '{point}', { [QUERY]: 28 }],
      ['windrow.query.points.applied', 'counter', '{point}', { [QUERY]: 7 }],
      ['windrow.query.points.late_applied', 'counter', '{point}', { [QUERY]: 6 }],
      ['windrow.query.points.to_repair', 'counter', '{point}', { [QUERY]: 5 }],
      ['windrow.query.points.to_side', 'counter', '{point}', { [QUERY]: 4 }],
      ['windrow.query.points.late_dropped', 'counter', '{point}', { [QUERY]: 3 }],
      ['windrow.query.points.excluded', 'counter', '{point}', { [QUERY]: 3 }],
      ['windrow.query.rows.emitted', 'counter', '{row}', { [QUERY]: 40 }],
      ['windrow.query.windows.fired', 'counter', '{window}', { [QUERY]: 8 }],
      ['windrow.query.fire_delay.sum', 'counter', 's', { [QUERY]: 20 }],
      ['windrow.query.fire_delay.max', 'gauge', 's', { [QUERY]: 4.5 }],
      ['windrow.query.fire_delay.last', 'gauge', 's', { [QUERY]: 2.25 }],
      ['windrow.query.lag', 'gauge', 's', { [QUERY]: 12.5 }],
      ['windrow.query.final_lag', 'gauge', 's', { [QUERY]: 25 }],
      ['windrow.query.state.items', 'gauge', '{item}', { [QUERY]: 120 }],
      ['windrow.query.state.size', 'gauge', 'By', { [QUERY]: 9_600 }],
      [
        'windrow.query.count',
        'size',
        '{query}',
        {
          [`${TENANT} windrow.query.state=running`]: 1,
          [`${TENANT} windrow.query.state=paused`]: 0,
          [`${TENANT} windrow.query.state=invalid`]: 0,
        },
      ],
      [
        'windrow.source.count',
        'size',
        '{source}',
        {
          [`${TENANT} windrow.source.state=active`]: 1,
          [`${TENANT} windrow.source.state=idle`]: 0,
          [`${TENANT} windrow.source.state=catching-up`]: 0,
          [`${TENANT} windrow.source.state=stalled`]: 0,
        },
      ],
      ['windrow.source.lag', 'gauge', 's', { [`${TENANT} windrow.source=gateway`]: 2 }],
      ['windrow.lag', 'gauge', 's', { [TENANT]: 2 }],
      ['windrow.state.items', 'size', '{item}', { [TENANT]: 150 }],
      ['windrow.state.size', 'size', 'By', { [TENANT]: 12_000 }],
      ['windrow.windows.dirty', 'size', '{window}', { [TENANT]: 3 }],
      ['windrow.clock.suspect', 'gauge', '1', { [TENANT]: 0 }],
      ['windrow.clock.step', 'gauge', 's', { '': 0 }],
      ['windrow.series.count', 'size', '{series}', { '': 900 }],
      ['windrow.pane.count', 'size', '{item}', { '': 12 }],
      ['windrow.engine.state.size', 'size', 'By', { '': 77_000 }],
      ['windrow.write_queue.size', 'size', '{row}', { '': 250 }],
      ['windrow.write_queue.limit', 'size', '{row}', { '': 2_000_000 }],
      ['windrow.storage.errors', 'counter', '{error}', { '': 6 }],
      ['windrow.snapshot.age', 'gauge', 's', { '': 30 }],
    ],
  )
  for (const { description } of reported.values()) expect(description).toMatch(/^.{10,}\.$/)
})

test('one reading of the engine a collection, and both laws hold over what it gave', async () => {
  const sdk = new Sdk(numbers({ tenants: [tenant('a'), tenant('b')] }))
  instrumentEngine(sdk, { meterProvider: sdk.provider })
  const reported = await sdk.collect()
  expect(sdk.readings).toBe(1)
  const sum = (...names: readonly string[]): number =>
    names.reduce((total, name) => total + [...reported.get(name)!.points.values()].reduce((a, b) => a + b, 0), 0)
  const outcomes = ['accepted', 'rejected', 'duplicate', 'shed'].map((outcome) => `windrow.points.${outcome}`)
  expect(sum(...outcomes)).toBe(sum('windrow.points.received'))
  const ends = ['applied', 'late_applied', 'to_repair', 'to_side', 'late_dropped', 'excluded']
  expect(sum(...ends.map((end) => `windrow.query.points.${end}`))).toBe(sum('windrow.query.points.matched'))
  await sdk.collect()
  expect(sdk.readings).toBe(2)
})

describe('what is not known yet is not reported', () => {
  test('of an engine whose manual clock was not set', async () => {
    const unknown = Number.NEGATIVE_INFINITY
    const sdk = new Sdk(
      numbers({
        nowMs: unknown,
        snapshotMs: null,
        tenants: [
          tenant('default', {
            watermarkMs: unknown,
            lagMs: null,
            sources: [source('gateway', { watermarkMs: unknown })],
            queries: [
              query('web_cpu', {
                lagMs: null,
                finalThroughMs: unknown,
                fireDelayMs: { count: 0, sum: 0, max: 0, last: 0 },
              }),
            ],
          }),
        ],
      }),
    )
    instrumentEngine(sdk, { meterProvider: sdk.provider })
    const reported = await sdk.collect()
    for (const name of ['lag', 'source.lag', 'snapshot.age', 'query.lag', 'query.final_lag', 'query.fire_delay.max'])
      expect(reported.get(`windrow.${name}`)?.points ?? new Map()).toEqual(new Map())
    expect(reported.get('windrow.query.windows.fired')!.points).toEqual(new Map([[QUERY, 0]]))
    for (const { points } of reported.values())
      for (const value of points.values()) expect(Number.isFinite(value)).toBe(true)
  })

  test('of an engine without tenants or storage', async () => {
    const sdk = new Sdk(numbers({ tenants: [], writeQueueRows: 0, writeQueueLimit: 0, snapshotMs: null }))
    instrumentEngine(sdk, { meterProvider: sdk.provider })
    const reported = await sdk.collect()
    expect([...reported].flatMap(([name, { points }]) => (points.size > 0 ? [name] : []))).toEqual([
      'windrow.clock.step',
      'windrow.series.count',
      'windrow.pane.count',
      'windrow.engine.state.size',
      'windrow.write_queue.size',
      'windrow.write_queue.limit',
      'windrow.storage.errors',
    ])
  })
})

test('a clock that stepped, one that is suspected, and sources that are behind are seen', async () => {
  const sdk = new Sdk(
    numbers({
      clockStepMs: -3_594_000,
      tenants: [
        tenant('default', {
          isClockSuspect: true,
          sources: [
            source('kafka:0', { kind: 'polled', state: 'stalled', reason: 'pane-limit', backlog: 7 }),
            source('kafka:1', {
              kind: 'polled',
              state: 'catching-up',
              backlog: 90_000,
              watermarkMs: NOW_MS - 3_600_000,
            }),
            source('gateway', { state: 'idle' }),
          ],
          queries: [query('a'), query('b', { state: 'invalid' }), query('c', { state: 'invalid' })],
        }),
      ],
    }),
  )
  instrumentEngine(sdk, { meterProvider: sdk.provider })
  const reported = await sdk.collect()
  expect(reported.get('windrow.clock.step')!.points.get('')).toBe(-3_594)
  expect(reported.get('windrow.clock.suspect')!.points.get(TENANT)).toBe(1)
  expect([...reported.get('windrow.source.count')!.points.values()]).toEqual([0, 1, 1, 1])
  expect(reported.get('windrow.source.lag')!.points.get(`${TENANT} windrow.source=kafka:1`)).toBe(3_600)
  expect(Object.fromEntries(reported.get('windrow.source.backlog')!.points)).toEqual({
    [`${TENANT} windrow.source=kafka:0`]: 7,
    [`${TENANT} windrow.source=kafka:1`]: 90_000,
  })
  expect([...reported.get('windrow.query.count')!.points.values()]).toEqual([1, 0, 2])
})

test('sources whose names come and go are counted, and the first of them reported one by one', async () => {
  const names = Array.from({ length: 300 }, (_, i) => source(`pod-${i}`))
  const sdk = new Sdk(numbers({ tenants: [tenant('default', { sources: names })] }))
  const stop = instrumentEngine(sdk, { meterProvider: sdk.provider })
  const reported = await sdk.collect()
  expect(reported.get('windrow.source.lag')!.points.size).toBe(256)
  expect(reported.get('windrow.source.count')!.points.get(`${TENANT} windrow.source.state=active`)).toBe(300)
  stop()
  const bounded = new Sdk(sdk.current)
  instrumentEngine(bounded, { meterProvider: bounded.provider, maxSources: 0 })
  expect((await bounded.collect()).has('windrow.source.lag')).toBe(false)
  for (const maxSources of [-1, 0.5, Number.NaN])
    expect(() => instrumentEngine(sdk, { meterProvider: sdk.provider, maxSources })).toThrow(RangeError)
})

test('a query that is gone is reported no more, one that is new is, and counters go on', async () => {
  const sdk = new Sdk(numbers(), AggregationTemporality.DELTA)
  instrumentEngine(sdk, { meterProvider: sdk.provider })
  await sdk.collect()
  const points = { ...tenant('default').points, received: 107 }
  sdk.current = numbers({ tenants: [tenant('default', { points, queries: [query('web_mem', { rowsEmitted: 41 })] })] })
  const reported = await sdk.collect()
  expect(Object.fromEntries(reported.get('windrow.query.rows.emitted')!.points)).toEqual({
    [`${TENANT} windrow.query=web_mem`]: 41,
  })
  expect(reported.get('windrow.query.lag')!.points.has(QUERY)).toBe(false)
  expect(reported.get('windrow.points.received')!.points.get(TENANT)).toBe(7)
})

describe('the meter', () => {
  test('is that of the global provider when none is given', async () => {
    const sdk = new Sdk()
    metrics.setGlobalMeterProvider(sdk.provider)
    instrumentEngine(sdk)
    expect((await sdk.collect()).size).toBeGreaterThan(30)
  })

  test('can be given itself', async () => {
    const sdk = new Sdk()
    instrumentEngine(sdk, { meter: sdk.provider.getMeter('@windrow/core', '1.2.3') })
    expect((await sdk.collect()).size).toBeGreaterThan(30)
  })

  test('without any provider nothing is reported, and nothing is asked', () => {
    const sdk = new Sdk()
    const stop = instrumentEngine(sdk)
    expect(stop).not.toThrow()
    expect(sdk.readings).toBe(0)
  })
})

test('after the way out nothing is read or reported, and calling it again does no harm', async () => {
  const sdk = new Sdk(numbers(), AggregationTemporality.DELTA)
  const stop = instrumentEngine(sdk, { meterProvider: sdk.provider })
  expect((await sdk.collect()).size).toBeGreaterThan(30)
  stop()
  stop()
  const reported = await sdk.collect()
  expect([...reported.values()].every(({ points }) => points.size === 0)).toBe(true)
  expect(sdk.readings).toBe(1)
})

test('an engine that cannot answer is an error of the collection, not of the application', async () => {
  const sdk = new Sdk()
  const failure = new Error('closed')
  instrumentEngine(
    {
      stats() {
        throw failure
      },
    },
    { meterProvider: sdk.provider },
  )
  const { errors } = await sdk.reader.collect()
  expect(errors).toEqual([failure])
})
