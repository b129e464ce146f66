import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  InstrumentType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { createEngine, type Engine } from '@windrow/core'
import { compileText } from '@windrow/query-lang'
import { describe, expect, it, vi } from 'vitest'
import { createWindrowExporter, type WindrowMetricExporter } from '../src/index.ts'

interface Sdk {
  readonly provider: MeterProvider
  readonly engine: Engine
  readonly exporter: WindrowMetricExporter
}

/** The real SDK and a real engine; nothing is exported before `forceFlush`. */
function sdk(temporality: 'delta' | 'cumulative' = 'delta'): Sdk {
  const engine = createEngine({ clock: 'manual' })
  const exporter = createWindrowExporter({ engine, temporality })
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const resource = resourceFromAttributes({ 'host.name': 'web-1', 'service.name': 'shop' })
  return { provider: new MeterProvider({ resource, readers: [reader] }), engine, exporter }
}

/** The one row of a query over everything the engine has got; windows of a day so that the real clock does not matter. */
function only(engine: Engine, text: string): Readonly<Record<string, unknown>> {
  const row = engine.query(text)?.latest()[0]
  if (row === undefined) throw new Error(`no row for ${text}`)
  return row.values
}

function watch(engine: Engine, ...texts: readonly string[]): void {
  for (const text of texts) engine.addQuery(text, compileText(text))
}

function finish(engine: Engine): void {
  engine.advanceTo(Date.now() + 3 * 86_400_000)
}

function resultOf(exporter: PushMetricExporter, metrics: ResourceMetrics): Promise<{ code: number; error?: Error }> {
  return new Promise((resolve) => exporter.export(metrics, resolve))
}

function metricsOf(...dataPoints: readonly unknown[]): ResourceMetrics {
  const metric = {
    descriptor: { name: 'm', description: '', unit: '', valueType: 1 },
    aggregationTemporality: AggregationTemporality.DELTA,
    dataPointType: DataPointType.GAUGE,
    dataPoints,
  }
  return {
    resource: resourceFromAttributes({}),
    scopeMetrics: [{ scope: { name: 's' }, metrics: [metric] }],
  } as unknown as ResourceMetrics
}

const POINT = { startTime: [1_700_000_000, 0], endTime: [1_700_000_010, 5], attributes: {}, value: 1 }

describe('metrics of the SDK in an engine', () => {
  it.each(['delta', 'cumulative'] as const)('arrive, with %s temporality', async (temporality) => {
    const { provider, engine, exporter } = sdk(temporality)
    const isDelta = temporality === 'delta'
    const counterQuery = `FROM web-1 SELECT orders WINDOW 1d COMPUTE ${isDelta ? 'sum' : 'count'}`
    const latency = 'FROM web-1 SELECT latency WINDOW 1d COMPUTE count, sum, percentile(50)'
    const carts = 'FROM web-1 SELECT carts WINDOW 1d COMPUTE max'
    const depth = 'FROM web-1 SELECT depth WINDOW 1d COMPUTE max'
    const meter = provider.getMeter('shop', '1.2.3')
    const orders = meter.createCounter('orders')
    const histogram = meter.createHistogram('latency', { unit: 'ms' })
    const upDown = meter.createUpDownCounter('carts')
    meter.createObservableGauge('depth').addCallback((result) => result.observe(7, { queue: 'q' }))
    engine.advanceTo(Date.now())
    watch(engine, counterQuery, latency, carts, depth)
    for (const value of [10, 20, 30]) histogram.record(value, { route: '/a' })
    orders.add(3, { route: '/a' })
    orders.add(4, { route: '/a' })
    upDown.add(5)
    upDown.add(-2)
    await provider.forceFlush()
    expect(exporter.counters).toMatchObject({ exports: 1, failedExports: 0, points: 4, accepted: 4, lost: 0 })
    finish(engine)
    expect(Object.values(only(engine, counterQuery))).toEqual([isDelta ? 7 : 1])
    expect(engine.metric('orders')?.kind).toBe(isDelta ? 'delta' : 'counter')
    expect(only(engine, carts)).toEqual({ max: 3 })
    expect(only(engine, depth)).toEqual({ max: 7 })
    if (isDelta) {
      const values = only(engine, latency)
      expect(values).toMatchObject({ count: 3, sum: 60 })
      expect(values['percentile_50'] as number).toBeCloseTo(20, 0)
    }
    await provider.shutdown()
    await engine.close()
  })

  it('reports amounts once when flushed again and again', async () => {
    // The SDK's times are whole milliseconds: two flushes in one are one interval, which is a repeat by definition.
    vi.useFakeTimers({ toFake: ['Date'] })
    const { provider, engine } = sdk()
    const text = 'FROM * SELECT orders WINDOW 1d COMPUTE sum, count'
    engine.advanceTo(Date.now())
    watch(engine, text)
    const orders = provider.getMeter('shop').createCounter('orders')
    for (const amount of [1, 2, 3]) {
      orders.add(amount)
      vi.setSystemTime(Date.now() + 1)
      await provider.forceFlush()
    }
    vi.useRealTimers()
    finish(engine)
    expect(only(engine, text)['sum']).toBe(6)
    await provider.shutdown()
    await engine.close()
  })

  it('carries resource, scope and attributes', async () => {
    const { provider, engine } = sdk()
    const attributes = { route: '/a', code: 200, ok: true, tags: ['x', 'y'], ['__proto__x']: 'p' }
    provider.getMeter('shop', '1.2.3').createCounter('orders', { unit: '1' }).add(1, attributes)
    await provider.forceFlush()
    const { descriptor, server } = engine.registry.describe(0 as never)
    expect(server).toBe('web-1')
    expect(descriptor).toMatchObject({
      metric: 'orders',
      unit: '1',
      kind: 'delta',
      temporality: 'delta',
      resource: [
        ['host.name', 'web-1'],
        ['service.name', 'shop'],
      ],
      scope: { name: 'shop', version: '1.2.3', attributes: [] },
      labels: [
        ['__proto__x', 'p'],
        ['code', 200],
        ['ok', true],
        ['route', '/a'],
        ['tags', ['x', 'y']],
      ],
    })
    await provider.shutdown()
    await engine.close()
  })
})

