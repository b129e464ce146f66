import { describe, expect, it } from 'vitest'
import { createOtlpDecoder } from '../../../src/ingest/otlp/otlp-decoder.ts'
import { createSampleBatch } from '../../../src/ingest/sample-batch.ts'
import { createSeriesRegistry } from '../../../src/registry/series-registry.ts'
import { CONTENT_TYPES, decodeBytes, decodeRows, type Row, requestOf } from './decode-rows.ts'
import {
  doubleField,
  encodeRequest,
  fixed64Field,
  keyValues,
  lengthField,
  metric,
  textField,
  varintField,
} from './otlp-encode.ts'

// Fields of a Protocol Buffers message may come in any order and in parts; the meaning is the same.

const TIME = 1_700_000_010_000_000_000n
const attribute = (key: string, value: string): unknown => ({ key, value: { stringValue: value } })
const A = attribute('a', '1')
const B = attribute('b', '2')
const time = fixed64Field(3, TIME)
const value = doubleField(4, 2.5)
const resource = lengthField(1, keyValues([attribute('host.name', 'web-1')], 1))
const scope = lengthField(1, [...textField(1, 'test'), ...textField(2, '1')])
const EXPECTED = decodeRows(
  requestOf({
    name: 'm',
    unit: 's',
    sum: {
      dataPoints: [{ timeUnixNano: String(TIME), asDouble: 2.5, attributes: [A, B] }],
      aggregationTemporality: 2,
      isMonotonic: true,
    },
  }),
  'protobuf',
).rows

interface Parts {
  readonly point?: readonly number[]
  readonly sum?: (point: readonly number[]) => readonly number[]
  readonly metric?: (sum: readonly number[]) => readonly number[]
  readonly scopeMetrics?: (metric: readonly number[]) => readonly number[]
  readonly resourceMetrics?: (scopeMetrics: readonly number[]) => readonly number[]
}

const aggregation = [...varintField(2, 2), ...varintField(3, 1)]
const header = [...textField(1, 'm'), ...textField(3, 's')]

function payload(parts: Parts): Uint8Array {
  const point = parts.point ?? [...time, ...value, ...keyValues([A, B], 7)]
  const sum = parts.sum?.(lengthField(1, point)) ?? [...lengthField(1, point), ...aggregation]
  const inMetric = parts.metric?.(sum) ?? [...header, ...lengthField(7, sum)]
  const inScope = parts.scopeMetrics?.(lengthField(2, inMetric)) ?? [...scope, ...lengthField(2, inMetric)]
  const inResource = parts.resourceMetrics?.(lengthField(2, inScope)) ?? [...resource, ...lengthField(2, inScope)]
  return Uint8Array.from(lengthField(1, inResource))
}

const LAYOUTS: readonly (readonly [string, Parts])[] = [
  ['as written by everybody', {}],
  ['attributes first', { point: [...keyValues([A, B], 7), ...value, ...time] }],
  ['attributes apart', { point: [...keyValues([A], 7), ...time, ...keyValues([B], 7), ...value] }],
  [
    'an exemplar between attributes',
    { point: [...time, ...keyValues([A], 7), ...lengthField(5, value), ...value, ...keyValues([B], 7)] },
  ],
  ['times twice', { point: [...fixed64Field(3, 1n), ...time, ...value, ...keyValues([A, B], 7)] }],
  ['temporality before the points', { sum: (point) => [...aggregation, ...point] }],
  ['temporality twice', { sum: (point) => [...varintField(2, 1), ...point, ...aggregation] }],
  ['data before the name', { metric: (sum) => [...lengthField(7, sum), ...header] }],
  [
    'data between name and unit',
    { metric: (sum) => [...textField(1, 'm'), ...lengthField(7, sum), ...textField(3, 's')] },
  ],
  ['the name twice', { metric: (sum) => [...textField(1, 'other'), ...header, ...lengthField(7, sum)] }],
  [
    'data in two parts',
    { metric: (sum) => [...lengthField(7, sum.slice(0, -4)), ...header, ...lengthField(7, sum.slice(-4))] },
  ],
  ['data replaced', { metric: (sum) => [...lengthField(5, lengthField(1, time)), ...header, ...lengthField(7, sum)] }],
  ['the scope after its metrics', { scopeMetrics: (inner) => [...inner, ...scope] }],
  [
    'the scope in two parts',
    {
      scopeMetrics: (inner) => [
        ...lengthField(1, textField(1, 'test')),
        ...inner,
        ...lengthField(1, textField(2, '1')),
      ],
    },
  ],
  ['the resource after its scopes', { resourceMetrics: (inner) => [...inner, ...resource] }],
  [
    'an unknown group everywhere',
    {
      point: [0x7b, 0x7c, ...time, ...value, ...keyValues([A, B], 7)],
      sum: (point) => [0x7b, 0x7c, ...point, ...aggregation],
      metric: (sum) => [0x7b, 0x7c, ...header, ...lengthField(7, sum)],
      scopeMetrics: (inner) => [0x7b, 0x7c, ...scope, ...inner],
      resourceMetrics: (inner) => [0x7b, 0x7c, ...resource, ...inner],
    },
  ],
]

