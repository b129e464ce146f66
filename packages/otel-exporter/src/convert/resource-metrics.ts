import {
  AggregationTemporality,
  DataPointType,
  type ExponentialHistogramMetricData,
  type GaugeMetricData,
  type HistogramMetricData,
  type MetricData,
  type ResourceMetrics,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics'
import type { DecodeResult, SampleBatch, SeriesDirectory } from '@windrow/core'
import {
  checkAttributes,
  checkMetricName,
  createHistogramFields,
  createNumberFields,
  DEFAULT_OTLP_LIMITS,
  type MetricStream,
  metricStream,
  OtlpTemporality,
  type PointForm,
  PointWriter,
  type SeriesContext,
} from '@windrow/core/otlp'
import { attributeEntries } from './attributes.ts'
import { fillExponential, fillHistogram, fillNumber } from './data-point.ts'

const FORMS: Readonly<Record<DataPointType, PointForm>> = {
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.SUM]: 'sum',
  [DataPointType.HISTOGRAM]: 'histogram',
  [DataPointType.EXPONENTIAL_HISTOGRAM]: 'exponential',
}

/** Writes what the SDK collected into batches, with the same meaning as if it had come over OTLP. */
export class ResourceMetricsConverter {
  readonly #writer: PointWriter
  readonly #tenant: string
  readonly #number = createNumberFields()
  readonly #histogram = createHistogramFields()

  constructor(registry: SeriesDirectory, tenant: string) {
    this.#writer = new PointWriter(registry, tenant, DEFAULT_OTLP_LIMITS)
    this.#tenant = tenant
  }

  /** Appends all points to the batch; what cannot be taken is refused alone. When it throws the batch is as before. */
  convert(metrics: ResourceMetrics, batch: SampleBatch): DecodeResult {
    this.#writer.open(batch)
    try {
      const resource = checkAttributes(attributeEntries(metrics.resource.attributes), 'resource', DEFAULT_OTLP_LIMITS)
      for (const { scope, metrics: ofScope } of metrics.scopeMetrics) {
        const context: SeriesContext = {
          resource: resource.ok ? resource.entries : [],
          scope: { name: scope.name, version: scope.version ?? '', attributes: [] },
          problem: resource.ok ? undefined : resource.problem,
        }
        for (const metric of ofScope) this.#convertMetric(metric, context)
      }
      return this.#writer.close()
    } catch (error) {
      this.#writer.rollback()
      throw error
    }
  }

  #convertMetric(metric: MetricData, context: SeriesContext): void {
    const { name, unit } = metric.descriptor
    const cumulative = metric.aggregationTemporality === AggregationTemporality.CUMULATIVE
    const header = {
      tenant: this.#tenant,
      name,
      unit,
      form: FORMS[metric.dataPointType],
      temporality: cumulative ? OtlpTemporality.cumulative : OtlpTemporality.delta,
      monotonic: metric.dataPointType === DataPointType.SUM && metric.isMonotonic,
    }
    const stream = metricStream(header, context, checkMetricName(name, DEFAULT_OTLP_LIMITS))
    switch (metric.dataPointType) {
      case DataPointType.GAUGE:
      case DataPointType.SUM:
        this.#convertNumbers(metric, stream)
        break
      case DataPointType.HISTOGRAM:
      case DataPointType.EXPONENTIAL_HISTOGRAM:
        this.#convertHistograms(metric, stream)
    }
  }

  #convertNumbers(metric: GaugeMetricData | SumMetricData, stream: MetricStream): void {
    const point = this.#number
    for (const dataPoint of metric.dataPoints) {
      fillNumber(dataPoint, metric.descriptor.valueType, point)
      if (!this.#writer.admitNumber(stream, point)) continue
      const series = this.#writer.series(stream, attributeEntries(dataPoint.attributes))
      if (typeof series === 'number') this.#writer.appendNumber(stream, point, series)
      else this.#writer.rejectFor(series)
    }
  }

  #convertHistograms(metric: HistogramMetricData | ExponentialHistogramMetricData, stream: MetricStream): void {
    const point = this.#histogram
    const exponential = metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM
    for (let index = 0; index < metric.dataPoints.length; index++) {
      if (metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM)
        fillExponential(metric.dataPoints[index]!, point)
      else fillHistogram(metric.dataPoints[index]!, point)
      if (!this.#writer.admitHistogram(stream, point, exponential)) continue
      const series = this.#writer.series(stream, attributeEntries(metric.dataPoints[index]!.attributes))
      if (typeof series === 'number') this.#writer.appendHistogram(point, series)
      else this.#writer.rejectFor(series)
    }
  }
}

/** Number of points in what the SDK collected. */
export function countPoints({ scopeMetrics }: ResourceMetrics): number {
  let points = 0
  for (const { metrics } of scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length
  return points
}
