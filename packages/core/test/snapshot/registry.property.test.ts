import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MetricDeclaration, SeriesDescriptor } from '../../src/index.ts'
import type { AttributeValue } from '../../src/registry/identity.ts'
import { SeriesRegistry } from '../../src/registry/series-registry.ts'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import { SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'
import { bytesOf, failureOf } from './fixture.ts'

const tenants = ['default', 'b', 'c']
const attribute: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('a', 'b', '\ud800', ''),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
  fc.boolean(),
  fc.array(fc.oneof(fc.string({ maxLength: 3 }), fc.integer(), fc.array(fc.boolean(), { maxLength: 2 })), {
    maxLength: 3,
  }),
)
const attributes = fc.uniqueArray(
  fc.tuple(fc.constantFrom('host.name', 'service.name', 'x', 'y', '__proto__'), attribute),
  {
    maxLength: 3,
    selector: ([name]) => name,
  },
)
const descriptor: fc.Arbitrary<SeriesDescriptor> = fc.record(
  {
    tenant: fc.constantFrom(...tenants),
    metric: fc.constantFrom('m', 'n', 'o', '\ud800'),
    kind: fc.constantFrom('gauge', 'counter', 'delta', 'distribution'),
    temporality: fc.constantFrom('unspecified', 'delta', 'cumulative'),
    unit: fc.constantFrom('', 's', 'By'),
    server: fc.constantFrom('w1', 'w2'),
    resource: attributes,
    scope: fc.record({ name: fc.constantFrom('', 'lib'), version: fc.constantFrom('1', '2'), attributes }),
    labels: attributes,
  },
  { requiredKeys: ['metric'] },
)
const declaration: fc.Arbitrary<MetricDeclaration> = fc.record(
  {
    kind: fc.constantFrom('gauge', 'counter', 'delta', 'distribution'),
    unit: fc.constantFrom('', 'ms'),
    first: fc.constantFrom('auto', 'zero', 'baseline'),
  },
  { requiredKeys: [] },
)
type Act = { readonly register: SeriesDescriptor } | { readonly declare: MetricDeclaration; readonly metric: string }
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: descriptor.map((register) => ({ register })) },
  { weight: 1, arbitrary: fc.record({ declare: declaration, metric: fc.constantFrom('m', 'n', 'p') }) },
)

function perform(registry: SeriesRegistry, acts: readonly Act[]): void {
  for (const one of acts)
    if ('register' in one) registry.register(one.register)
    else registry.declare(registry.tenantId('b'), one.metric, one.declare)
}

/** Everything the registry says, by the face that the sample path and the catalog see. */
function faceOf(registry: SeriesRegistry): unknown {
  const { size } = registry
  return {
    series: Array.from({ length: size }, (_, ref) => registry.describe(ref as never)),
    columns: [
      registry.tenantIds,
      registry.metricIds,
      registry.localIndexes,
      registry.kindCodes,
      registry.temporalityCodes,
    ].map((column) => column.slice(0, size)),
    tenants: registry.tenants,
    metrics: registry.metrics.map((metric) => ({ ...metric, series: metric.series.slice(0, metric.seriesCount) })),
    infos: registry.tenants.map((_, id) => registry.metricInfos(id)),
    servers: registry.tenants.map((_, id) => registry.servers(id)),
  }
}

async function restored(registry: SeriesRegistry, after: () => void = () => {}): Promise<SeriesRegistry> {
  const snapshot = new SnapshotWriter({ createdMs: 0 })
  registry.save(snapshot)
  after()
  const copy = new SeriesRegistry()
  await readSnapshot(snapshot.chunks(), copy.loaders())
  return copy
}

test('every series keeps its ref, and what comes next gets the same one', () =>
  fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), fc.array(act, { maxLength: 30 }), async (before, after) => {
      const registry = new SeriesRegistry()
      perform(registry, before)
      const copy = await restored(registry)
      expect(faceOf(copy)).toStrictEqual(faceOf(registry))
      const known: string[] = []
      copy.onKindChange((metric) => known.push(metric.name))
      const expected: string[] = []
      registry.onKindChange((metric) => expected.push(metric.name))
      perform(registry, [...after, ...before])
      perform(copy, [...after, ...before])
      expect(faceOf(copy)).toStrictEqual(faceOf(registry))
      expect(known).toEqual(expected)
    }),
  ))

test('what is registered after the snapshot was taken, and before it is handed out, is not in it', () =>
  fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), fc.array(act, { maxLength: 40 }), async (before, after) => {
      const registry = new SeriesRegistry()
      perform(registry, before)
      const face = structuredClone(faceOf(registry))
      const copy = await restored(registry, () => perform(registry, after))
      expect(structuredClone(faceOf(copy))).toEqual(face)
    }),
  ))

test('many series, over several sections and beyond the limit', async () => {
  const registry = new SeriesRegistry()
  for (let i = 0; i < 10_000; i++)
    registry.register({
      metric: `m${i % 7}`,
      server: `s${i % 5_000}`,
      scope: { name: `lib${i % 4_500}` },
      labels: { i },
    })
  const snapshot = new SnapshotWriter({ createdMs: 0 })
  registry.save(snapshot)
  const copy = new SeriesRegistry(5)
  const { sections } = await readSnapshot(snapshot.chunks(), copy.loaders())
  expect([...sections.values()]).toEqual([1, 2, 2, 3])
  expect([copy.size, copy.describe(9_999 as never).labels]).toEqual([10_000, [['i', '9999']]])
  expect(() => copy.register({ metric: 'another' })).toThrow(expect.objectContaining({ code: 'SERIES_LIMIT' }))
})

test('a registry that is not empty takes nothing', async () => {
  const registry = new SeriesRegistry()
  registry.register({ metric: 'm' })
  const snapshot = new SnapshotWriter({ createdMs: 0 })
  registry.save(snapshot)
  const bytes = bytesOf(snapshot)
  for (const occupy of [
    (other: SeriesRegistry) => other.register({ metric: 'n' }),
    (other: SeriesRegistry) => other.declare(0, 'n', {}),
    (other: SeriesRegistry) => other.tenantId('b'),
  ]) {
    const other = new SeriesRegistry()
    occupy(other)
    await expect(readSnapshot([bytes], other.loaders())).rejects.toThrow(RangeError)
  }
})

test('an attribute with too many lists in lists is refused by both sides', async () => {
  const nested = (depth: number): AttributeValue => (depth === 0 ? [] : [nested(depth - 1)])
  const registry = new SeriesRegistry()
  registry.register({ metric: 'm', labels: { x: nested(999) } })
  expect(faceOf(await restored(registry))).toStrictEqual(faceOf(registry))
  registry.register({ metric: 'm', labels: { x: nested(1_000) } })
  await expect(restored(registry)).rejects.toThrow('lists in lists')
})

test('sections in another order are refused', async () => {
  const registry = new SeriesRegistry()
  registry.register({ metric: 'm' })
  for (const [name, type] of [
    ['first', 0],
    ['second', 1],
  ] as const) {
    const snapshot = new SnapshotWriter({ createdMs: 0 })
    registry.save(snapshot)
    const loaders = Object.entries(new SeriesRegistry().loaders())
    const failure = await failureOf(
      readSnapshot([bytesOf(snapshot)], {
        ...Object.fromEntries(loaders),
        // The section is left out, as if it had never been written.
        [loaders[type]![0]]: (reader: { skip(): void }) => reader.skip(),
      }),
    )
    expect([name, failure?.code]).toEqual([name, 'STATE_CORRUPT'])
  }
})