describe('series', () => {
  it('are the same in every export, and apart for every difference in type or key', async () => {
    const engine = createEngine({ clock: 'manual' })
    const exporter = createWindrowExporter({ engine })
    const sets = [
      {},
      { a: '1' },
      { a: 1 },
      { a: true },
      { a: 'true' },
      { a: '1', b: '' },
      { a: ['1'] },
      { a1: '' },
      { a: '' },
    ]
    for (let second = 0; second < 3; second++) {
      const endTime = [1_700_000_010 + second, 0]
      const points = sets.map((attributes) => ({ ...POINT, endTime, attributes }))
      expect(await resultOf(exporter, metricsOf(...points))).toEqual({ code: 0 })
      expect(engine.registry.size).toBe(sets.length)
    }
    const labels = sets.map((_, ref) => engine.registry.describe(ref as never).descriptor.labels)
    expect(labels).toEqual(sets.map((set) => Object.entries(set)))
    expect(exporter.counters.accepted).toBe(3 * sets.length)
    await engine.close()
  })
})

describe('choices', () => {
  it('asks for deltas, but for levels of UpDownCounters, and for exponential histograms', () => {
    const engine = createEngine({ clock: 'manual' })
    const delta = createWindrowExporter({ engine })
    const cumulative = createWindrowExporter({ engine, temporality: 'cumulative' })
    for (const type of Object.values(InstrumentType)) {
      const isLevel = type === InstrumentType.UP_DOWN_COUNTER || type === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER
      expect(delta.selectAggregationTemporality(type)).toBe(
        isLevel ? AggregationTemporality.CUMULATIVE : AggregationTemporality.DELTA,
      )
      expect(cumulative.selectAggregationTemporality(type)).toBe(AggregationTemporality.CUMULATIVE)
      expect(delta.selectAggregation(type).type).toBe(
        type === InstrumentType.HISTOGRAM ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT,
      )
    }
  })
})

describe('what goes wrong', () => {
  it('fails exports after shutdown and counts what is lost', async () => {
    const exporter = createWindrowExporter({ engine: createEngine({ clock: 'manual' }) })
    await exporter.forceFlush()
    await exporter.shutdown()
    const result = await resultOf(exporter, metricsOf(POINT, POINT))
    expect(result).toMatchObject({ code: 1, error: { message: 'the exporter is shut down' } })
    expect(exporter.counters).toMatchObject({ exports: 1, failedExports: 1, points: 2, lost: 2 })
  })

  it('fails an export into a closed engine', async () => {
    const engine = createEngine({ clock: 'manual' })
    const exporter = createWindrowExporter({ engine })
    await engine.close()
    const result = await resultOf(exporter, metricsOf(POINT))
    expect(result.code).toBe(1)
    expect(exporter.counters).toMatchObject({ failedExports: 1, lost: 1 })
  })

  it('fails an export that cannot be read, and leaves no half of it', async () => {
    const engine = createEngine({ clock: 'manual' })
    const exporter = createWindrowExporter({ engine })
    const odd = metricsOf(POINT, {
      ...POINT,
      get value(): number {
        throw new Error('no value today')
      },
    })
    expect(await resultOf(exporter, odd)).toMatchObject({ code: 1, error: { message: 'no value today' } })
    expect(await resultOf(exporter, metricsOf(POINT))).toEqual({ code: 0 })
    expect(exporter.counters).toMatchObject({ points: 3, accepted: 1, lost: 2 })
    await engine.close()
  })

  it('refuses bad points alone and says so in the counters of exporter and engine', async () => {
    const engine = createEngine({ clock: 'manual' })
    const exporter = createWindrowExporter({ engine })
    const bad = { ...POINT, endTime: [0, 0] }
    const long = { ...POINT, attributes: { key: 'x'.repeat(5000) } }
    expect(await resultOf(exporter, metricsOf(bad, POINT, long))).toEqual({ code: 0 })
    expect(exporter.counters).toMatchObject({ points: 3, accepted: 1, rejected: 2 })
    expect(engine.stats().tenants[0]?.points).toMatchObject({
      received: 3,
      accepted: 1,
      rejected: { 'bad-time': 1, 'too-large': 1 },
    })
    await engine.close()
  })

  it('outlives a result callback that throws', () => {
    const exporter = createWindrowExporter({ engine: createEngine({ clock: 'manual' }) })
    const thrower = (): never => {
      throw new Error('from the application')
    }
    expect(() => exporter.export(metricsOf(POINT), thrower)).not.toThrow()
    expect(exporter.counters.accepted).toBe(1)
  })

  it('takes an export without points', async () => {
    const exporter = createWindrowExporter({ engine: createEngine({ clock: 'manual' }) })
    expect(await resultOf(exporter, metricsOf())).toEqual({ code: 0 })
  })
})
