import { type AttributeEntry, checkAttributes, checkMetricName, type PointProblem } from './attribute-list.ts'
import { decodeFailed } from './decode-failed.ts'
import { JsonShapeError, jsonArray, jsonObject, jsonString, readJsonAttributes } from './json-attributes.ts'
import { readJsonHistogram, readJsonNumber } from './json-points.ts'
import { parseJsonPayload } from './json-text.ts'
import type { OtlpLimits } from './limits.ts'
import { type MetricStream, metricStream, type PointForm, type SeriesContext } from './metric-stream.ts'
import { createHistogramFields, createNumberFields } from './point-fields.ts'
import type { PointWriter } from './point-writer.ts'

type JsonObject = Readonly<Record<string, unknown>>

const DATA_FIELDS: readonly (readonly [field: string, form: PointForm])[] = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential'],
  ['summary', 'summary'],
]

interface JsonMetric {
  readonly stream: MetricStream
  readonly form: PointForm
  readonly points: readonly unknown[]
}

/**
 * Walks an OTLP/JSON payload (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) into a
 * batch: lowerCamelCase names only, enumerations as integers, unknown fields ignored. All above the points
 * is read before the first point, so that a broken envelope changes nothing.
 */
export class JsonDecoder {
  readonly #writer: PointWriter
  readonly #tenant: string
  readonly #limits: OtlpLimits
  readonly #number = createNumberFields()
  readonly #histogram = createHistogramFields()

  constructor(writer: PointWriter, tenant: string, limits: OtlpLimits) {
    this.#writer = writer
    this.#tenant = tenant
    this.#limits = limits
  }

  /** Appends through the writer, which is open. Throws `DECODE_FAILED` for a broken payload. */
  decode(bytes: Uint8Array): void {
    for (const metric of this.#readEnvelope(parseJsonPayload(bytes)))
      for (const point of metric.points) this.#readPoint(metric, point)
  }

  #readEnvelope(payload: unknown): JsonMetric[] {
    const metrics: JsonMetric[] = []
    try {
      const request = jsonObject(payload, 'the body')
      if (request === undefined) throw new JsonShapeError('the body is null')
      for (const entry of jsonArray(request['resourceMetrics'], 'resourceMetrics'))
        this.#readResourceMetrics(jsonObject(entry, 'an entry of resourceMetrics') ?? {}, metrics)
    } catch (error) {
      if (error instanceof JsonShapeError) throw decodeFailed(error.message, 0)
      throw error
    }
    return metrics
  }

  #readResourceMetrics(resourceMetrics: JsonObject, metrics: JsonMetric[]): void {
    const resource = jsonObject(resourceMetrics['resource'], 'resource')
    const resourceAttributes = this.#checked(resource?.['attributes'], 'resource')
    for (const entry of jsonArray(resourceMetrics['scopeMetrics'], 'scopeMetrics')) {
      const scopeMetrics = jsonObject(entry, 'an entry of scopeMetrics')
      const scope = jsonObject(scopeMetrics?.['scope'], 'scope')
      const scopeAttributes = this.#checked(scope?.['attributes'], 'scope')
      const context: SeriesContext = {
        resource: resourceAttributes.entries,
        scope: {
          name: jsonString(scope?.['name'], 'scope.name'),
          version: jsonString(scope?.['version'], 'scope.version'),
          attributes: scopeAttributes.entries,
        },
        problem: resourceAttributes.problem ?? scopeAttributes.problem,
      }
      for (const metric of jsonArray(scopeMetrics?.['metrics'], 'metrics'))
        this.#readMetric(jsonObject(metric, 'an entry of metrics') ?? {}, context, metrics)
    }
  }

  #checked(
    value: unknown,
    of: string,
  ): Pick<SeriesContext['scope'], never> & {
    readonly entries: SeriesContext['resource']
    readonly problem: PointProblem | undefined
  } {
    const checked = checkAttributes(readJsonAttributes(value, this.#limits.nestingDepth), of, this.#limits)
    return checked.ok ? { entries: checked.entries, problem: undefined } : { entries: [], problem: checked.problem }
  }

  #readMetric(metric: JsonObject, context: SeriesContext, metrics: JsonMetric[]): void {
    const name = jsonString(metric['name'], 'a metric name')
    const unit = jsonString(metric['unit'], 'a metric unit')
    const present = DATA_FIELDS.filter(([field]) => metric[field] !== undefined && metric[field] !== null)
    if (present.length > 1) throw new JsonShapeError('a metric has data of two kinds')
    for (const [field, form] of present) {
      const data = jsonObject(metric[field], field)
      const temporality = data?.['aggregationTemporality']
      const header = {
        tenant: this.#tenant,
        name,
        unit,
        form,
        temporality: typeof temporality === 'number' ? temporality : 0,
        monotonic: data?.['isMonotonic'] === true,
      }
      const stream = metricStream(header, context, checkMetricName(name, this.#limits))
      metrics.push({ stream, form, points: jsonArray(data?.['dataPoints'], 'dataPoints') })
    }
  }

  #readPoint(metric: JsonMetric, value: unknown): void {
    try {
      const point = jsonObject(value, 'the point') ?? {}
      if (metric.form === 'gauge' || metric.form === 'sum') this.#appendNumber(metric.stream, point)
      else if (metric.form === 'summary') this.#writer.rejectFor(metric.stream.problem!)
      else this.#appendHistogram(metric.stream, point, metric.form === 'exponential')
    } catch (error) {
      if (!(error instanceof JsonShapeError)) throw error
      this.#writer.rejectFor(metric.stream.problem ?? { reason: 'invalid', detail: error.message })
    }
  }

  #appendNumber(stream: MetricStream, point: JsonObject): void {
    readJsonNumber(point, this.#number)
    const attributes = this.#pointAttributes(point)
    if (!this.#writer.admitNumber(stream, this.#number)) return
    const series = this.#writer.series(stream, attributes)
    if (typeof series === 'number') this.#writer.appendNumber(stream, this.#number, series)
    else this.#writer.rejectFor(series)
  }

  #appendHistogram(stream: MetricStream, point: JsonObject, exponential: boolean): void {
    readJsonHistogram(point, this.#histogram)
    const attributes = this.#pointAttributes(point)
    if (!this.#writer.admitHistogram(stream, this.#histogram, exponential)) return
    const series = this.#writer.series(stream, attributes)
    if (typeof series === 'number') this.#writer.appendHistogram(this.#histogram, series)
    else this.#writer.rejectFor(series)
  }

  #pointAttributes(point: JsonObject): AttributeEntry[] {
    return readJsonAttributes(point['attributes'], this.#limits.nestingDepth)
  }
}
