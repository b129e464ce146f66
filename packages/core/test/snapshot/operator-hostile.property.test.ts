import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeriesProgress } from '../../src/registry/series-progress.ts'
import { createSeriesRegistry } from '../../src/registry/series-registry.ts'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import { BY_SERVER, P99, planOf, STATS, T0 } from '../engine/fixtures.ts'
import { failureOf, randomOf, sectionBytes, TYPE, throughSection } from './fixture.ts'
import { batchOf, type Planned, TimeLine, type World } from './operator-fixture.ts'

const COLUMNS = [...STATS, P99]

const PLANNED: readonly Planned[] = [
  planOf(
    { columns: COLUMNS, groupBy: BY_SERVER, sizeMs: 4_000 },
    { fill: { with: 'previous', within: { windows: 3 } } },
  ),
  planOf({ columns: COLUMNS, sizeMs: 40_000, stepMs: 1_000 }, { emit: { at: 'every', everyMs: 2_000 }, limit: 1 }),
  planOf({ metric: 'c', groupBy: BY_SERVER }, { reading: 'increase' }),
  planOf({ columns: COLUMNS, groupBy: BY_SERVER }, { window: { type: 'session', gapMs: 2_000, maxMs: 60_000 } }),
].map((plan) => ({ plan, latenessMs: 10_000, addedAt: 0, forSteps: 1_000, alteredAt: 1_000, altered: plan }))

function runFor(seconds: number): { readonly world: World; readonly line: TimeLine } {
  const registry = createSeriesRegistry()
  const world: World = { registry, progress: new SeriesProgress(), random: randomOf(1), totals: new Map() }
  const line = new TimeLine(registry, world.progress, PLANNED)
  const { operator, queries } = line
  for (const query of queries) operator.addQuery(query, T0)
  for (let step = 0; step < seconds; step++) {
    const nowMs = T0 + step * 1_000
    const batch = batchOf(world, nowMs, step)
    const times = batch.timestampsMs.subarray(0, batch.length)
    operator.apply(batch, Math.min(...times, Number.POSITIVE_INFINITY), Math.max(...times, Number.NEGATIVE_INFINITY))
    operator.advance(nowMs - 3_000, nowMs)
  }
  return { world, line }
}

async function payloadOf({ operator, queries }: TimeLine): Promise<Uint8Array> {
  let payload: Uint8Array = new Uint8Array(0)
  await throughSection(
    (writer) => operator.save(writer, queries),
    (reader) => {
      payload = Uint8Array.from({ length: reader.remaining }, () => reader.u8('byte'))
    },
  )
  return payload
}

const change = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  cut: fc.constantFrom(0, 0, 1, 4, 100),
  put: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
      new Uint8Array(8).fill(0xff),
    ),
  ),
})

test('a state that says anything, under right checksums, is taken or refused: no other error', async () => {
  const { world, line } = runFor(25)
  const payload = await payloadOf(line)
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let changed = payload
      for (const { at, cut, put } of changes) {
        const from = Math.floor(at * changed.length)
        changed = Buffer.concat([changed.subarray(0, from), put, changed.subarray(from + cut)])
      }
      const bytes = sectionBytes((writer) => {
        for (const byte of changed) writer.u8(byte)
      })
      const fresh = new TimeLine(world.registry, world.progress, PLANNED)
      const failure = await failureOf(
        readSnapshot([bytes], { [TYPE]: (reader) => fresh.operator.load(reader, fresh.queries) }),
      )
      if (failure === undefined) return
      expect(failure.code).toBe('STATE_CORRUPT')
      refused++
    }),
    { numRuns: 300 },
  )
  expect(refused).toBeGreaterThan(100)
}, 60_000)

test('queries that are not those of the snapshot are refused', async () => {
  const { world, line } = runFor(10)
  const bytes = sectionBytes((writer) => line.operator.save(writer, line.queries))
  const swapped = [PLANNED[1]!, PLANNED[0]!, ...PLANNED.slice(2)]
  for (const planned of [swapped, PLANNED.slice(1), []]) {
    const other = new TimeLine(world.registry, world.progress, planned)
    const failure = await failureOf(
      readSnapshot([bytes], { [TYPE]: (reader) => other.operator.load(reader, other.queries) }),
    )
    expect(failure?.code).toBe('STATE_CORRUPT')
  }
})

test('series that the registry does not have are refused', async () => {
  const { line } = runFor(10)
  const bytes = sectionBytes((writer) => line.operator.save(writer, line.queries))
  const other = new TimeLine(createSeriesRegistry(), new SeriesProgress(), PLANNED)
  const failure = await failureOf(
    readSnapshot([bytes], { [TYPE]: (reader) => other.operator.load(reader, other.queries) }),
  )
  expect(failure?.code).toBe('STATE_CORRUPT')
})
