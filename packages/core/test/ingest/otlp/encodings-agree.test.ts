import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOtlpDecoder } from '../../../src/ingest/otlp/otlp-decoder.ts'
import { createSampleBatch } from '../../../src/ingest/sample-batch.ts'
import { createSeriesRegistry } from '../../../src/registry/series-registry.ts'
import { CONTENT_TYPES, decodeBytes, decodeRows, type Encoding, encodePayload, rowsOf } from './decode-rows.ts'

// The law: the same content gives the same series, rows and refusals in both encodings, whatever the
// decoder has seen before.

const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom('NaN', 'Infinity', '-Infinity'),
)
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const smallCount = fc.integer({ min: 0, max: 9 }).map(String)
const name = fc.oneof(
  fc.constantFrom('cpu', 'mem', 'disk', '', '__proto__'),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
)

const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'grapheme', maxLength: 10 }).map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    int64.map((intValue) => ({ intValue })),
    double.map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => ({ bytesValue: Buffer.from(bytes).toString('base64') })),
    fc.constant({}),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc
      .array(fc.record({ key: name, value: tie('value') }), { maxLength: 3 })
      .map((values) => ({ kvlistValue: { values } })),
  ),
})).value
const attributes = fc.array(fc.record({ key: name, value: anyValue }, { requiredKeys: ['key'] }), { maxLength: 3 })

