import { ROUTES, type SimulatedServer } from './fleet-model.ts'
import { LATENCY_BUCKETS, LATENCY_OFFSET, LATENCY_SCALE } from './latency-shapes.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

const TEMPORALITY_DELTA = 1

/** Offsets into the template of one histogram point's fields. */
export interface HistogramSlot {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly buckets: number
}

/**
 * The `ScopeMetrics` of a server with every number left at zero, and where the numbers are. All servers
 * share it: they differ in their resource and their numbers only.
 */
export interface PayloadTemplate {
  readonly bytes: Uint8Array
  readonly points: number
  /** Offsets of `time_unix_nano`, and of `start_time_unix_nano` where a point is an amount. */
  readonly times: readonly number[]
  readonly startTimes: readonly number[]
  readonly cpuUtilization: number
  readonly queueUnacked: number
  readonly cartsNonEmpty: number
  /** By route. */
  readonly calls: readonly number[]
  readonly latency: readonly HistogramSlot[]
  readonly generic: Uint32Array
}

type MutableSlots = { times: number[]; startTimes: number[] }

/** Field numbers: opentelemetry/proto/metrics/v1/metrics.proto, v1.x. */
export function createPayloadTemplate(genericMetrics: number): PayloadTemplate {
  const slots: MutableSlots = { times: [], startTimes: [] }
  const scope = new ProtobufWriter()
  scope.stringField(1, 'windrow-fleet-simulator')
  const body = new ProtobufWriter()
  body.bytesAt(1, scope.finish())

  const cpuUtilization = gauge(body, slots, 'system.cpu.utilization', '1')
  const queueUnacked = gauge(body, slots, 'queue.unacked', '{message}')
  const cartsNonEmpty = gauge(body, slots, 'shop.carts.nonempty', '{cart}')
  const calls = addCalls(body, slots)
  const latency = addLatency(body, slots)
  const generic = Uint32Array.from({ length: genericMetrics }, (_, index) =>
    gauge(body, slots, `app.metric.${String(index + 1).padStart(4, '0')}`, '1'),
  )

  const whole = new ProtobufWriter()
  const shift = whole.bytesAt(2, body.finish())
  const moved = (offset: number): number => offset + shift
  return {
    bytes: whole.finish(),
    points: slots.times.length,
    times: slots.times.map(moved),
    startTimes: slots.startTimes.map(moved),
    cpuUtilization: moved(cpuUtilization),
    queueUnacked: moved(queueUnacked),
    cartsNonEmpty: moved(cartsNonEmpty),
    calls: calls.map(moved),
    latency: latency.map((slot) => ({
      count: moved(slot.count),
      sum: moved(slot.sum),
      min: moved(slot.min),
      max: moved(slot.max),
      buckets: moved(slot.buckets),
    })),
    generic: generic.map(moved),
  }
}

/** What precedes the template for one server: the `ResourceMetrics` tag and length, and the resource. */
export function resourceHead(server: SimulatedServer, templateBytes: number): Uint8Array {
  const resource = new ProtobufWriter()
  const attributes = [
    ['host.name', server.name],
    ['service.name', server.tier],
    ['service.namespace', 'shop'],
    ['cloud.availability_zone', server.zone],
  ] as const
  for (const [key, value] of attributes) resource.bytesAt(1, attribute(key, value))
  const wrapped = new ProtobufWriter()
  wrapped.bytesAt(1, resource.finish())
  const head = new ProtobufWriter()
  head.openMessage(1, wrapped.length + templateBytes)
  const start = head.finish()
  const bytes = new Uint8Array(start.length + wrapped.length)
  bytes.set(start)
  bytes.set(wrapped.finish(), start.length)
  return bytes
}

function gauge(body: ProtobufWriter, slots: MutableSlots, name: string, unit: string): number {
  const point = new ProtobufWriter()
  const time = point.fixed64At(3)
  const value = point.fixed64At(4)
  const data = new ProtobufWriter()
  const pointAt = data.bytesAt(1, point.finish())
  const metric = new ProtobufWriter()
  metric.stringField(1, name)
  metric.stringField(3, unit)
  const dataAt = metric.bytesAt(5, data.finish())
  const at = body.bytesAt(2, metric.finish()) + dataAt + pointAt
  slots.times.push(at + time)
  return at + value
}

function addCalls(body: ProtobufWriter, slots: MutableSlots): number[] {
  const sum = new ProtobufWriter()
  const local = ROUTES.map((route) => {
    const point = new ProtobufWriter()
    const start = point.fixed64At(2)
    const time = point.fixed64At(3)
    const value = point.fixed64At(6)
    addRouteAttributes(point, 7, route)
    const at = sum.bytesAt(1, point.finish())
    return { start: at + start, time: at + time, value: at + value }
  })
  sum.varintField(2, TEMPORALITY_DELTA)
  sum.varintField(3, 1)
  const at = addMetric(body, 'rpc.calls', '{call}', 7, sum)
  for (const point of local) {
    slots.startTimes.push(at + point.start)
    slots.times.push(at + point.time)
  }
  return local.map((point) => at + point.value)
}

function addLatency(body: ProtobufWriter, slots: MutableSlots): HistogramSlot[] {
  const histogram = new ProtobufWriter()
  const local = ROUTES.map((route) => {
    const buckets = new ProtobufWriter()
    buckets.sint32Field(1, LATENCY_OFFSET)
    const countsAt = buckets.bytesAt(2, new Uint8Array(LATENCY_BUCKETS))
    const point = new ProtobufWriter()
    addRouteAttributes(point, 1, route)
    const start = point.fixed64At(2)
    const time = point.fixed64At(3)
    const count = point.fixed64At(4)
    const sum = point.fixed64At(5)
    point.sint32Field(6, LATENCY_SCALE)
    const bucketsAt = point.bytesAt(8, buckets.finish())
    const min = point.fixed64At(12)
    const max = point.fixed64At(13)
    const at = histogram.bytesAt(1, point.finish())
    const slot = { count: at + count, sum: at + sum, min: at + min, max: at + max, buckets: at + bucketsAt + countsAt }
    return { start: at + start, time: at + time, slot }
  })
  histogram.varintField(2, TEMPORALITY_DELTA)
  const at = addMetric(body, 'rpc.latency', 's', 10, histogram)
  for (const point of local) {
    slots.startTimes.push(at + point.start)
    slots.times.push(at + point.time)
  }
  return local.map(({ slot }) => ({
    count: at + slot.count,
    sum: at + slot.sum,
    min: at + slot.min,
    max: at + slot.max,
    buckets: at + slot.buckets,
  }))
}

/** Appends a metric and returns where its data message starts in `body`. */
function addMetric(body: ProtobufWriter, name: string, unit: string, field: number, data: ProtobufWriter): number {
  const metric = new ProtobufWriter()
  metric.stringField(1, name)
  metric.stringField(3, unit)
  const dataAt = metric.bytesAt(field, data.finish())
  return body.bytesAt(2, metric.finish()) + dataAt
}

function addRouteAttributes(point: ProtobufWriter, field: number, route: (typeof ROUTES)[number]): void {
  point.bytesAt(field, attribute('http.route', route.route))
  point.bytesAt(field, attribute('rpc.method', route.method))
}

function attribute(key: string, value: string): Uint8Array {
  const any = new ProtobufWriter()
  any.stringField(1, value)
  const pair = new ProtobufWriter()
  pair.stringField(1, key)
  pair.bytesAt(2, any.finish())
  return pair.finish()
}
