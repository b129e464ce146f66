import type { Attributes } from '@opentelemetry/api'
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
import type { DecodeResult, SampleBatch, SeriesDirectory, SeriesRef } from '@windrow/core'
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
import { attributesKey, joinKey, SeriesCache } from './series-cache.ts'

const FORMS: Readonly<Record<DataPointType, PointForm>> = {
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.SUM]: 'sum',
  [DataPointType.HISTOGRAM]: 'histogram',
  [DataPointType.EXPONENTIAL_HISTOGRAM]: 'exponential',
}

/** Series of one metric by `attributesKey`; undefined when its resource has no key. */
type KnownSeries = Map<string, SeriesRef> | undefined

/** Writes what the SDK collected into batches, with the same meaning as if it had come over OTLP. */
export class ResourceMetricsConverter {
  readonly #writer: PointWriter
  readonly #tenant: string
  readonly #number = createNumberFields()
  readonly #histogram = createHistogramFields()
  readonly #cache = new SeriesCache()

  constructor(registry: SeriesDirectory, tenant: string) {
    this.#writer = new PointWriter(registry, tenant, DEFAULT_OTLP_LIMITS)
    this.#tenant = tenant
  }

  /** Appends all points to the batch; what cannot be taken is refused alone. When it throws the batch is as before. */
  convert(metrics: ResourceMetrics, batch: SampleBatch): DecodeResult {
    this.#writer.open(batch)
    try {
      const resource = checkAttributes(attributeEntries(metrics.resource.attributes), 'resource', DEFAULT_OTLP_LIMITS)
      const resourceKey = attributesKey(metrics.resource.attributes)
      for (const { scope, metrics: ofScope } of metrics.scopeMetrics) {
        const context: SeriesContext = {
          resource: resource.ok ? resource.entries : [],
          scope: { name: scope.name, version: scope.version ?? '', attributes: [] },
          problem: resource.ok ? undefined : resource.problem,
        }
        for (const metric of ofScope) this.#convertMetric(metric, context, resourceKey)
      }
      return this.#writer.close()
    } catch (error) {
      this.#writer.rollback()
      throw error
    }
  }

  #convertMetric(metric: MetricData, context: SeriesContext, resourceKey: string | undefined): void {
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
    const { form, temporality, monotonic } = header
    const { name: scope, version } = context.scope
    const known =
      resourceKey === undefined
        ? undefined
        : this.#cache.stream(joinKey(resourceKey, scope, version, name, unit, form, temporality, monotonic))
    switch (metric.dataPointType) {
      case DataPointType.GAUGE:
      case DataPointType.SUM:
        this.#convertNumbers(metric, stream, known)
        break
      case DataPointType.HISTOGRAM:
      case DataPointType.EXPONENTIAL_HISTOGRAM:
        this.#convertHistograms(metric, stream, known)
    }
  }

  #convertNumbers(metric: GaugeMetricData | SumMetricData, stream: MetricStream, known: KnownSeries): void {
    const point = this.#number
    for (const dataPoint of metric.dataPoints) {
      fillNumber(dataPoint, metric.descriptor.valueType, point)
      if (!this.#writer.admitNumber(stream, point)) continue
      const series = this.#series(stream, dataPoint.attributes, known)
      if (series !== undefined) this.#writer.appendNumber(stream, point, series)
    }
  }

  #convertHistograms(
    metric: HistogramMetricData | ExponentialHistogramMetricData,
    stream: MetricStream,
    known: KnownSeries,
  ): void {
    const point = this.#histogram
    const exponential = metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM
    for (let index = 0; index < metric.dataPoints.length; index++) {
      if (metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM)
        fillExponential(metric.dataPoints[index]!, point)
      else fillHistogram(metric.dataPoints[index]!, point)
      if (!this.#writer.admitHistogram(stream, point, exponential)) continue
      const series = this.#series(stream, metric.dataPoints[index]!.attributes, known)
      if (series !== undefined) this.#writer.appendHistogram(point, series)
    }
  }

  /** The series of an admitted point; undefined when the point was refused for its attributes. */
  #series(stream: MetricStream, attributes: Attributes, known: KnownSeries): SeriesRef | undefined {
    const key = known === undefined ? undefined : attributesKey(attributes)
    if (known !== undefined && key !== undefined) {
      const ref = known.get(key)
      if (ref !== undefined) return ref
    }
    const series = this.#writer.series(stream, attributeEntries(attributes))
    if (typeof series !== 'number') {
      this.#writer.rejectFor(series)
      return undefined
    }
    if (known !== undefined && key !== undefined) this.#cache.add(known, key, series)
    return series
  }
}

/** Number of points in what the SDK collected. */
export function countPoints({ scopeMetrics }: ResourceMetrics): number {
  let points = 0
  for (const { metrics } of scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length
  return points
}
