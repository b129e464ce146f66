import protobuf from 'protobufjs'

/** The part of opentelemetry/proto/metrics/v1/metrics.proto that the simulator writes, by its field numbers. */
const SCHEMA = `
syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { string string_value = 1; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Scope { string name = 1; }
message Metric {
  string name = 1; string unit = 3;
  oneof data { Gauge gauge = 5; Sum sum = 7; ExponentialHistogram exponential_histogram = 10; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message NumberDataPoint {
  fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
  repeated KeyValue attributes = 7;
}
message ExponentialHistogram { repeated Point data_points = 1; int32 aggregation_temporality = 2; }
message Point {
  repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; double sum = 5; sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8;
  double min = 12; double max = 13;
}
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
message Response { PartialSuccess partial_success = 1; }
message PartialSuccess { int64 rejected_data_points = 1; string error_message = 2; }
`

const root = protobuf.parse(SCHEMA, { keepCase: false }).root

export interface KeyValue {
  key: string
  value: { stringValue: string }
}

export interface NumberPoint {
  startTimeUnixNano?: string
  timeUnixNano: string
  asDouble?: number
  asInt?: string
  attributes: KeyValue[]
}

export interface HistogramPoint {
  startTimeUnixNano: string
  timeUnixNano: string
  count: string
  sum: number
  scale: number
  min: number
  max: number
  positive: { offset: number; bucketCounts: string[] }
  attributes: KeyValue[]
}

export interface Metric {
  name: string
  unit: string
  gauge?: { dataPoints: NumberPoint[] }
  sum?: { dataPoints: NumberPoint[]; aggregationTemporality: number; isMonotonic: boolean }
  exponentialHistogram?: { dataPoints: HistogramPoint[]; aggregationTemporality: number }
}

export interface DecodedServer {
  attributes: Record<string, string>
  metrics: Metric[]
}

/** Decodes a request with protobufjs: an implementation that shares nothing with the writer. */
export function decodeRequest(bytes: Uint8Array): DecodedServer[] {
  const type = root.lookupType('Request')
  const decoded = type.toObject(type.decode(bytes), { longs: String, arrays: true }) as {
    resourceMetrics: { resource: { attributes: KeyValue[] }; scopeMetrics: { metrics: Metric[] }[] }[]
  }
  return decoded.resourceMetrics.map(({ resource, scopeMetrics }) => ({
    attributes: attributesOf(resource.attributes),
    metrics: scopeMetrics.flatMap((scope) => scope.metrics),
  }))
}

export function attributesOf(pairs: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue]))
}

export function encodeResponse(rejectedDataPoints: number, errorMessage: string): Uint8Array {
  return root.lookupType('Response').encode({ partialSuccess: { rejectedDataPoints, errorMessage } }).finish()
}

/** What a receiver finds in payloads, summed up as the simulator does. */
export function sumUp(servers: readonly DecodedServer[]): {
  points: number
  calls: number
  events: number
  latencySumSeconds: number
  cpuUtilizationSum: number
} {
  const found = { points: 0, calls: 0, events: 0, latencySumSeconds: 0, cpuUtilizationSum: 0 }
  for (const { metrics } of servers) {
    for (const { name, gauge, sum, exponentialHistogram } of metrics) {
      for (const point of gauge?.dataPoints ?? []) {
        found.points++
        if (name === 'system.cpu.utilization') found.cpuUtilizationSum += point.asDouble ?? Number.NaN
      }
      for (const point of sum?.dataPoints ?? []) {
        found.points++
        found.calls += Number(point.asInt)
      }
      for (const point of exponentialHistogram?.dataPoints ?? []) {
        found.points++
        found.events += Number(point.count)
        found.latencySumSeconds += point.sum
      }
    }
  }
  return found
}
