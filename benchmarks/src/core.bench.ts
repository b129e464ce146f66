import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { createEngine, createSampleBatch, type Engine, type SampleBatch, type SeriesRef } from '@windrow/core'
import { naivePercentile } from '@windrow/core/testing'
import { compileText } from '@windrow/query-lang'
import { measureTogether, type Report, spreadOf } from './harness.ts'
import { createRandom } from './seed.ts'

const SERVERS = 500
const METRICS = 100
const SERVERS_A_BATCH = 20
const WINDOW_S = 5
const START_MS = Date.UTC(2026, 0, 5)

interface Scenario {
  readonly engine: Engine
  /** Sends one second of every series and moves the clock; returns the checksum of what came out meanwhile. */
  second(): number
  close(): Promise<void>
}

/** Every series reports once a second, whole numbers, so that sums are exact; one stored query on each metric. */
function scenario(compute: string, groupBy: string): Scenario {
  const engine = createEngine({ clock: 'manual' })
  engine.advanceTo(START_MS)
  const random = createRandom(7)
  const values = Float64Array.from({ length: 4_096 }, () => random.below(1_000))
  const refs: SeriesRef[][] = Array.from({ length: SERVERS }, (_, server) =>
    Array.from({ length: METRICS }, (_, metric) =>
      engine.registry.register({ server: `web-${server}`, metric: `m.${metric}`, kind: 'delta' }),
    ),
  )
  const emitted = { count: 0, total: 0 }
  for (let metric = 0; metric < METRICS; metric++)
    engine
      .addQuery(
        `q${metric}`,
        compileText(`FROM * SELECT m.${metric} WINDOW ${WINDOW_S}s COMPUTE ${compute} ${groupBy}`),
      )
      .subscribe((row) => {
        emitted.count += row.count
        emitted.total += row.values['avg']! * row.count
      })
  const batch = createSampleBatch(METRICS * SERVERS_A_BATCH)
  const sentBySecond: number[] = []
  let seconds = 0

  function second(): number {
    const timeMs = START_MS + seconds * 1_000
    let sent = 0
    for (let server = 0; server < SERVERS; server += SERVERS_A_BATCH) {
      batch.clear()
      sent += fill(batch, refs, server, timeMs, values, seconds)
      engine.ingest(batch, { source: 'bench' })
    }
    sentBySecond.push(sent)
    seconds++
    engine.advanceTo(timeMs)
    const windows = emitted.count / (SERVERS * METRICS * WINDOW_S)
    if (seconds > 2 * WINDOW_S && windows === 0) throw new Error('no window came out')
    const due = sentBySecond.slice(0, windows * WINDOW_S).reduce((total, one) => total + one, 0)
    if (!Number.isInteger(windows) || Math.abs(emitted.total - due) > 1e-9 * due)
      throw new Error(`came out: ${emitted.count} samples, total ${emitted.total}; expected total ${due}`)
    return emitted.count
  }

  return { engine, second, close: () => engine.close() }
}

function fill(
  batch: SampleBatch,
  refs: readonly (readonly SeriesRef[])[],
  firstServer: number,
  timeMs: number,
  values: Float64Array,
  salt: number,
): number {
  let sent = 0
  for (let server = firstServer; server < firstServer + SERVERS_A_BATCH; server++)
    for (let metric = 0; metric < METRICS; metric++) {
      const value = values[(server * 31 + metric * 7 + salt * 13) & 4_095]!
      sent += value
      batch.push(refs[server]![metric]!, timeMs, value)
    }
  return sent
}

/** The best-known way to aggregate in JavaScript: one recording per sample. */
function otelRecorder(): { second(): number; close(): Promise<void> } {
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
    exportIntervalMillis: 3_600_000,
    cardinalityLimits: { default: SERVERS * 2 },
  })
  const provider = new MeterProvider({ readers: [reader] })
  const meter = provider.getMeter('bench')
  const instruments = Array.from({ length: METRICS }, (_, metric) =>
    meter.createHistogram(`m.${metric}`, { advice: { explicitBucketBoundaries: [] } }),
  )
  const attributes = Array.from({ length: SERVERS }, (_, server) => ({ 'host.name': `web-${server}` }))
  const random = createRandom(7)
  const values = Float64Array.from({ length: 4_096 }, () => random.below(1_000))
  let seconds = 0
  return {
    second() {
      for (let server = 0; server < SERVERS; server++)
        for (let metric = 0; metric < METRICS; metric++)
          instruments[metric]!.record(values[(server * 31 + metric * 7 + seconds * 13) & 4_095]!, attributes[server])
      return ++seconds
    },
    close: () => provider.shutdown(),
  }
}

/** What the engine's percentile says of known data, held against the exact nearest rank. */
async function checkPercentile(): Promise<void> {
  await using engine = createEngine({ clock: 'manual' })
  engine.advanceTo(START_MS)
  const random = createRandom(3)
  const values = Array.from({ length: 10_000 }, () => random.lognormal(0, 1))
  const batch = createSampleBatch(values.length)
  const ref = engine.registry.register({ server: 's', metric: 'm', kind: 'distribution' })
  for (const value of values) batch.push(ref, START_MS, value)
  const query = engine.addQuery('q', compileText('FROM * SELECT m WINDOW 5s COMPUTE percentile(99)'))
  engine.ingest(batch, { source: 'bench' })
  engine.advanceTo(START_MS + 60_000)
  const [row] = query.latest()
  const estimate = row!.values['percentile_99']!
  const truth = naivePercentile(
    values.sort((a, b) => a - b),
    '99',
  )
  const error = row!.quality!.columns!['percentile_99']!.relativeError!
  if (Math.abs(estimate - truth) > error * truth * (1 + 1e-9))
    throw new Error(`p99 is ${truth}, the engine says ${estimate} +- ${error}`)
}

/** `engine.ingest` with all rules on: checks, de-duplication, watermark, windows, emission; one stored query a metric. */
export async function run(report: Report): Promise<void> {
  await checkPercentile()
  const stats = scenario('count, sum, min, max, avg', 'GROUP BY server')
  const percentile = scenario('avg, percentile(99)', '')
  const otel = otelRecorder()
  const measured = await measureTogether(
    { stats: stats.second, percentile: percentile.second, otel: otel.second },
    { warmup: 10, repetitions: 25 },
  )
  await Promise.all([stats.close(), percentile.close(), otel.close()])
  const rate = (ms: number): number => (SERVERS * METRICS) / ms / 1_000
  const peer = '@opentelemetry/sdk-metrics record'
  for (const [name, measurement] of [
    ['core/stats', measured.stats],
    ['core/stats+percentile', measured.percentile],
  ] as const)
    report({
      name,
      unit: 'M samples/s',
      value: rate(measurement.median),
      spread: spreadOf(measurement),
      peer,
      peerValue: rate(measured.otel.median),
      ratio: measured.otel.median / measurement.median,
    })
}
