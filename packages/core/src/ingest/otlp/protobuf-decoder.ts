import { ByteInterner } from '../../internal/byte-interner.ts'
import { growInt32 } from '../../internal/grow.ts'
import type { SeriesRef } from '../../registry/identity.ts'
import { type AttributeEntry, checkAttributes, checkMetricName, type PointProblem } from './attribute-list.ts'
import type { OtlpLimits } from './limits.ts'
import { joinRuns, MessageSplit } from './message-split.ts'
import { type MetricStream, metricStream, type PointForm, type SeriesContext } from './metric-stream.ts'
import { createHistogramFields, createNumberFields } from './point-fields.ts'
import { PointTemplates } from './point-templates.ts'
import type { PointWriter } from './point-writer.ts'
import { utf8Text } from './utf8.ts'
import { readKeyValue } from './wire-attributes.ts'
import { checkMessage } from './wire-check.ts'
import {
  type NumberLayout,
  readExponentialPoint,
  readHistogramPoint,
  readNumberAt,
  readNumberPoint,
} from './wire-points.ts'
import { WireReader, WireType } from './wire-reader.ts'
import { REQUEST_SHAPE } from './wire-schema.ts'

/** Field numbers of `Metric.data`, also as the bit sets `MessageSplit` takes. */
const Data = { gauge: 5, sum: 7, histogram: 9, exponential: 10, summary: 11 } as const
/** Tag of `data_points`, field 1 of every form. */
const POINT = (1 << 3) | WireType.length
const DATA_FIELDS = (1 << 5) | (1 << 7) | (1 << 9) | (1 << 10) | (1 << 11)
const METRICS_FIELD = 1 << 2
const SCOPE_METRICS_FIELD = 1 << 2

const FORMS: ReadonlyMap<number, PointForm> = new Map([
  [Data.gauge, 'gauge'],
  [Data.sum, 'sum'],
  [Data.histogram, 'histogram'],
  [Data.exponential, 'exponential'],
  [Data.summary, 'summary'],
])

/** Attributes longer than this are read anew each time, so that no sender can fill the cache with them. */
const MAX_CACHED_BYTES = 16_384
/** Messages around an attribute value: request, resource metrics, scope metrics, metric, data, point, attribute. */
const ENVELOPE_DEPTH = 10
const NO_PROBLEM: PointProblem = { reason: 'invalid', detail: '' }
/** A known resource, scope or metric besides its bytes. */
const CONTEXT_BYTES = 512

/**
 * Walks the bytes of an `ExportMetricsServiceRequest` straight into a batch. Resources, scopes, metrics and
 * series are known by their bytes; text is built, and the registry asked, only for bytes never seen before.
 * Before anything new is registered the whole payload is checked, so that a broken one changes nothing.
 */
export class ProtobufDecoder {
  readonly #writer: PointWriter
  readonly #tenant: string
  readonly #limits: OtlpLimits
  #reader = new WireReader(new Uint8Array(0))
  #checked = false

  readonly #resourceBytes = new ByteInterner()
  readonly #scopeBytes = new ByteInterner()
  readonly #metricBytes = new ByteInterner()
  readonly #seriesBytes = new ByteInterner()
  #resources: Pick<SeriesContext, 'resource' | 'problem'>[] = []
  #scopes: SeriesContext[] = []
  #streams: MetricStream[] = []
  /** Per id of `#seriesBytes`: a `SeriesRef`, or -1 - an index of `#problems`. */
  #refs: Int32Array = new Int32Array(256)
  /** The first one is that of the last point that was not worth remembering. */
  #problems: PointProblem[] = [NO_PROBLEM]
  /** Metrics with one point, in the scope of that number. */
  readonly #metricTemplates = new PointTemplates()
  /** Points of metrics with several, of the stream of that number. */
  readonly #pointTemplates = new PointTemplates()
  /** The id of the series that `#resolve` found last; -1 when it is not remembered. */
  #seriesId = -1

