import { describe, expect, it } from 'vitest'
import { WindrowError } from '../../../src/errors.ts'
import type { DecodeResult } from '../../../src/ingest/decode-result.ts'
import { createOtlpDecoder, type OtlpDecoder } from '../../../src/ingest/otlp/otlp-decoder.ts'
import { createSampleBatch, type SampleBatch } from '../../../src/ingest/sample-batch.ts'
import { createSeriesRegistry } from '../../../src/registry/series-registry.ts'
import { CONTENT_TYPES, decodeBytes, type Encoding, encodePayload, requestOf } from './decode-rows.ts'
import { doubleField, fixed64Field, lengthField, textField, varint, varintField } from './otlp-encode.ts'

const TIME = '1700000010000000000'
const attributes = [{ key: 'k', value: { arrayValue: { values: [{ stringValue: 'v' }, { intValue: '-7' }] } } }]
const at = { startTimeUnixNano: '1700000000000000000', timeUnixNano: TIME, attributes }
const VALID = requestOf(
  {
    name: 'gauge',
    unit: '1',
    description: 'd',
    gauge: {
      dataPoints: [
        { ...at, asDouble: 1 },
        { ...at, asInt: '5' },
      ],
    },
  },
  { name: 'sum', sum: { dataPoints: [{ ...at, asDouble: 1 }], aggregationTemporality: 2, isMonotonic: true } },
  {
    name: 'histogram',
    histogram: {
      dataPoints: [{ ...at, count: '2', sum: 3, bucketCounts: ['1', '1'], explicitBounds: [1] }],
      aggregationTemporality: 2,
    },
  },
  {
    name: 'exponential',
    exponentialHistogram: {
      dataPoints: [{ ...at, count: '2', sum: 3, scale: 3, positive: { offset: 4, bucketCounts: ['1', '1'] } }],
      aggregationTemporality: 1,
    },
  },
)

/** Time one payload may take. */
const LIMIT_MS = 50

/** Milliseconds of the quickest of a few calls, the first that is quick enough: others share the machine. */
function quickestMs(work: () => unknown): number {
  let quickest = Number.POSITIVE_INFINITY
  for (let call = 0; call < 5 && quickest >= LIMIT_MS; call++) {
    const startedMs = performance.now()
    work()
    quickest = Math.min(quickest, performance.now() - startedMs)
  }
  return quickest
}

/** Same seed, same numbers (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Decodes or refuses as the contract says, and tells which. */
function attempt(
  decoder: OtlpDecoder,
  batch: SampleBatch,
  bytes: Uint8Array,
  encoding: Encoding,
): DecodeResult | 'refused' {
  const before = batch.length
  try {
    const result = decoder.decode(bytes, batch, { contentType: CONTENT_TYPES[encoding] })
    if (batch.length - before !== result.decoded) throw new Error('the rows are not those decoded')
    return result
  } catch (error) {
    if (!(error instanceof WindrowError && error.code === 'DECODE_FAILED')) throw error
    if (typeof error.details['offset'] !== 'number') throw new Error('no offset')
    if (batch.length !== before) throw new Error('rows of a refused payload are left')
    return 'refused'
  }
}

/** Decodes with a decoder and a registry of its own; a refusal must leave the registry empty. */
function attemptFresh(bytes: Uint8Array, encoding: Encoding = 'protobuf'): DecodeResult | 'refused' {
  const registry = createSeriesRegistry()
  const result = attempt(createOtlpDecoder(registry), createSampleBatch(4), bytes, encoding)
  if (result === 'refused' && registry.size !== 0) throw new Error('series of a refused payload are left')
  return result
}