describe('layouts of one request', () => {
  it.each(LAYOUTS)('%s', (_, parts) => {
    expect(decodeBytes(payload(parts), 'protobuf')).toEqual({ rows: EXPECTED, rejected: [] })
  })

  it('are one series in one registry', () => {
    const registry = createSeriesRegistry()
    const decoder = createOtlpDecoder(registry)
    const batch = createSampleBatch(4)
    for (let round = 0; round < 2; round++)
      for (const [, parts] of LAYOUTS) decoder.decode(payload(parts), batch, { contentType: CONTENT_TYPES.protobuf })
    expect(batch.length).toBe(LAYOUTS.length * 2)
    expect(registry.size).toBe(1)
  })

  it('reads unpacked bucket counts and bounds', () => {
    const point = [
      ...time,
      ...fixed64Field(4, 3n),
      ...fixed64Field(6, 1n),
      ...doubleField(7, 0.5),
      ...fixed64Field(6, 2n),
    ]
    const histogram = [...textField(1, 'h'), ...lengthField(9, [...lengthField(1, point), ...varintField(2, 1)])]
    const bytes = payload({ scopeMetrics: () => lengthField(2, histogram) })
    const row: Row | undefined = decodeBytes(bytes, 'protobuf').rows[0]
    expect(row?.state?.type === 'buckets' && [Array.from(row.state.bounds), Array.from(row.state.counts)]).toEqual([
      [0.5],
      [1, 2],
    ])
  })
})

describe('a decoder that has seen many series', () => {
  it('knows them again, and learns anew when its memory is full', () => {
    const registry = createSeriesRegistry()
    const decoder = createOtlpDecoder(registry, { limits: { cacheBytes: 200_000 } })
    const series = (from: number): Uint8Array =>
      encodeRequest(
        requestOf({
          name: 'm',
          gauge: {
            dataPoints: Array.from({ length: 500 }, (_, i) => ({
              timeUnixNano: String(TIME),
              asDouble: from + i,
              attributes: [attribute('i', String(from + i))],
            })),
          },
        }),
      )
    const read = (from: number): number[] => {
      const batch = createSampleBatch(500)
      decoder.decode(series(from), batch, { contentType: CONTENT_TYPES.protobuf })
      expect(Array.from(batch.values.subarray(0, 500))).toEqual(Array.from({ length: 500 }, (_, i) => from + i))
      return Array.from(batch.series.subarray(0, batch.length))
    }
    const first = read(0)
    for (let from = 500; from < 5000; from += 500) read(from)
    expect(read(0)).toEqual(first)
    expect(registry.size).toBe(5000)
  })

  it('keeps tenants apart', () => {
    const registry = createSeriesRegistry()
    const batch = createSampleBatch(4)
    const bytes = payload({})
    for (const tenant of ['a', 'b'])
      createOtlpDecoder(registry, { tenant }).decode(bytes, batch, { contentType: CONTENT_TYPES.protobuf })
    expect(batch.series[0]).not.toBe(batch.series[1])
  })

  it('encodes the metrics of this file as the test meant', () => {
    expect(metric({ name: 'm', unit: 's' })).toEqual(header)
  })
})