  readonly #number = createNumberFields()
  readonly #histogram = createHistogramFields()
  readonly #layout: NumberLayout = { startAt: -1, timeAt: -1, valueAt: -1, isInteger: false, runs: [] }
  readonly #runs = this.#layout.runs
  readonly #resourceSplit = new MessageSplit(this.#reader)
  readonly #scopeSplit = new MessageSplit(this.#reader)
  readonly #metricSplit = new MessageSplit(this.#reader)

  constructor(writer: PointWriter, tenant: string, limits: OtlpLimits) {
    this.#writer = writer
    this.#tenant = tenant
    this.#limits = limits
  }

  /** Appends through the writer, which is open. Throws `DECODE_FAILED` for a broken payload. */
  decode(bytes: Uint8Array): void {
    if (this.#cacheBytes() > this.#limits.cacheBytes) this.#forget()
    const reader = new WireReader(bytes)
    this.#reader = reader
    this.#checked = false
    const end = bytes.length
    while (reader.pos < end) {
      const tag = reader.tag(end)
      if (tag === ((1 << 3) | WireType.length)) {
        const fieldEnd = reader.lengthEnd(end)
        this.#readResourceMetrics(reader.pos, fieldEnd)
        reader.pos = fieldEnd
      } else reader.skip(tag, end)
    }
    this.#reader = new WireReader(new Uint8Array(0))
  }

  #readResourceMetrics(start: number, end: number): void {
    const reader = this.#reader
    const split = this.#resourceSplit
    split.read(reader, start, end, SCOPE_METRICS_FIELD)
    let id = this.#resourceBytes.find(0, split.view, split.start, split.end)
    if (id < 0) {
      this.#checkPayload()
      this.#resources.push(this.#readResource(keyReader(split)))
      id = this.#resourceBytes.add(0, split.view, split.start, split.end)
    }
    reader.pos = start
    while (reader.pos < end) {
      const tag = reader.tag(end)
      if (tag === ((2 << 3) | WireType.length)) {
        const fieldEnd = reader.lengthEnd(end)
        this.#readScopeMetrics(id, reader.pos, fieldEnd)
        reader.pos = fieldEnd
      } else reader.skip(tag, end)
    }
  }

