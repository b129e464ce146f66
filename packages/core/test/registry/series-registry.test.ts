import { expect, test } from 'vitest'
import { createSeriesRegistry, type SeriesDescriptor } from '../../src/index.ts'

test('every part of the identity tells series apart, the order of attributes does not', () => {
  const registry = createSeriesRegistry()
  const base: SeriesDescriptor = {
    metric: 'm',
    kind: 'gauge',
    temporality: 'unspecified',
    unit: 's',
    resource: { 'host.name': 'h', a: '1' },
    scope: { name: 'lib', version: '1' },
    labels: { x: '1', y: '2' },
  }
  const others: SeriesDescriptor[] = [
    { ...base, tenant: 'other' },
    { ...base, metric: 'n' },
    { ...base, kind: 'delta' },
    { ...base, temporality: 'delta' },
    { ...base, unit: 'ms' },
    { ...base, resource: { 'host.name': 'h', a: '2' } },
    { ...base, scope: { name: 'lib', version: '2' } },
    { ...base, scope: { name: 'lib', version: '1', attributes: { z: 1 } } },
    { ...base, labels: { x: '1' } },
    { ...base, labels: { x: '12', y: '' } },
    { ...base, labels: { x: 1, y: '2' } },
    { ...base, labels: { x: true, y: '2' } },
  ]
  const refs = [base, ...others].map((descriptor) => registry.register(descriptor))
  expect(refs).toEqual([...refs.keys()])
  expect(
    registry.register({
      ...base,
      labels: [
        ['y', '2'],
        ['x', '1'],
      ],
    }),
  ).toBe(refs[0])
  expect(registry.register(others[3]!)).toBe(refs[4])
})

test('server is short for host.name, and found in what the sender said', () => {
  const registry = createSeriesRegistry()
  const serverOf = (descriptor: Partial<SeriesDescriptor>) =>
    registry.describe(registry.register({ metric: 'm', ...descriptor })).server
  expect(registry.register({ metric: 'm', server: 'w' })).toBe(
    registry.register({ metric: 'm', resource: { 'host.name': 'w' } }),
  )
  expect(serverOf({ resource: { 'service.name': 'shop' } })).toBe('shop')
  expect(serverOf({ resource: { 'service.name': 'shop', 'service.instance.id': 'i-1' } })).toBe('i-1')
  expect(serverOf({ resource: { 'host.name': '', 'host.id': 'h1' } })).toBe('h1')
  expect(serverOf({})).toBe('unknown')
})

test('labels are point attributes and promoted resource attributes, as text, the point winning', () => {
  const registry = createSeriesRegistry()
  const info = registry.describe(
    registry.register({
      metric: 'm',
      resource: { 'service.name': 'shop', 'cloud.region': 'eu', secret: 'no' },
      labels: { 'service.name': 'point', n: 5, b: false, list: ['a', 1n] },
    }),
  )
  expect(info.labels).toEqual([
    ['b', 'false'],
    ['cloud.region', 'eu'],
    ['list', '["a","1"]'],
    ['n', '5'],
    ['service.name', 'point'],
  ])
})

test('odd keys and names are kept apart and come back as they were', () => {
  const registry = createSeriesRegistry()
  const keys = ['__proto__', 'constructor', 'toString', 'length', '', '\u0000', 'then', '\ud800', 'é', 'e\u0301']
  const refs = keys.map((key) => registry.register({ metric: 'm', labels: [[key, '1']] }))
  expect(new Set(refs).size).toBe(keys.length)
  expect(refs.map((ref) => registry.describe(ref).labels[0]![0])).toEqual(keys)
  expect(({} as Record<string, unknown>)['1']).toBeUndefined()
})

test('a metric takes the first kind its senders say; a declaration wins and conflicts are counted', () => {
  const registry = createSeriesRegistry()
  registry.register({ metric: 'm' })
  expect(registry.metricInfo(0, 'm')).toMatchObject({ kind: 'gauge', kindAssumed: true, conflicts: 0 })
  registry.register({ metric: 'm', kind: 'delta', unit: 'By' })
  registry.register({ metric: 'm', kind: 'counter' })
  expect(registry.metricInfo(0, 'm')).toMatchObject({ kind: 'delta', kindAssumed: false, unit: 'By', conflicts: 1 })
  registry.declare(0, 'm', { kind: 'counter', unit: 'kBy' })
  expect(registry.metricInfo(0, 'm')).toMatchObject({ kind: 'counter', unit: 'kBy', conflicts: 1, seriesCount: 3 })
  expect(registry.metricInfos(0).map((info) => info.metric)).toEqual(['m'])
  expect(registry.metricInfo(0, 'nothing')).toBeUndefined()
})

test('a ref of another registry and a metric without a name are mistakes', () => {
  const registry = createSeriesRegistry()
  expect(() => registry.describe(0 as never)).toThrow(RangeError)
  expect(() => registry.register({ metric: '' })).toThrow(RangeError)
})

test('columns grow with many series', () => {
  const registry = createSeriesRegistry()
  for (let i = 0; i < 3_000; i++) registry.register({ metric: `m${i % 3}`, server: `s${i}`, kind: 'delta' })
  expect(registry.size).toBe(3_000)
  expect(registry.describe(2_999 as never)).toMatchObject({ metric: 'm2', server: 's2999', kind: 'delta' })
  expect(registry.servers(0).size).toBe(3_000)
})

test('a full registry refuses what is new and knows what it knew', () => {
  const registry = createSeriesRegistry({ maxSeries: 2 })
  const known = registry.register({ metric: 'm', server: 'a' })
  registry.register({ metric: 'm', server: 'b' })
  expect(() => registry.register({ metric: 'm', server: 'c' })).toThrow(
    expect.objectContaining({ code: 'SERIES_LIMIT' }),
  )
  expect(registry.register({ metric: 'm', server: 'a' })).toBe(known)
  expect(registry.size).toBe(2)
})
