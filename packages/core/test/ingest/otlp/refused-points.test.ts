import { describe, expect, it } from 'vitest'
import { decodeRows, type Encoding, requestOf } from './decode-rows.ts'

const TIME = '1700000010000000000'
const text = (key: string, value: string): unknown => ({ key, value: { stringValue: value } })

function nested(levels: number): unknown {
  let value: unknown = { intValue: '1' }
  for (let i = 0; i < levels; i++) value = { arrayValue: { values: [value] } }
  return value
}

describe.each<Encoding>(['protobuf', 'json'])('points refused alone in %s', (encoding) => {
  const good = { timeUnixNano: TIME, asDouble: 1, attributes: [text('k', 'good')] }

  function reasons(metric: Readonly<Record<string, unknown>>): (readonly [number, string])[] {
    const after = { name: 'after', gauge: { dataPoints: [good] } }
    const { rows, rejected } = decodeRows(requestOf({ name: 'm', ...metric }, after), encoding)
    expect(rows.at(-1)?.descriptor.metric).toBe('after')
    return rejected.map(({ index, reason }) => [index, reason])
  }

  function gaugeReason(point: Readonly<Record<string, unknown>>): string | undefined {
    const found = reasons({ gauge: { dataPoints: [good, { timeUnixNano: TIME, asDouble: 1, ...point }, good] } })
    expect(found.every(([index]) => index === 1)).toBe(true)
    return found[0]?.[1]
  }

  it('counts the ordinal over all metrics', () => {
    const bad = { name: 'bad', gauge: { dataPoints: [good, { timeUnixNano: TIME }] } }
    const { rejected } = decodeRows(requestOf(bad, bad, bad), encoding)
    expect(rejected.map(({ index }) => index)).toEqual([1, 3, 5])
  })

  it('refuses summaries and sums without temporality', () => {
    expect(reasons({ summary: { dataPoints: [{ timeUnixNano: TIME }, {}] } })).toEqual([
      [0, 'unsupported'],
      [1, 'unsupported'],
    ])
    expect(reasons({ sum: { dataPoints: [good] } })).toEqual([[0, 'temporality']])
    expect(reasons({ sum: { dataPoints: [good], aggregationTemporality: 7 } })).toEqual([[0, 'temporality']])
    const histogram = { timeUnixNano: TIME, count: '0' }
    expect(reasons({ histogram: { dataPoints: [histogram] } })).toEqual([[0, 'temporality']])
    expect(reasons({ exponentialHistogram: { dataPoints: [histogram] } })).toEqual([[0, 'temporality']])
  })

  it('takes a metric without data and an empty request', () => {
    expect(reasons({})).toEqual([])
    expect(decodeRows({}, encoding)).toEqual({ rows: [], rejected: [] })
    expect(decodeRows({ resourceMetrics: [{}] }, encoding)).toEqual({ rows: [], rejected: [] })
  })

  it('refuses a point without value', () => {
    const point = { timeUnixNano: TIME, attributes: [text('k', 'v')] }
    expect(reasons({ gauge: { dataPoints: [point] } })).toEqual([[0, 'invalid']])
  })

  it.each([
    ['sum of buckets', { count: '3', bucketCounts: ['1', '1'], explicitBounds: [1] }],
    ['too few buckets', { count: '2', bucketCounts: ['2'], explicitBounds: [1] }],
    ['too many buckets', { count: '2', bucketCounts: ['1', '1', '0'], explicitBounds: [1] }],
    ['bounds without buckets', { count: '2', explicitBounds: [1] }],
    ['unsorted bounds', { count: '2', bucketCounts: ['1', '1', '0'], explicitBounds: [2, 1] }],
    ['equal bounds', { count: '2', bucketCounts: ['1', '1', '0'], explicitBounds: [1, 1] }],
    ['a bound that is no number', { count: '2', bucketCounts: ['1', '1'], explicitBounds: ['NaN'] }],
    ['a later bound that is no number', { count: '2', bucketCounts: ['1', '1', '0'], explicitBounds: [1, 'NaN'] }],
    ['min above max', { count: '2', bucketCounts: ['1', '1'], explicitBounds: [1], min: 5, max: 1 }],
  ])('refuses a histogram with %s', (_, histogram) => {
    const points = [
      { timeUnixNano: TIME, count: '1', bucketCounts: ['1'] },
      { timeUnixNano: TIME, ...histogram },
    ]
    expect(reasons({ histogram: { dataPoints: points, aggregationTemporality: 1 } })).toEqual([[1, 'invalid']])
  })

  it.each([
    ['sum of buckets', { count: '3', positive: { bucketCounts: ['1', '1'] } }],
    ['scale too fine', { count: '1', scale: 21, positive: { bucketCounts: ['1'] } }],
    ['scale too coarse', { count: '1', scale: -11, positive: { bucketCounts: ['1'] } }],
    ['a bucket above every double', { count: '1', scale: 0, positive: { offset: 1024, bucketCounts: ['1'] } }],
    ['a bucket below every double', { count: '1', scale: 0, negative: { offset: -1076, bucketCounts: ['1'] } }],
    ['an index beyond 32 bits', { count: '1', scale: 20, positive: { offset: 2147483647, bucketCounts: ['0', '1'] } }],
    ['a zero threshold below 0', { count: '1', zeroCount: '1', zeroThreshold: -1 }],
  ])('refuses an exponential histogram with %s', (_, histogram) => {
    const points = [
      { timeUnixNano: TIME, count: '0' },
      { timeUnixNano: TIME, ...histogram },
    ]
    expect(reasons({ exponentialHistogram: { dataPoints: points, aggregationTemporality: 1 } })).toEqual([
      [1, 'invalid'],
    ])
  })

  it('refuses more buckets than the limit', () => {
    const point = { timeUnixNano: TIME, count: '0', positive: { bucketCounts: new Array(20_000).fill('0') } }
    expect(reasons({ exponentialHistogram: { dataPoints: [point], aggregationTemporality: 1 } })).toEqual([
      [0, 'too-large'],
    ])
  })

  it.each([
    ['a key at the limit', [text('k'.repeat(1024), 'v')], undefined],
    ['a key over the limit', [text('k'.repeat(1025), 'v')], 'too-large'],
    ['a key over the limit in bytes', [text('ü'.repeat(513), 'v')], 'too-large'],
    ['a value at the limit', [text('k', 'ü'.repeat(1024))], undefined],
    ['a value over the limit', [text('k', `${'ü'.repeat(1024)}.`)], 'too-large'],
    ['pairs of surrogates at the limit', [text('k', '😀'.repeat(512))], undefined],
    ['pairs of surrogates over the limit', [text('k', `${'😀'.repeat(512)}.`)], 'too-large'],
    ['a huge value', [text('k', 'v'.repeat(200_000))], 'too-large'],
    ['the same key twice', [text('k', 'a'), text('k', 'b')], 'invalid'],
    ['many attributes', Array.from({ length: 64 }, (_, i) => text(`k${i}`, 'v')), undefined],
    ['too many attributes', Array.from({ length: 65 }, (_, i) => text(`k${i}`, 'v')), 'too-large'],
    ['100 levels', [{ key: 'k', value: nested(100) }], undefined],
    ['101 levels', [{ key: 'k', value: nested(101) }], 'invalid'],
    ['1,000 levels', [{ key: 'k', value: nested(1000) }], 'invalid'],
  ] as const)('holds the limits of attributes: %s', (_, attributes, reason) => {
    expect(gaugeReason({ attributes })).toBe(reason)
  })

  it('refuses all points of a resource, scope or metric over a limit', () => {
    const points = { gauge: { dataPoints: [good, good] } }
    const twice = [text('k', 'a'), text('k', 'b')]
    const request = (resource: unknown, scope: unknown, name: string): Readonly<Record<string, unknown>> => ({
      resourceMetrics: [
        {
          resource: { attributes: resource },
          scopeMetrics: [{ scope: { attributes: scope }, metrics: [{ name, ...points }] }],
        },
      ],
    })
    const reasonsOf = (payload: Readonly<Record<string, unknown>>): string[] =>
      decodeRows(payload, encoding).rejected.map(({ reason }) => reason)
    expect(reasonsOf(request(twice, [], 'm'))).toEqual(['invalid', 'invalid'])
    expect(reasonsOf(request([], twice, 'm'))).toEqual(['invalid', 'invalid'])
    expect(reasonsOf(request([], [], ''))).toEqual(['invalid', 'invalid'])
    expect(reasonsOf(request([], [], 'm'.repeat(1025)))).toEqual(['too-large', 'too-large'])
    expect(reasonsOf(request([], [], 'm'.repeat(1024)))).toEqual([])
  })

  it('keeps odd attribute keys apart and as they are', () => {
    const keys = [
      '__proto__',
      'constructor.prototype',
      'toString',
      'hasOwnProperty',
      'then',
      '',
      '\u0000',
      'length',
      'é',
      'e\u0301',
    ]
    const dataPoints = keys.map((key) => ({ timeUnixNano: TIME, asDouble: 1, attributes: [text(key, 'polluted')] }))
    const { rows } = decodeRows(requestOf({ name: '__proto__', gauge: { dataPoints } }), encoding)
    expect(rows.map(({ descriptor }) => descriptor.labels)).toEqual(keys.map((key) => [[key, 'polluted']]))
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
