import fc from 'fast-check'
import { test } from 'vitest'
import { ExponentialSketch } from '../../src/aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../../src/aggregate/stats-cells.ts'
import { BatchDedup } from '../../src/ingest/batch-dedup.ts'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import { SectionType } from '../../src/snapshot/section-type.ts'
import { SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'
import { Groups } from '../../src/window/groups.ts'
import { Pane } from '../../src/window/pane.ts'
import { failureOf } from './fixture.ts'
import { DEDUP, freshState, GROUPS, PANE, populatedState, SKETCH, STATS } from './leaf-state.ts'

interface Section {
  readonly type: number
  readonly payload: Uint8Array
}

/** The payloads of all sections of a snapshot with every leaf in it. */
async function sectionsOfAll(): Promise<Section[]> {
  const snapshot = new SnapshotWriter({ createdMs: 0 })
  populatedState().save(snapshot)
  const sections: Section[] = []
  const types = [...Object.values(SectionType), DEDUP, GROUPS, PANE, SKETCH, STATS]
  await readSnapshot(
    snapshot.chunks(),
    Object.fromEntries(
      types.map((type) => [
        type,
        (reader: { remaining: number; u8(what: string): number }) =>
          sections.push({ type, payload: Uint8Array.from({ length: reader.remaining }, () => reader.u8('byte')) }),
      ]),
    ),
  )
  return sections
}

const change = fc.record({
  section: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
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

test('a payload that says anything, under right checksums, is taken or refused: no other error', async () => {
  const all = await sectionsOfAll()
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const sections = all.slice()
      for (const { section, at, cut, put } of changes) {
        const index = Math.floor(section * sections.length)
        const { type, payload } = sections[index]!
        const from = Math.floor(at * payload.length)
        sections[index] = {
          type,
          payload: Uint8Array.from([...payload.subarray(0, from), ...put, ...payload.subarray(from + cut)]),
        }
      }
      const snapshot = new SnapshotWriter({ createdMs: 0 })
      for (const { type, payload } of sections)
        snapshot.section(type, (writer) => {
          for (const byte of payload) writer.u8(byte)
        })
      const failure = await failureOf(readSnapshot(snapshot.chunks(), freshState().loaders))
      if (failure !== undefined && failure.code !== 'STATE_CORRUPT') throw new Error(`code is ${failure.code}`)
    }),
    { numRuns: 400 },
  )
})

const readers = {
  sketch: ExponentialSketch.load,
  pane: Pane.load,
  cells: (reader) => new StatsCells(0).load(reader),
  groups: (reader) => new Groups([{ kind: 'label', name: 'a' }]).load(reader),
  batches: (reader) => new BatchDedup(1).load(reader),
} satisfies Record<string, Parameters<typeof readSnapshot>[1][number]>

test.each(Object.keys(readers) as (keyof typeof readers)[])('noise is never a %s in another way', (name) =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), async (noise) => {
      const snapshot = new SnapshotWriter({ createdMs: 0 })
      snapshot.section(1, (writer) => {
        for (const byte of noise) writer.u8(byte)
      })
      const failure = await failureOf(readSnapshot(snapshot.chunks(), { 1: readers[name] }))
      if (failure !== undefined && failure.code !== 'STATE_CORRUPT') throw new Error(`code is ${failure.code}`)
    }),
  ),
)