const times = {
  startTimeUnixNano: fc.constantFrom('0', '1', '1700000009000000001'),
  timeUnixNano: fc.oneof(
    { weight: 8, arbitrary: fc.bigInt({ min: 1_699_999_999n, max: 1_700_000_020n }).map((s) => `${s}000000000`) },
    { weight: 1, arbitrary: fc.constant('0') },
    { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String) },
  ),
  flags: fc.constantFrom(0, 0, 0, 1, 2),
  attributes,
}
const numberPoint = fc.oneof(
  fc.record({ ...times, asDouble: double }, { requiredKeys: ['timeUnixNano'] }),
  fc.record({ ...times, asInt: int64 }, { requiredKeys: ['timeUnixNano', 'asInt'] }),
)
const totals = { count: smallCount, sum: double, min: double, max: double }
const histogramPoint = fc.record(
  {
    ...times,
    ...totals,
    bucketCounts: fc.array(smallCount, { maxLength: 3 }),
    explicitBounds: fc.array(double, { maxLength: 2 }),
  },
  { requiredKeys: ['timeUnixNano'] },
)
const buckets = fc.record(
  { offset: fc.integer({ min: -2000, max: 2000 }), bucketCounts: fc.array(smallCount, { maxLength: 3 }) },
  { requiredKeys: [] },
)
const exponentialPoint = fc.record(
  {
    ...times,
    ...totals,
    scale: fc.integer({ min: -12, max: 22 }),
    zeroCount: smallCount,
    zeroThreshold: fc.constantFrom(0, 0.5, -1),
    positive: buckets,
    negative: buckets,
  },
  { requiredKeys: ['timeUnixNano'] },
)
const temporality = { aggregationTemporality: fc.constantFrom(0, 1, 2, 3) }
const points = (point: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
  fc.array(point, { minLength: 1, maxLength: 4 })
const header = { name, unit: name, description: name }
const metric = fc.oneof(
  fc.record({ ...header, gauge: fc.record({ dataPoints: points(numberPoint) }) }, { requiredKeys: [] }),
  fc.record({
    ...header,
    sum: fc.record(
      { dataPoints: points(numberPoint), ...temporality, isMonotonic: fc.boolean() },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ ...header, histogram: fc.record({ dataPoints: points(histogramPoint), ...temporality }) }),
  fc.record({ ...header, exponentialHistogram: fc.record({ dataPoints: points(exponentialPoint), ...temporality }) }),
  fc.record({ ...header, summary: fc.record({ dataPoints: points(fc.record(times)) }) }),
)
const scope = fc.record({ name, version: name, attributes }, { requiredKeys: [] })
const scopeMetrics = fc.record(
  { scope, metrics: fc.array(metric, { minLength: 1, maxLength: 3 }), schemaUrl: name },
  { requiredKeys: ['metrics'] },
)
const resourceMetrics = fc.record(
  { resource: fc.record({ attributes }), scopeMetrics: fc.array(scopeMetrics, { maxLength: 2 }), schemaUrl: name },
  { requiredKeys: [] },
)
const request = fc.record({ resourceMetrics: fc.array(resourceMetrics, { minLength: 1, maxLength: 2 }) })

describe('protobuf and JSON', () => {
  it('say the same', { timeout: 60_000 }, () => {
    let rows = 0
    fc.assert(
      fc.property(request, (payload) => {
        const fromProtobuf = decodeRows(payload, 'protobuf')
        rows += fromProtobuf.rows.length
        expect(fromProtobuf).toEqual(decodeRows(payload, 'json'))
      }),
      { numRuns: 1000, seed: 20 },
    )
    expect(rows).toBeGreaterThan(500)
  })

  it('give the same series in one registry, in any order of payloads', { timeout: 60_000 }, () => {
    const registry = createSeriesRegistry()
    const decoder = createOtlpDecoder(registry)
    fc.assert(
      fc.property(request, (payload) => {
        const [a, b, c] = (['json', 'protobuf', 'protobuf'] as const).map((encoding) => {
          const batch = createSampleBatch(4)
          const { rejected } = decoder.decode(encodePayload(payload, encoding), batch, {
            contentType: CONTENT_TYPES[encoding],
          })
          return { rows: rowsOf(batch, registry), refs: Array.from(batch.series.subarray(0, batch.length)), rejected }
        })
        expect(b).toEqual(a)
        expect(c).toEqual(a)
      }),
      { numRuns: 300, seed: 21 },
    )
  })
})

describe.each<Encoding>(['protobuf', 'json'])('a request of every form in %s', (encoding) => {
  const attribute = (key: string): unknown => [{ key, value: { stringValue: 'v' } }]
  const at = { startTimeUnixNano: '1650000000000000000', timeUnixNano: '1650000005500000000' }
  const payload = {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'checkout' } }] },
        scopeMetrics: [
          {
            scope: { name: 'shop', version: '2.1.0', attributes: attribute('scope.attr') },
            metrics: [
              {
                name: 'orders',
                unit: '1',
                description: 'a counter',
                sum: {
                  aggregationTemporality: 1,
                  isMonotonic: true,
                  dataPoints: [{ ...at, asDouble: 7, attributes: attribute('a') }],
                },
              },
              {
                name: 'carts',
                unit: '1',
                gauge: { dataPoints: [{ ...at, asDouble: 12, attributes: attribute('b') }] },
              },
              {
                name: 'latency',
                unit: 'ms',
                histogram: {
                  aggregationTemporality: 1,
                  dataPoints: [
                    {
                      ...at,
                      count: '5',
                      sum: 9,
                      bucketCounts: ['2', '3'],
                      explicitBounds: [2],
                      min: 0,
                      max: 4,
                      attributes: attribute('c'),
                    },
                  ],
                },
              },
              {
                name: 'size',
                unit: 'By',
                exponentialHistogram: {
                  aggregationTemporality: 1,
                  dataPoints: [
                    {
                      ...at,
                      count: '4',
                      sum: 21,
                      scale: 0,
                      zeroCount: '1',
                      positive: { offset: 1, bucketCounts: ['0', '3'] },
                      min: 0,
                      max: 8,
                      zeroThreshold: 0,
                      attributes: attribute('d'),
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  }

  it('gives a row each', () => {
    const { rows, rejected } = decodeRows(payload, encoding)
    expect(rejected).toEqual([])
    expect(
      rows.map(({ descriptor, value, timestampMs }) => [descriptor.metric, descriptor.kind, value, timestampMs]),
    ).toEqual([
      ['orders', 'delta', 7, 1_650_000_005_499],
      ['carts', 'gauge', 12, 1_650_000_005_500],
      ['latency', 'distribution', 9, 1_650_000_005_499],
      ['size', 'distribution', 21, 1_650_000_005_499],
    ])
  })
})

const EXAMPLE = new URL('../../../../../../shared/data/otlp/examples/metrics.json', import.meta.url)

describe('the example of the OTLP specification', () => {
  it.skipIf(!existsSync(EXAMPLE))('decodes, also as protobuf', () => {
    const bytes = readFileSync(EXAMPLE)
    const fromJson = decodeBytes(bytes, 'json')
    expect(fromJson.rejected).toEqual([])
    expect(fromJson.rows.map(({ descriptor }) => [descriptor.metric, descriptor.kind])).toEqual([
      ['my.counter', 'delta'],
      ['my.gauge', 'gauge'],
      ['my.histogram', 'distribution'],
      ['my.exponential.histogram', 'distribution'],
    ])
    expect(decodeRows(JSON.parse(bytes.toString()), 'protobuf')).toEqual(fromJson)
  })
})
