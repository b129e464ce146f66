import { describe, expect, it } from 'vitest'
import { SampleFlag } from '../../../src/ingest/sample-batch.ts'
import { decodeRows, type Encoding, type Row, requestOf } from './decode-rows.ts'

const START = '1700000000000000000'
const TIME = '1700000010000000000'
const TIME_MS = 1_700_000_010_000

describe.each<Encoding>(['protobuf', 'json'])('kinds of points in %s', (encoding) => {
  function one(metric: Readonly<Record<string, unknown>>): Row {
    const { rows, rejected } = decodeRows(requestOf({ name: 'm', unit: 's', ...metric }), encoding)
    expect(rejected).toEqual([])
    expect(rows).toHaveLength(1)
    return rows[0]!
  }
  const attributes = [{ key: 'route', value: { stringValue: '/a' } }]
  const number = { startTimeUnixNano: START, timeUnixNano: TIME, asDouble: 2.5, attributes }

  it('reads a gauge as a level at its time', () => {
    const row = one({ gauge: { dataPoints: [number] } })
    expect(row).toMatchObject({ timestampMs: TIME_MS, value: 2.5, startMs: 0, flags: 0, state: undefined })
    expect(row.descriptor).toEqual({
      tenant: 'default',
      metric: 'm',
      kind: 'gauge',
      temporality: 'unspecified',
      unit: 's',
      resource: [['host.name', 'web-1']],
      scope: { name: 'test', version: '1', attributes: [] },
      labels: [['route', '/a']],
    })
  })

  it.each([
    { temporality: 1, isMonotonic: true, kind: 'delta', word: 'delta', ms: TIME_MS - 1 },
    { temporality: 1, isMonotonic: false, kind: 'delta', word: 'delta', ms: TIME_MS - 1 },
    { temporality: 2, isMonotonic: true, kind: 'counter', word: 'cumulative', ms: TIME_MS - 1 },
    { temporality: 2, isMonotonic: false, kind: 'gauge', word: 'cumulative', ms: TIME_MS },
  ])('reads a sum of temporality $temporality, monotonic $isMonotonic, as $kind', (sum) => {
    const row = one({
      sum: { dataPoints: [number], aggregationTemporality: sum.temporality, isMonotonic: sum.isMonotonic },
    })
    expect(row.descriptor).toMatchObject({ kind: sum.kind, temporality: sum.word })
    expect(row.timestampMs).toBe(sum.ms)
    expect(row.startMs).toBe(sum.kind === 'gauge' ? 0 : 1_700_000_000_000)
  })

  it.each([1, 2])('reads a histogram of temporality %i with its buckets', (aggregationTemporality) => {
    const point = {
      startTimeUnixNano: START,
      timeUnixNano: TIME,
      count: '3',
      sum: 10.5,
      bucketCounts: ['1', '0', '2'],
      explicitBounds: [1, 5],
      min: 0.5,
      max: 6,
      attributes,
    }
    const row = one({ histogram: { dataPoints: [point], aggregationTemporality } })
    expect(row.descriptor.kind).toBe('distribution')
    expect(row).toMatchObject({ value: 10.5, timestampMs: TIME_MS - 1, startMs: 1_700_000_000_000 })
    expect(row.state).toMatchObject({
      type: 'buckets',
      count: 3,
      sum: 10.5,
      min: 0.5,
      max: 6,
      cumulative: aggregationTemporality === 2,
    })
    expect(row.state?.type === 'buckets' && [Array.from(row.state.bounds), Array.from(row.state.counts)]).toEqual([
      [1, 5],
      [1, 0, 2],
    ])
  })

  it('reads a histogram without buckets as one bucket', () => {
    const point = { timeUnixNano: TIME, count: '4', sum: 8 }
    const row = one({ histogram: { dataPoints: [point], aggregationTemporality: 1 } })
    expect(row.timestampMs).toBe(TIME_MS)
    expect(row.state?.type === 'buckets' && Array.from(row.state.counts)).toEqual([4])
    expect(row.state).toMatchObject({ min: Number.NaN, max: Number.NaN })
  })

  it('reads an exponential histogram with both signs', () => {
    const point = {
      startTimeUnixNano: START,
      timeUnixNano: TIME,
      count: '6',
      sum: -1.5,
      scale: -2,
      zeroCount: '1',
      zeroThreshold: 0.25,
      positive: { offset: -3, bucketCounts: ['1', '2'] },
      negative: { offset: 7, bucketCounts: ['2'] },
    }
    const row = one({ exponentialHistogram: { dataPoints: [point], aggregationTemporality: 1 } })
    expect(row.state).toMatchObject({
      type: 'exponential',
      count: 6,
      scale: -2,
      zeroCount: 1,
      zeroThreshold: 0.25,
      positive: { offset: -3 },
      negative: { offset: 7 },
    })
    expect(row.state?.type === 'exponential' && Array.from(row.state.positive.counts)).toEqual([1, 2])
  })

  it('marks a reported gap and asks nothing more of the point', () => {
    const gap = { timeUnixNano: TIME, flags: 1, attributes }
    expect(one({ gauge: { dataPoints: [gap] } })).toMatchObject({
      value: Number.NaN,
      flags: SampleFlag.noRecordedValue,
    })
    const wrong = { ...gap, count: '9', bucketCounts: ['1'] }
    expect(one({ histogram: { dataPoints: [wrong], aggregationTemporality: 2 } })).toMatchObject({
      flags: SampleFlag.noRecordedValue,
      state: undefined,
    })
  })

  it.each([
    { asInt: '9007199254740991', value: 2 ** 53 - 1, flags: 0 },
    { asInt: '9007199254740992', value: 2 ** 53, flags: 0 },
    { asInt: '9007199254740993', value: 2 ** 53, flags: SampleFlag.precisionLost },
    { asInt: '9007199254740995', value: 2 ** 53 + 4, flags: SampleFlag.precisionLost },
    { asInt: '-9007199254740991', value: -(2 ** 53) + 1, flags: 0 },
    { asInt: '-9007199254740992', value: -(2 ** 53), flags: 0 },
    { asInt: '-9007199254740993', value: -(2 ** 53), flags: SampleFlag.precisionLost },
    { asInt: '9223372036854775807', value: 2 ** 63, flags: SampleFlag.precisionLost },
    { asInt: '-9223372036854775808', value: -(2 ** 63), flags: SampleFlag.precisionLost },
    { asInt: '-1', value: -1, flags: 0 },
  ])('reads the integer $asInt', ({ asInt, value, flags }) => {
    expect(one({ gauge: { dataPoints: [{ timeUnixNano: TIME, asInt }] } })).toMatchObject({ value, flags })
  })

  it.each([
    { asDouble: 'NaN', value: Number.NaN },
    { asDouble: 'Infinity', value: Number.POSITIVE_INFINITY },
    { asDouble: '-Infinity', value: Number.NEGATIVE_INFINITY },
    { asDouble: 5e-324, value: 5e-324 },
  ])('reads the double $asDouble', ({ asDouble, value }) => {
    expect(one({ gauge: { dataPoints: [{ timeUnixNano: TIME, asDouble }] } }).value).toBe(value)
  })
})