  #readScopeMetrics(resourceId: number, start: number, end: number): void {
    const reader = this.#reader
    const split = this.#scopeSplit
    split.read(reader, start, end, METRICS_FIELD)
    let id = this.#scopeBytes.find(resourceId, split.view, split.start, split.end)
    if (id < 0) {
      this.#checkPayload()
      this.#scopes.push(this.#readScope(keyReader(split), this.#resources[resourceId]!))
      id = this.#scopeBytes.add(resourceId, split.view, split.start, split.end)
    }
    reader.pos = start
    while (reader.pos < end) {
      const tag = reader.tag(end)
      if (tag === ((2 << 3) | WireType.length)) {
        const fieldEnd = reader.lengthEnd(end)
        this.#readMetric(id, reader.pos, fieldEnd)
        reader.pos = fieldEnd
      } else reader.skip(tag, end)
    }
  }

  #readMetric(scopeId: number, start: number, end: number): void {
    const reader = this.#reader
    const known = this.#metricTemplates.match(scopeId, reader.view, start, end)
    if (known >= 0) {
      this.#repeat(this.#metricTemplates, known)
      return
    }
    const split = this.#metricSplit
    split.read(reader, start, end, DATA_FIELDS)
    if (split.payloadTotal > 1) this.#checkPayload()
    if (split.payloadCount > 1) {
      this.#readJoinedMetric(scopeId, start, end)
      return
    }
    const field = split.payloadField
    const dataStart = split.payloadStart
    const dataEnd = split.payloadEnd
    const aggregation = field === Data.gauge || field === 0 ? 0 : readAggregation(reader, dataStart, dataEnd)
    // A scope's number, the form (4 bits), temporality and monotonicity (3 bits): all that the header does not say.
    const context = ((scopeId << 7) | (field << 3) | aggregation) >>> 0
    let id = this.#metricBytes.find(context, split.view, split.start, split.end)
    if (id < 0) {
      this.#checkPayload()
      this.#streams.push(this.#readHeader(keyReader(split), field, aggregation, this.#scopes[scopeId]!))
      id = this.#metricBytes.add(context, split.view, split.start, split.end)
    }
    if (field === 0) return
    this.#seriesId = -1
    const points = this.#readPoints(id, field, dataStart, dataEnd)
    if (points === 1 && field <= Data.sum) this.#remember(this.#metricTemplates, id, scopeId, start, end)
  }

  /** `Metric.data` came in several parts, which are one when put one after the other. */
  #readJoinedMetric(scopeId: number, start: number, end: number): void {
    const whole = this.#reader
    const split = this.#metricSplit
    const header = new Uint8Array(split.view.buffer, split.view.byteOffset + split.start, split.end - split.start)
    const data = joinPayload(whole, start, end, split.payloadField, split.payloadCount)
    const joined = joinMetric(header, split.payloadField, data)
    this.#reader = new WireReader(joined)
    this.#readMetric(scopeId, 0, joined.length)
    this.#reader = whole
  }

  /** Returns how many there were. */
  #readPoints(streamId: number, field: number, start: number, end: number): number {
    const reader = this.#reader
    const stream = this.#streams[streamId]!
    let points = 0
    reader.pos = start
    while (reader.pos < end) {
      const tag = reader.tag(end)
      if (tag !== POINT) {
        reader.skip(tag, end)
        continue
      }
      const pointEnd = reader.lengthEnd(end)
      points++
      if (field <= Data.sum) {
        const isOnly = points === 1 && (pointEnd === end || reader.bytes[pointEnd] !== POINT)
        this.#readNumber(streamId, stream, pointEnd, !isOnly)
      } else if (field === Data.summary) {
        this.#checkPayload()
        this.#writer.rejectFor(stream.problem!)
      } else this.#readHistogram(streamId, stream, pointEnd, field === Data.exponential)
      reader.pos = pointEnd
    }
    return points
  }

  #readNumber(streamId: number, stream: MetricStream, end: number, isOneOfMany: boolean): void {
    const reader = this.#reader
    const start = reader.pos
    if (isOneOfMany) {
      const known = this.#pointTemplates.match(streamId, reader.view, start, end)
      if (known >= 0) {
        this.#repeat(this.#pointTemplates, known)
        return
      }
    }
    const point = this.#number
    this.#seriesId = -1
    readNumberPoint(reader, end, point, this.#layout)
    if (!this.#writer.admitNumber(stream, point)) {
      this.#checkPayload()
      return
    }
    const ref = this.#resolve(streamId, stream, 7)
    if (ref < 0) return
    this.#writer.appendNumber(stream, point, ref as SeriesRef)
    if (isOneOfMany) this.#remember(this.#pointTemplates, streamId, streamId, start, end)
  }

  /** A number point whose bytes are known but for its times and value. */
  #repeat(templates: PointTemplates, seriesId: number): void {
    const stream = this.#streams[templates.streamId]!
    const point = this.#number
    readNumberAt(this.#reader.view, templates, point)
    if (this.#writer.admitNumber(stream, point))
      this.#writer.appendNumber(stream, point, this.#refs[seriesId]! as SeriesRef)
  }

  /** Keeps the bytes `[start, end)` around the number point that was read last, if it was appended with a value. */
  #remember(templates: PointTemplates, streamId: number, context: number, start: number, end: number): void {
    const id = this.#seriesId
    if (id < 0 || this.#refs[id]! < 0 || this.#number.noRecordedValue) return
    templates.learn(id, streamId, context, this.#reader.view, start, end, this.#layout)
  }

  #readHistogram(streamId: number, stream: MetricStream, end: number, exponential: boolean): void {
    const point = this.#histogram
    if (exponential) readExponentialPoint(this.#reader, end, point, this.#runs)
    else readHistogramPoint(this.#reader, end, point, this.#runs)
    if (!this.#writer.admitHistogram(stream, point, exponential)) {
      this.#checkPayload()
      return
    }
    const ref = this.#resolve(streamId, stream, exponential ? 1 : 9)
    if (ref >= 0) this.#writer.appendHistogram(point, ref as SeriesRef)
  }

  /** The series of the point just read, by the bytes of its attributes; below 0 when the point was refused. */
  #resolve(streamId: number, stream: MetricStream, attributesField: number): number {
    const runs = this.#runs
    let view = this.#reader.view
    let start = 0
    let end = 0
    if (runs.length === 2) {
      start = runs[0]!
      end = runs[1]!
    } else if (runs.length > 2) {
      const joined = joinRuns(this.#reader, runs)
      view = new DataView(joined.buffer)
      end = joined.length
    }
    this.#seriesId = this.#seriesBytes.find(streamId, view, start, end)
    const ref =
      this.#seriesId < 0
        ? this.#learn(streamId, stream, attributesField, view, start, end)
        : this.#refs[this.#seriesId]!
    if (ref < 0) this.#writer.rejectFor(this.#problems[-1 - ref]!)
    return ref
  }

  #learn(streamId: number, stream: MetricStream, field: number, view: DataView, start: number, end: number): number {
    this.#checkPayload()
    const series = this.#writer.series(stream, this.#readAttributes(viewReader(view, start, end), field))
    if (end - start > MAX_CACHED_BYTES) {
      if (typeof series === 'number') return series
      this.#problems[0] = series
      return -1
    }
    const ref = typeof series === 'number' ? series : -this.#problems.push(series)
    const id = this.#seriesBytes.add(streamId, view, start, end)
    if (id === this.#refs.length) this.#refs = growInt32(this.#refs, id * 2)
    this.#refs[id] = ref
    this.#seriesId = id
    return ref
  }

  #readAttributes(reader: WireReader, field: number, entries: AttributeEntry[] = []): AttributeEntry[] {
    const end = reader.bytes.length
    while (reader.pos < end) {
      const tag = reader.tag(end)
      if (tag === ((field << 3) | WireType.length))
        entries.push(readKeyValue(reader, reader.lengthEnd(end), this.#limits.nestingDepth))
      else reader.skip(tag, end)
    }
    return entries
  }

  #readResource(reader: WireReader): Pick<SeriesContext, 'resource' | 'problem'> {
    const attributes: AttributeEntry[] = []
    const end = reader.bytes.length
    while (reader.pos < end) {
      const tag = reader.tag(end)
      if (tag !== ((1 << 3) | WireType.length)) {
        reader.skip(tag, end)
        continue
      }
      const fieldEnd = reader.lengthEnd(end)
      this.#readAttributes(viewReader(reader.view, reader.pos, fieldEnd), 1, attributes)
      reader.pos = fieldEnd
    }
    const checked = checkAttributes(attributes, 'resource', this.#limits)
    return checked.ok ? { resource: checked.entries, problem: undefined } : { resource: [], problem: checked.problem }
  }

  #readScope(reader: WireReader, resource: Pick<SeriesContext, 'resource' | 'problem'>): SeriesContext {
    let name = ''
    let version = ''
    const attributes: AttributeEntry[] = []
    const end = reader.bytes.length
    while (reader.pos < end) {
      const tag = reader.tag(end)
      if (tag !== ((1 << 3) | WireType.length)) {
        reader.skip(tag, end)
        continue
      }
      const fieldEnd = reader.lengthEnd(end)
      const scope = viewReader(reader.view, reader.pos, fieldEnd)
      name = lastText(scope, 1) ?? name
      version = lastText(scope, 2) ?? version
      this.#readAttributes(scope, 3, attributes)
      reader.pos = fieldEnd
    }
    const checked = checkAttributes(attributes, 'scope', this.#limits)
    return {
      resource: resource.resource,
      scope: { name, version, attributes: checked.ok ? checked.entries : [] },
      problem: resource.problem ?? (checked.ok ? undefined : checked.problem),
    }
  }

  #readHeader(reader: WireReader, field: number, aggregation: number, context: SeriesContext): MetricStream {
    const name = lastText(reader, 1) ?? ''
    return metricStream(
      {
        tenant: this.#tenant,
        name,
        unit: lastText(reader, 3) ?? '',
        form: FORMS.get(field) ?? 'gauge',
        temporality: aggregation >>> 1,
        monotonic: (aggregation & 1) === 1,
      },
      context,
      checkMetricName(name, this.#limits),
    )
  }

  /**
   * Once a payload: before the first thing that would stay, and when bytes are passed over that nobody has
   * read before, so that a payload's fate does not depend on what came before it.
   */
  #checkPayload(): void {
    if (this.#checked) return
    this.#checked = true
    const reader = this.#reader
    const pos = reader.pos
    checkMessage(reader, 0, reader.bytes.length, REQUEST_SHAPE, this.#checkDepth())
    reader.pos = pos
  }

  /** Two messages a level: the list and the value in it. */
  #checkDepth(): number {
    return ENVELOPE_DEPTH + 2 * this.#limits.nestingDepth
  }

  #cacheBytes(): number {
    const contexts = this.#resources.length + this.#scopes.length + this.#streams.length
    const resourceBytes = this.#resourceBytes.sizeBytes + this.#scopeBytes.sizeBytes
    const templateBytes = this.#metricTemplates.sizeBytes + this.#pointTemplates.sizeBytes
    const keyBytes = resourceBytes + this.#metricBytes.sizeBytes + this.#seriesBytes.sizeBytes
    return keyBytes + templateBytes + contexts * CONTEXT_BYTES
  }

  #forget(): void {
    this.#resourceBytes.clear()
    this.#scopeBytes.clear()
    this.#metricBytes.clear()
    this.#seriesBytes.clear()
    this.#metricTemplates.clear()
    this.#pointTemplates.clear()
    this.#resources = []
    this.#scopes = []
    this.#streams = []
    this.#refs = new Int32Array(256)
    this.#problems = [NO_PROBLEM]
  }
}

/** Temporality (2 bits, 3 = no known one) and monotonicity (1 bit) of a `Sum`, `Histogram` or `ExponentialHistogram`. */
function readAggregation(reader: WireReader, start: number, end: number): number {
  let temporality = 0
  let monotonic = 0
  reader.pos = start
  while (reader.pos < end) {
    const tag = reader.tag(end)
    if (tag === ((2 << 3) | WireType.varint)) temporality = Math.min(reader.varint32(end), 3)
    else if (tag === ((3 << 3) | WireType.varint)) monotonic = reader.varint(end) === 0 ? 0 : 1
    else reader.skip(tag, end)
  }
  return (temporality << 1) | monotonic
}

function lastText(reader: WireReader, field: number): string | undefined {
  let text: string | undefined
  const end = reader.bytes.length
  reader.pos = 0
  while (reader.pos < end) {
    const tag = reader.tag(end)
    if (tag === ((field << 3) | WireType.length)) {
      const textEnd = reader.lengthEnd(end)
      text = utf8Text(reader.bytes, reader.pos, textEnd)
      reader.pos = textEnd
    } else reader.skip(tag, end)
  }
  reader.pos = 0
  return text
}

function keyReader(split: MessageSplit): WireReader {
  return viewReader(split.view, split.start, split.end)
}

function viewReader(view: DataView, start: number, end: number): WireReader {
  return new WireReader(new Uint8Array(view.buffer, view.byteOffset + start, end - start))
}

/** The last `count` occurrences of a field, contents one after the other. */
function joinPayload(reader: WireReader, start: number, end: number, field: number, count: number): Uint8Array {
  const runs: number[] = []
  reader.pos = start
  while (reader.pos < end) {
    const tag = reader.tag(end)
    if (tag === ((field << 3) | WireType.length)) {
      const fieldEnd = reader.lengthEnd(end)
      runs.push(reader.pos, fieldEnd)
      reader.pos = fieldEnd
    } else reader.skip(tag, end)
  }
  return joinRuns(reader, runs.slice(-2 * count))
}

/** A `Metric` message of a header and one data field. */
function joinMetric(header: Uint8Array, field: number, data: Uint8Array): Uint8Array {
  const prefix = [(field << 3) | WireType.length]
  let length = data.length
  for (; length > 0x7f; length = Math.floor(length / 128)) prefix.push((length % 128) | 0x80)
  prefix.push(length)
  const joined = new Uint8Array(header.length + prefix.length + data.length)
  joined.set(header)
  joined.set(prefix, header.length)
  joined.set(data, header.length + prefix.length)
  return joined
}
