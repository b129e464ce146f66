import { diag } from '@opentelemetry/api'
import type {
  AggregationOption,
  AggregationTemporality,
  InstrumentType,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { createSampleBatch, type Engine, type SampleBatch } from '@windrow/core'
import { countPoints, ResourceMetricsConverter } from './convert/resource-metrics.ts'
import type { ExporterCounters, TemporalityPreference, WindrowExporterOptions } from './options.ts'
import { aggregationOf, temporalityOf } from './temporality.ts'

type ResultCallback = Parameters<PushMetricExporter['export']>[1]
type ExportResult = Parameters<ResultCallback>[0]
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** `ExportResultCode` of the SDK; its copy of @opentelemetry/core may not be the one found from here. */
const SUCCESS: ExportResult['code'] = 0
const FAILED: ExportResult['code'] = 1

/**
 * Hands the metrics of an OpenTelemetry SDK to an engine in the same process. What happens to them is
 * told by the result, by `counters` and by `diag`; nothing is thrown into the application.
 *
 * An export FAILED when the exporter is shut down, the metrics cannot be read, or the engine took none or
 * only some of the points for lack of room. Points refused for what they are do not fail an export.
 */
export class WindrowMetricExporter implements PushMetricExporter {
  readonly #engine: Engine
  readonly #source: string
  readonly #tenant: string
  readonly #temporality: TemporalityPreference
  readonly #converter: ResourceMetricsConverter
  readonly #batch: SampleBatch = createSampleBatch()
  readonly #counters: Mutable<ExporterCounters> = {
    exports: 0,
    failedExports: 0,
    points: 0,
    accepted: 0,
    duplicates: 0,
    shed: 0,
    rejected: 0,
    lost: 0,
  }
  #isShutdown = false

  constructor(options: WindrowExporterOptions) {
    this.#engine = options.engine
    this.#source = options.source ?? 'otel-sdk'
    this.#tenant = options.tenant ?? 'default'
    this.#temporality = options.temporality ?? 'delta'
    this.#converter = new ResourceMetricsConverter(options.engine.registry, this.#tenant)
  }

  get counters(): Readonly<ExporterCounters> {
    return { ...this.#counters }
  }

  export(metrics: ResourceMetrics, resultCallback: ResultCallback): void {
    const result = this.#export(metrics)
    this.#counters.exports++
    if (result.code === FAILED) this.#counters.failedExports++
    try {
      resultCallback(result)
    } catch (error) {
      diag.error('windrow: the result callback of an export threw', error)
    }
  }

  selectAggregationTemporality(instrumentType: InstrumentType): AggregationTemporality {
    return temporalityOf(instrumentType, this.#temporality)
  }

  selectAggregation(instrumentType: InstrumentType): AggregationOption {
    return aggregationOf(instrumentType)
  }

  /** Nothing is held back: the engine has all points when `export` returns. */
  async forceFlush(): Promise<void> {}

  /** Later exports fail. The engine stays open. */
  async shutdown(): Promise<void> {
    this.#isShutdown = true
  }

  #export(metrics: ResourceMetrics): ExportResult {
    const counters = this.#counters
    let unseen = 0
    try {
      unseen = countPoints(metrics)
      counters.points += unseen
      if (this.#isShutdown) {
        counters.lost += unseen
        return failed(new Error('the exporter is shut down'))
      }
      if (unseen === 0) return { code: SUCCESS }
      const batch = this.#batch
      batch.clear()
      const { rejected } = this.#converter.convert(metrics, batch)
      const result = this.#engine.ingest(batch, { source: this.#source, tenant: this.#tenant })
      this.#engine.countRejected(this.#tenant, rejected)
      unseen = 0
      counters.accepted += result.accepted
      counters.duplicates += result.duplicates
      counters.shed += result.shed
      counters.rejected += rejected.length + result.rejected.length
      const refusal = rejected[0] ?? result.rejected[0]
      if (refusal !== undefined) {
        const refused = rejected.length + result.rejected.length
        diag.warn(`windrow: ${refused} points rejected, the first as ${refusal.reason}: ${refusal.detail ?? ''}`)
      }
      return result.shed === 0
        ? { code: SUCCESS }
        : failed(new Error(`the engine had no room for ${result.shed} points`))
    } catch (error) {
      counters.lost += unseen
      return failed(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

/** An exporter for `PeriodicExportingMetricReader` that feeds an engine in this process. */
export function createWindrowExporter(options: WindrowExporterOptions): WindrowMetricExporter {
  return new WindrowMetricExporter(options)
}

function failed(error: Error): ExportResult {
  return { code: FAILED, error }
}