describe.each<Encoding>(['protobuf', 'json'])('damaged %s', (encoding) => {
  const valid = encodePayload(VALID, encoding)

  it('every prefix decodes or is refused whole', { timeout: 30_000 }, () => {
    const outcomes = Array.from({ length: valid.length + 1 }, (_, length) =>
      attemptFresh(valid.subarray(0, length), encoding),
    )
    expect(outcomes.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(valid.length / 2)
    expect(outcomes.at(-1)).toMatchObject({ decoded: 5 })
  })

  it('10,000 mutations decode or are refused whole, quickly, the same with and without a memory', {
    timeout: 60_000,
  }, () => {
    const random = seeded(encoding === 'json' ? 1 : 2)
    const decoder = createOtlpDecoder(createSeriesRegistry())
    const batch = createSampleBatch(4)
    let refused = 0
    let slowestMs = 0
    for (let round = 0; round < 10_000; round++) {
      const bytes = Uint8Array.from(valid)
      for (let change = 1 + Math.floor(random() * 3); change > 0; change--) {
        const position = Math.floor(random() * bytes.length)
        bytes[position] =
          random() < 0.5 ? Math.floor(random() * 256) : bytes[position]! ^ (1 << Math.floor(random() * 8))
      }
      batch.clear()
      let outcome: DecodeResult | 'refused' = 'refused'
      const tookMs = quickestMs(() => {
        outcome = attempt(decoder, batch, bytes, encoding)
      })
      slowestMs = Math.max(slowestMs, tookMs)
      if (outcome === 'refused') refused++
      if (round % 10 === 0) expect(attemptFresh(bytes, encoding)).toEqual(outcome)
    }
    expect(refused).toBeGreaterThan(100)
    expect(refused).toBeLessThan(10_000)
    expect(slowestMs).toBeLessThan(LIMIT_MS)
  })

  it('leaves the rows that were in the batch before', () => {
    const registry = createSeriesRegistry()
    const decoder = createOtlpDecoder(registry)
    const batch = createSampleBatch(4)
    const contentType = CONTENT_TYPES[encoding]
    decoder.decode(valid, batch, { contentType })
    const { columns } = batch
    const states = batch.states!.count
    expect(() => decoder.decode(valid.subarray(0, valid.length - 3), batch, { contentType })).toThrow(WindrowError)
    expect([batch.length, batch.columns, batch.states!.count]).toEqual([5, columns, states])
    expect(decoder.decode(valid, batch, { contentType }).decoded).toBe(5)
    expect([batch.length, batch.states!.count]).toEqual([10, states * 2])
    expect(registry.size).toBe(4)
  })
})

describe('hostile protobuf', () => {
  const inMetric = (bytes: readonly number[]): Uint8Array =>
    Uint8Array.from(lengthField(1, lengthField(2, lengthField(2, bytes))))
  const inPoint = (bytes: readonly number[]): Uint8Array =>
    inMetric([
      ...textField(1, 'm'),
      ...lengthField(5, lengthField(1, [...fixed64Field(3, BigInt(TIME)), ...doubleField(4, 1), ...bytes])),
    ])

  it.each([
    ['30 KB of group starts', new Uint8Array(30_000).fill(0x0b)],
    ['30 KB of group starts in a point', inPoint(new Array(30_000).fill(0x0b))],
    ['a group that is never ended', inPoint([0x7b])],
    ['a group ended by another', inPoint([0x7b, 0x84, 0x01])],
    ['the end of no group', inPoint([0x7c])],
    ['a varint of 11 bytes', inPoint([0x78, ...new Array(10).fill(0xff), 0x01])],
    ['a length of 2^31', Uint8Array.from([0x0a, ...varint(2 ** 31)])],
    ['a length of 2^64 - 1', Uint8Array.from([0x0a, ...varint(2n ** 64n - 1n)])],
    ['a length past the message around it', inMetric([0x0a, 5, 0x61])],
    ['field number 0', inPoint([0x02, 0])],
    ['wire type 6', inPoint([0x7e])],
    ['a tag beyond 32 bits', inPoint([...varint(2 ** 33), 0])],
    ['text that is not UTF-8 as a metric name', inMetric([0x0a, 1, 0xff])],
    ['text that is not UTF-8 as a description', inMetric([...textField(1, 'm'), 0x12, 1, 0xff])],
    ['text that is not UTF-8 as an attribute', inPoint(lengthField(7, [0x0a, 1, 0xc0]))],
    ['an encoded surrogate', inPoint(lengthField(7, lengthField(1, [0xed, 0xa0, 0x80])))],
    ['text that is not UTF-8 in an exemplar', inPoint(lengthField(5, lengthField(7, lengthField(1, [0xff]))))],
    ['half a number', inPoint([0x11, 1, 2, 3])],
  ])('refuses %s', (_, bytes) => {
    expect(attemptFresh(bytes)).toBe('refused')
    expect(quickestMs(() => attemptFresh(bytes))).toBeLessThan(LIMIT_MS)
  })

  it('finds what is broken in a point it knows', () => {
    const decoder = createOtlpDecoder(createSeriesRegistry())
    const batch = createSampleBatch(4)
    expect(attempt(decoder, batch, inPoint([]), 'protobuf')).toMatchObject({ decoded: 1 })
    expect(attempt(decoder, batch, inPoint(lengthField(5, lengthField(7, lengthField(1, [0xff])))), 'protobuf')).toBe(
      'refused',
    )
    expect(attempt(decoder, batch, inPoint([0x7c]), 'protobuf')).toBe('refused')
  })

  it('refuses a value nested 5,000 deep with its point alone', () => {
    const innermost = varintField(3, 1)
    const headers: number[][] = []
    let length = innermost.length
    for (let message = 0; message < 2 * 5000; message++) {
      const header = [message % 2 === 0 ? 0x0a : 0x2a, ...varint(length)]
      headers.push(header)
      length += header.length
    }
    const value = [...headers.reverse().flat(), ...innermost]
    const bytes = inPoint(lengthField(7, [...textField(1, 'k'), ...lengthField(2, value)]))
    expect(attemptFresh(bytes)).toMatchObject({ decoded: 0, rejected: [{ index: 0, reason: 'invalid' }] })
  })

  it('passes over unknown fields, groups and fields of another wire type', () => {
    const unknown = [...varintField(19_000, 7), ...varintField(536_870_911, 7), 0x7b, ...varintField(4, 1), 0x7c]
    const otherType = [...varintField(3, 9), ...varintField(7, 9), ...textField(4, 'not a double')]
    expect(attemptFresh(inPoint([...unknown, ...otherType]))).toMatchObject({ decoded: 1, rejected: [] })
  })

  it('takes the last of a value given twice', () => {
    const { rows } = decodeBytes(
      inPoint([...fixed64Field(6, 5n), ...doubleField(4, 7), ...fixed64Field(6, 9n)]),
      'protobuf',
    )
    expect(rows[0]?.value).toBe(9)
  })

  it('refuses another content type', () => {
    const decoder = createOtlpDecoder(createSeriesRegistry())
    expect(() => decoder.decode(new Uint8Array(0), createSampleBatch(), { contentType: 'text/plain' })).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED' }),
    )
    expect(
      decoder.decode(new Uint8Array(0), createSampleBatch(), { contentType: 'Application/X-Protobuf; charset=utf-8' }),
    ).toEqual({ decoded: 0, rejected: [] })
  })
})

