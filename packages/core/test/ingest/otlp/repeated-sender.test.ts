import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOtlpDecoder } from '../../../src/ingest/otlp/otlp-decoder.ts'
import { createSampleBatch } from '../../../src/ingest/sample-batch.ts'
import { createSeriesRegistry } from '../../../src/registry/series-registry.ts'
import { CONTENT_TYPES, decodeBytes, encodePayload, requestOf, rowsOf } from './decode-rows.ts'

// The law: what a decoder has seen before changes nothing of what it reads.

const time = fc.constantFrom('0', '1700000000000000000', '1700000001000000000', '1700000002000000001')
const value = fc.oneof(
  fc.record({ asDouble: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  fc.record({ asInt: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
  fc.record({ flags: fc.constant(1) }),
  fc.constant({}),
)

/** A point of the series `i` of a metric; its times and its value are all that changes in a steady sender. */
function point(i: number): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const attributes = [{ key: 'i', value: { intValue: String(i) } }]
  const steady = fc.record({ timeUnixNano: time, asDouble: fc.integer() })
  return fc
    .oneof({ weight: 6, arbitrary: steady }, { weight: 1, arbitrary: fc.record({ startTimeUnixNano: time }) }, value)
    .map((fields) => ({ timeUnixNano: '1700000003000000000', ...fields, attributes }))
}

function metric(name: string, points: number): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const dataPoints = fc.tuple(...Array.from({ length: points }, (_, i) => point(i)))
  const sum = (aggregationTemporality: number): fc.Arbitrary<unknown> =>
    dataPoints.map((list) => ({ dataPoints: list, aggregationTemporality, isMonotonic: true }))
  return fc.oneof(
    { weight: 5, arbitrary: dataPoints.map((list) => ({ name, gauge: { dataPoints: list } })) },
    { weight: 2, arbitrary: sum(2).map((data) => ({ name, sum: data })) },
    { weight: 1, arbitrary: sum(1).map((data) => ({ name, unit: 's', sum: data })) },
    { weight: 1, arbitrary: dataPoints.map((list) => ({ name, description: 'd', gauge: { dataPoints: list } })) },
  )
}

const report = fc
  .tuple(metric('a', 1), metric('b', 1), metric('c', 3), metric('d', 1), fc.subarray([0, 1, 2, 3], { minLength: 2 }))
  .map(([a, b, c, d, kept]) => requestOf(...kept.map((i) => [a, b, c, d][i]!)))

describe('a sender that repeats itself', () => {
  it('is read as if for the first time', { timeout: 60_000 }, () => {
    let rows = 0
    fc.assert(
      fc.property(fc.array(report, { minLength: 2, maxLength: 8 }), (reports) => {
        const registry = createSeriesRegistry()
        const decoder = createOtlpDecoder(registry)
        for (const request of reports) {
          const bytes = encodePayload(request, 'protobuf')
          const batch = createSampleBatch(4)
          const { rejected } = decoder.decode(bytes, batch, { contentType: CONTENT_TYPES.protobuf })
          expect({ rows: rowsOf(batch, registry), rejected }).toEqual(decodeBytes(bytes, 'protobuf'))
          rows += batch.length
        }
      }),
      { numRuns: 300, seed: 7 },
    )
    expect(rows).toBeGreaterThan(1000)
  })

  it('is read whole and steadily: new times and values of the same series', () => {
    const registry = createSeriesRegistry()
    const decoder = createOtlpDecoder(registry)
    const batch = createSampleBatch(64)
    for (let round = 0; round < 5; round++) {
      const at = { timeUnixNano: `17000000${10 + round}000000000`, startTimeUnixNano: '1700000000000000000' }
      const metrics = Array.from({ length: 20 }, (_, i) => ({
        name: `m${i}`,
        sum: { dataPoints: [{ ...at, asInt: String(round * 100 + i) }], aggregationTemporality: 2, isMonotonic: true },
      }))
      batch.clear()
      decoder.decode(encodePayload(requestOf(...metrics), 'protobuf'), batch, { contentType: CONTENT_TYPES.protobuf })
      expect(Array.from(batch.values.subarray(0, 20))).toEqual(Array.from({ length: 20 }, (_, i) => round * 100 + i))
      expect(new Set(batch.timestampsMs.subarray(0, 20))).toEqual(new Set([1_700_000_010_000 + round * 1000 - 1]))
      expect(new Set(batch.startTimesMs!.subarray(0, 20))).toEqual(new Set([1_700_000_000_000]))
      expect(Array.from(batch.series.subarray(0, 20))).toEqual(Array.from({ length: 20 }, (_, i) => i))
    }
  })
})
