import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nanosToMs, parseUnsigned64, precedingNanoToMs } from '../../../src/ingest/otlp/unix-nanos.ts'
import { decodeBytes, decodeRows, type Encoding, requestOf } from './decode-rows.ts'

const unsigned64 = fc.oneof(
  fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  // Around whole milliseconds, where rounding would show.
  fc
    .tuple(fc.bigInt({ min: 1n, max: 18_446_744_073_708n }), fc.bigInt({ min: -2n, max: 2n }))
    .map(([ms, off]) => ms * 1_000_000n + off),
)

function halves(nanos: bigint): [number, number] {
  return [Number(nanos >> 32n), Number(nanos & 0xffff_ffffn)]
}

describe('nanoseconds to milliseconds', () => {
  it('rounds down exactly, for every 64-bit time', () => {
    fc.assert(
      fc.property(unsigned64, (nanos) => {
        expect(nanosToMs(...halves(nanos))).toBe(Number(nanos / 1_000_000n))
        expect(precedingNanoToMs(...halves(nanos))).toBe(Number((nanos - 1n) / 1_000_000n))
      }),
      { numRuns: 5000 },
    )
  })

  it('reads decimal text of 64 bits exactly and nothing else', () => {
    const into = { high: 0, low: 0 }
    fc.assert(
      fc.property(unsigned64, (nanos) => {
        expect(parseUnsigned64(String(nanos), into)).toBe(true)
        expect([into.high, into.low]).toEqual(halves(nanos))
      }),
    )
    for (const text of ['18446744073709551616', '-1', '', ' 1', '1.0', '1e3', '0x1'])
      expect(parseUnsigned64(text, into)).toBe(false)
  })
})

describe.each<Encoding>(['protobuf', 'json'])('attribution time in %s', (encoding) => {
  const SECOND_MS = 1_700_000_010_000
  const start = '1700000000000000000'

  function timeOf(
    form: 'gauge' | 'delta' | 'counter' | 'level' | 'histogram',
    time: string,
    startTime?: string,
  ): number {
    const point = { timeUnixNano: time, ...(startTime === undefined ? {} : { startTimeUnixNano: startTime }) }
    const sum = (aggregationTemporality: number, isMonotonic: boolean): Readonly<Record<string, unknown>> => ({
      sum: { dataPoints: [{ ...point, asDouble: 1 }], aggregationTemporality, isMonotonic },
    })
    const metrics = {
      gauge: { gauge: { dataPoints: [{ ...point, asDouble: 1 }] } },
      delta: sum(1, true),
      counter: sum(2, true),
      level: sum(2, false),
      histogram: { histogram: { dataPoints: [{ ...point, count: '1', sum: 1 }], aggregationTemporality: 1 } },
    }
    return decodeRows(requestOf({ name: 'm', ...metrics[form] }), encoding).rows[0]!.timestampMs
  }

  const at = '1700000010000000000'
  const oneAfter = '1700000010000000001'
  const oneBefore = '1700000009999999999'

  it.each([
    ['gauge', at, undefined, SECOND_MS],
    ['gauge', at, start, SECOND_MS],
    ['gauge', oneBefore, start, SECOND_MS - 1],
    ['level', at, start, SECOND_MS],
    ['counter', at, undefined, SECOND_MS - 1],
    ['counter', at, start, SECOND_MS - 1],
    ['counter', oneAfter, start, SECOND_MS],
    ['delta', at, start, SECOND_MS - 1],
    ['delta', at, undefined, SECOND_MS],
    ['delta', oneAfter, start, SECOND_MS],
    ['histogram', at, start, SECOND_MS - 1],
    ['histogram', at, undefined, SECOND_MS],
    ['histogram', oneAfter, start, SECOND_MS],
    // 2^32 ns: the low half is 0, so taking one nanosecond off borrows.
    ['counter', '4294967296', undefined, 4294],
    ['counter', '1', undefined, 0],
    ['gauge', '18446744073709551615', undefined, 18_446_744_073_709],
  ] as const)('a %s at %s, start %s, belongs to %i', (form, time, startTime, expected) => {
    expect(timeOf(form, time, startTime)).toBe(expected)
  })

  it('refuses a point without a time and one that ends before it starts', () => {
    const request = requestOf({
      name: 'm',
      sum: {
        aggregationTemporality: 1,
        dataPoints: [
          { asDouble: 1 },
          { asDouble: 1, timeUnixNano: '5', startTimeUnixNano: '6' },
          { asDouble: 1, timeUnixNano: '4294967296', startTimeUnixNano: '4294967295' },
        ],
      },
    })
    const { rows, rejected } = decodeRows(request, encoding)
    expect(rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [0, 'bad-time'],
      [1, 'bad-time'],
    ])
    expect(rows).toHaveLength(1)
  })
})

describe('times as JSON numbers', () => {
  it('keep all digits', () => {
    const text =
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[' +
      '{"asInt":9007199254740993,"timeUnixNano":1700000009999999999}]}}]}]}]}'
    const { rows } = decodeBytes(new TextEncoder().encode(text), 'json')
    expect(rows[0]).toMatchObject({ timestampMs: 1_700_000_009_999, value: 2 ** 53, flags: 2 })
  })
})
