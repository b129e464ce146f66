import { describe, expect, it } from 'vitest'
import { WindrowError } from '../../../src/errors.ts'
import type { DecodeResult } from '../../../src/ingest/decode-result.ts'
import { createJsonDecoder } from '../../../src/ingest/json/json-decoder.ts'
import { createSampleBatch, type SampleBatch, SampleFlag } from '../../../src/ingest/sample-batch.ts'
import type { SeriesInfo, SeriesRef } from '../../../src/registry/identity.ts'
import { createSeriesRegistry } from '../../../src/registry/series-registry.ts'

const NOW_MS = 1_700_000_000_000

function decode(body: unknown): { result: DecodeResult; batch: SampleBatch; series: SeriesInfo[] } {
  const registry = createSeriesRegistry()
  const batch = createSampleBatch(4)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const decoder = createJsonDecoder(registry, { limits: { attributeKeyBytes: 32, attributeValueBytes: 64 } })
  const result = decoder.decode(new TextEncoder().encode(text), batch, { nowMs: NOW_MS })
  const series = Array.from(batch.series.subarray(0, batch.length), (ref) => registry.describe(ref as SeriesRef))
  return { result, batch, series }
}

function one(metric: Readonly<Record<string, unknown>>): {
  result: DecodeResult
  batch: SampleBatch
  series: SeriesInfo
} {
  const { series, ...rest } = decode({ server: 'web-1', metrics: [{ name: 'm', value: 1, ...metric }] })
  return { ...rest, series: series[0]! }
}

