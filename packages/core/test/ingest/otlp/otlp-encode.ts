/** Writes an OTLP/JSON object as protobuf, so that a test states its payload once. */

type Json = Readonly<Record<string, unknown>>

export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return bytes
}

export function lengthField(field: number, content: ArrayLike<number>): number[] {
  return [...varint(field * 8 + 2), ...varint(content.length), ...Array.from(content)]
}

export function varintField(field: number, value: number | bigint): number[] {
  return [...varint(field * 8), ...varint(value)]
}

export function textField(field: number, text: string): number[] {
  return lengthField(field, new TextEncoder().encode(text))
}

export function doubleField(field: number, value: number): number[] {
  return [...varint(field * 8 + 1), ...double(value)]
}

export function fixed64Field(field: number, value: bigint): number[] {
  return [...varint(field * 8 + 1), ...fixed64(value)]
}

export function encodeRequest(request: Json): Uint8Array {
  return Uint8Array.from(list(request['resourceMetrics']).flatMap((entry) => lengthField(1, resourceMetrics(entry))))
}

function resourceMetrics(json: Json): number[] {
  return [
    ...message(json, 'resource', 1, (resource) => keyValues(resource['attributes'], 1)),
    ...list(json['scopeMetrics']).flatMap((entry) => lengthField(2, scopeMetrics(entry))),
    ...text(json, 'schemaUrl', 3),
  ]
}

function scopeMetrics(json: Json): number[] {
  return [
    ...message(json, 'scope', 1, (scope) => [
      ...text(scope, 'name', 1),
      ...text(scope, 'version', 2),
      ...keyValues(scope['attributes'], 3),
    ]),
    ...list(json['metrics']).flatMap((entry) => lengthField(2, metric(entry))),
    ...text(json, 'schemaUrl', 3),
  ]
}

export function metric(json: Json): number[] {
  const aggregated = (data: Json, point: (json: Json) => number[]): number[] => [
    ...list(data['dataPoints']).flatMap((entry) => lengthField(1, point(entry))),
    ...(data['aggregationTemporality'] === undefined ? [] : varintField(2, data['aggregationTemporality'] as number)),
    ...(data['isMonotonic'] === true ? varintField(3, 1) : []),
  ]
  return [
    ...text(json, 'name', 1),
    ...text(json, 'description', 2),
    ...text(json, 'unit', 3),
    ...message(json, 'gauge', 5, (data) => aggregated(data, numberPoint)),
    ...message(json, 'sum', 7, (data) => aggregated(data, numberPoint)),
    ...message(json, 'histogram', 9, (data) => aggregated(data, histogramPoint)),
    ...message(json, 'exponentialHistogram', 10, (data) => aggregated(data, exponentialPoint)),
    ...message(json, 'summary', 11, (data) => aggregated(data, summaryPoint)),
  ]
}

export function numberPoint(json: Json): number[] {
  return [
    ...times(json),
    ...optionalDouble(json, 'asDouble', 4),
    ...(json['asInt'] === undefined ? [] : fixed64Field(6, BigInt(json['asInt'] as string))),
    ...keyValues(json['attributes'], 7),
    ...(json['flags'] === undefined ? [] : varintField(8, json['flags'] as number)),
  ]
}

function histogramPoint(json: Json): number[] {
  return [
    ...times(json),
    ...(json['count'] === undefined ? [] : fixed64Field(4, BigInt(json['count'] as string))),
    ...optionalDouble(json, 'sum', 5),
    ...packed(6, json['bucketCounts'], (count) => fixed64(BigInt(count as string))),
    ...packed(7, json['explicitBounds'], (bound) => double(bound as number)),
    ...keyValues(json['attributes'], 9),
    ...(json['flags'] === undefined ? [] : varintField(10, json['flags'] as number)),
    ...optionalDouble(json, 'min', 11),
    ...optionalDouble(json, 'max', 12),
  ]
}

function exponentialPoint(json: Json): number[] {
  const buckets = (data: Json): number[] => [
    ...(data['offset'] === undefined ? [] : varintField(1, zigzag(data['offset'] as number))),
    ...packed(2, data['bucketCounts'], (count) => varint(BigInt(count as string))),
  ]
  return [
    ...keyValues(json['attributes'], 1),
    ...times(json),
    ...(json['count'] === undefined ? [] : fixed64Field(4, BigInt(json['count'] as string))),
    ...optionalDouble(json, 'sum', 5),
    ...(json['scale'] === undefined ? [] : varintField(6, zigzag(json['scale'] as number))),
    ...(json['zeroCount'] === undefined ? [] : fixed64Field(7, BigInt(json['zeroCount'] as string))),
    ...message(json, 'positive', 8, buckets),
    ...message(json, 'negative', 9, buckets),
    ...(json['flags'] === undefined ? [] : varintField(10, json['flags'] as number)),
    ...optionalDouble(json, 'min', 12),
    ...optionalDouble(json, 'max', 13),
    ...optionalDouble(json, 'zeroThreshold', 14),
  ]
}

function summaryPoint(json: Json): number[] {
  return [...times(json), ...keyValues(json['attributes'], 7)]
}

function times(json: Json): number[] {
  const time = (name: string, field: number): number[] =>
    json[name] === undefined ? [] : fixed64Field(field, BigInt(json[name] as string))
  return [...time('startTimeUnixNano', 2), ...time('timeUnixNano', 3)]
}

export function keyValues(value: unknown, field: number): number[] {
  return list(value).flatMap((entry) => lengthField(field, keyValue(entry)))
}

function keyValue(json: Json): number[] {
  return [...text(json, 'key', 1), ...message(json, 'value', 2, anyValue)]
}

function anyValue(json: Json): number[] {
  if (json['stringValue'] !== undefined) return textField(1, json['stringValue'] as string)
  if (json['boolValue'] !== undefined) return varintField(2, json['boolValue'] === true ? 1 : 0)
  if (json['intValue'] !== undefined) return varintField(3, BigInt(json['intValue'] as string))
  if (json['doubleValue'] !== undefined) return doubleField(4, jsonDouble(json['doubleValue']))
  if (json['bytesValue'] !== undefined) return lengthField(7, Buffer.from(json['bytesValue'] as string, 'base64'))
  if (json['arrayValue'] !== undefined) {
    const values = list((json['arrayValue'] as Json)['values'])
    return lengthField(
      5,
      values.flatMap((entry) => lengthField(1, anyValue(entry))),
    )
  }
  if (json['kvlistValue'] !== undefined) return lengthField(6, keyValues((json['kvlistValue'] as Json)['values'], 1))
  return []
}

function message(json: Json, name: string, field: number, encode: (json: Json) => number[]): number[] {
  return json[name] === undefined ? [] : lengthField(field, encode(json[name] as Json))
}

function text(json: Json, name: string, field: number): number[] {
  return json[name] === undefined ? [] : textField(field, json[name] as string)
}

function optionalDouble(json: Json, name: string, field: number): number[] {
  return json[name] === undefined ? [] : doubleField(field, jsonDouble(json[name]))
}

function packed(field: number, values: unknown, encode: (value: unknown) => number[]): number[] {
  return values === undefined ? [] : lengthField(field, (values as unknown[]).flatMap(encode))
}

function list(value: unknown): readonly Json[] {
  return (value ?? []) as readonly Json[]
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0
}

/** `NaN` and its like are words in JSON. */
function jsonDouble(value: unknown): number {
  return Number(value)
}

function double(value: number): number[] {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return Array.from(bytes)
}

function fixed64(value: bigint): number[] {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true)
  return Array.from(bytes)
}