describe('hostile JSON', () => {
  const point = (fields: string): string =>
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[${fields}]}}]}]}]}`
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

  it.each([
    'null',
    '[]',
    '"a"',
    '{"resourceMetrics":{}}',
    '{"resourceMetrics":[5]}',
    '{"resourceMetrics":[{"resource":[]}]}',
    '{"resourceMetrics":[{"resource":{"attributes":[{"key":5}]}}]}',
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":5}]}]}]}',
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{},"sum":{}}]}]}]}',
    '{"resourceMetrics":[]',
    '\ufeff{}',
    '['.repeat(100_000),
  ])('refuses %s', (text) => {
    expect(attemptFresh(bytesOf(text), 'json')).toBe('refused')
    expect(quickestMs(() => attemptFresh(bytesOf(text), 'json'))).toBeLessThan(LIMIT_MS)
  })

  it('survives arrays nested 100,000 deep where nobody looks', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const plain = attemptFresh(bytesOf(`{"unknown":${deep}}`), 'json')
    expect(plain === 'refused' || plain.decoded === 0).toBe(true)
    expect(attemptFresh(bytesOf(`{"n":1234567890123456789,"unknown":${deep}}`), 'json')).toBeDefined()
  })

  it.each([
    ['{"timeUnixNano":"1","asDouble":true}', 'invalid'],
    ['{"timeUnixNano":"1","asDouble":"1x"}', 'invalid'],
    ['{"timeUnixNano":"1","asInt":1.5}', 'invalid'],
    ['{"timeUnixNano":"1","asInt":"9223372036854775808"}', 'invalid'],
    ['{"timeUnixNano":"1","asInt":1,"asDouble":1}', 'invalid'],
    ['{"timeUnixNano":"-1","asInt":1}', 'invalid'],
    ['{"timeUnixNano":"18446744073709551616","asInt":1}', 'invalid'],
    ['{"timeUnixNano":{},"asInt":1}', 'invalid'],
    ['{"timeUnixNano":"1","asInt":1,"attributes":{}}', 'invalid'],
    ['{"timeUnixNano":"1","asInt":1,"attributes":[{"key":"k","value":{"boolValue":1}}]}', 'invalid'],
    ['5', 'invalid'],
    ['{"time_unix_nano":"1","asInt":1}', 'bad-time'],
  ])('refuses the point %s alone', (fields, reason) => {
    const good = '{"timeUnixNano":"1","asDouble":"1.5"}'
    expect(attemptFresh(bytesOf(point(`${good},${fields},${good}`)), 'json')).toMatchObject({
      decoded: 2,
      rejected: [{ index: 1, reason }],
    })
  })

  it('refuses enumerations by name', () => {
    const text = point('{"timeUnixNano":"1","asInt":1}').replace(
      '"gauge":{',
      '"sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA",',
    )
    expect(attemptFresh(bytesOf(text), 'json')).toMatchObject({ rejected: [{ reason: 'temporality' }] })
  })

  it('is not polluted, and keeps lone surrogates', () => {
    const text = point(
      '{"timeUnixNano":"1","asInt":1,"__proto__":{"polluted":1},"attributes":[{"key":"__proto__","value":{"stringValue":"\\ud800"}}]}',
    )
    const { rows } = decodeBytes(bytesOf(text), 'json')
    expect(rows[0]!.descriptor.labels).toEqual([['__proto__', '\ud800']])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