describe('plain JSON', () => {
  it('reads the points of one server', () => {
    const metrics = [
      { name: 'cpu.utilization', value: 75.5, timestamp: NOW_MS - 5 },
      { name: 'requests', value: 10, kind: 'counter', unit: '1', labels: { route: '/a', code: 200, ok: true } },
    ]
    const { result, batch, series } = decode({ server: 'web-1', metrics })
    expect(result).toEqual({ decoded: 2, rejected: [] })
    expect(Array.from(batch.values.subarray(0, 2))).toEqual([75.5, 10])
    expect(Array.from(batch.timestampsMs.subarray(0, 2))).toEqual([NOW_MS - 5, NOW_MS - 1])
    expect(series[0]).toMatchObject({ server: 'web-1', metric: 'cpu.utilization', kind: 'gauge', kindAssumed: true })
    expect(series[1]).toMatchObject({ kind: 'counter', kindAssumed: false, temporality: 'cumulative', unit: '1' })
    expect(series[1]!.labels).toEqual([
      ['code', '200'],
      ['ok', 'true'],
      ['route', '/a'],
    ])
  })

  it('counts refused points over all servers', () => {
    const body = [
      {
        server: 'a',
        metrics: [
          { name: 'm', value: 1 },
          { name: 'm', value: 'x' },
        ],
      },
      { server: 'b', metrics: [7, { name: 'm', value: 2, timestamp: 0 }, { name: 'm', value: 3 }] },
    ]
    const { result, series } = decode(body)
    expect(result.decoded).toBe(2)
    expect(result.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'invalid'],
      [2, 'invalid'],
      [3, 'bad-time'],
    ])
    expect(series.map(({ server }) => server)).toEqual(['a', 'b'])
  })

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ])('takes the word %s as a value', (word, value) => {
    expect(one({ value: word }).batch.values[0]).toBe(value)
  })

  it('flags integers that a double cannot hold', () => {
    const { batch } = decode(
      '{"server":"a","metrics":[{"name":"m","value":9007199254740993},{"name":"m","value":1e300}]}',
    )
    expect(batch.values[0]).toBe(2 ** 53)
    expect(batch.flags![0]).toBe(SampleFlag.precisionLost)
    expect(batch.values[1]).toBe(1e300)
  })

  it.each([
    [{ value: null }, 'invalid'],
    [{ value: '1' }, 'invalid'],
    [{ name: '' }, 'invalid'],
    [{ name: 5 }, 'invalid'],
    [{ name: 'm'.repeat(1025) }, 'too-large'],
    [{ kind: 'histogram' }, 'invalid'],
    [{ kind: 'toString' }, 'invalid'],
    [{ unit: 5 }, 'invalid'],
    [{ timestamp: '2023-11-14' }, 'bad-time'],
    [{ timestamp: -1 }, 'bad-time'],
    [{ timestamp: 2 ** 60 }, 'bad-time'],
    [{ labels: ['a'] }, 'invalid'],
    [{ labels: { a: null } }, 'invalid'],
    [{ labels: { a: { b: 1 } } }, 'invalid'],
    [{ labels: { ['k'.repeat(33)]: 'v' } }, 'too-large'],
    [{ labels: { k: 'ü'.repeat(33) } }, 'too-large'],
    [{ labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 'v'])) }, 'too-large'],
  ])('refuses the point %j as %s', (metric, reason) => {
    const { result, batch } = one(metric)
    expect(result.rejected.map((point) => point.reason)).toEqual([reason])
    expect(batch.length).toBe(0)
  })

  it('keeps odd label names apart', () => {
    const names = ['__proto__', 'constructor', 'toString', 'then', 'length', '', '\u0000']
    const labels = (name: string): string => `{"name":"m","value":1,"labels":{${JSON.stringify(name)}:"v"}}`
    const { series } = decode(`{"server":"a","metrics":[${names.map(labels).join(',')}]}`)
    expect(series.map((info) => info.labels)).toEqual(names.map((name) => [[name, 'v']]))
    expect(new Set(series.map(({ ref }) => ref)).size).toBe(names.length)
    expect(({} as Record<string, unknown>)['v']).toBeUndefined()
  })

  it.each([
    'null',
    '5',
    '{}',
    '{"server":"a"}',
    '{"server":5,"metrics":[]}',
    '{"server":"","metrics":[]}',
    '{"server":"a","metrics":{}}',
    '[{"server":"a","metrics":[{"name":"m","value":1}]},7]',
    '{"server":"a","metrics":[',
    '\ufeff{"server":"a","metrics":[]}',
    '['.repeat(100_000),
    '['.repeat(100_000) + ']'.repeat(100_000),
  ])('refuses a broken body whole', (body) => {
    const registry = createSeriesRegistry()
    const batch = createSampleBatch(4)
    const decodeBroken = (): DecodeResult =>
      createJsonDecoder(registry).decode(new TextEncoder().encode(body), batch, { nowMs: NOW_MS })
    expect(decodeBroken).toThrow(expect.objectContaining({ constructor: WindrowError, code: 'DECODE_FAILED' }))
    expect([batch.length, registry.size]).toEqual([0, 0])
  })

  it('says what is wrong with broken JSON, and at which byte where the parser tells', () => {
    const decodeText = (body: string) => (): DecodeResult =>
      createJsonDecoder(createSeriesRegistry()).decode(new TextEncoder().encode(body), createSampleBatch(4), {
        nowMs: NOW_MS,
      })
    const metrics = '{"server":"wéb","metrics":[{"name":"m",'
    expect(decodeText(`${metrics}}]}`)).toThrow(
      expect.objectContaining({ details: { offset: new TextEncoder().encode(metrics).length } }),
    )
    expect(decodeText(`${metrics}}]}`)).toThrow(/^the body is not JSON: Expected .+ \(at byte 40\)$/)
    expect(decodeText('{"server":"a","metrics":[7,]}')).toThrow(/^the body is not JSON: Unexpected token ']'$/)
  })

  it('refuses text that is not UTF-8', () => {
    const decoder = createJsonDecoder(createSeriesRegistry())
    const bytes = Uint8Array.from([0x22, 0xff, 0x22])
    expect(() => decoder.decode(bytes, createSampleBatch(), { nowMs: NOW_MS })).toThrow(/UTF-8/)
  })
})
