import { expect, test } from 'vitest'
import { createSampleBatch, type Engine, type WindowResult } from '../../src/index.ts'
import { collect, newest, planOf, T0 } from '../engine/fixtures.ts'
import {
  type Arrival,
  collectTimed,
  expectOracle,
  MINUTE_MS,
  oracleOf,
  play,
  SECOND_MS,
  scenarioEngine,
  shapeOf,
  valueAt,
} from './fixtures.ts'

function sendZones(
  engine: Engine,
  points: readonly (readonly [zone: string | null, second: number, value: number])[],
): void {
  const batch = createSampleBatch(points.length)
  for (const [zone, second, value] of points) {
    const labels: Readonly<Record<string, string>> = zone === null ? {} : { zone }
    batch.push(
      engine.registry.register({ server: 'a', metric: 'm', kind: 'distribution', labels }),
      T0 + second * SECOND_MS,
      value,
    )
  }
  engine.ingest(batch, { source: 'gateway' })
}

test('LIMIT 3 meets a tie', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0)
  const plan = planOf(
    { groupBy: [{ kind: 'label', name: 'zone' }], latenessMs: 30_000 },
    { orderBy: { column: 'max', descending: true }, limit: 3 },
  )
  const rows = collect(engine.addQuery('q', plan))
  const told = (): string[] =>
    rows
      .splice(0)
      .map(
        ({ group, values, retracted }) => `${group['zone']} ${values['max']}${retracted === true ? ' taken back' : ''}`,
      )
  sendZones(engine, [
    [null, 1, 7],
    ['d', 1, 7],
    ['b', 1, 7],
    ['e', 1, 2],
    ['c', 1, 7],
    ['a', 1, 1],
  ])
  engine.advanceTo(T0 + 15 * SECOND_MS)
  expect(told()).toEqual(['b 7', 'c 7', 'd 7'])
  sendZones(engine, [['a', 2, 7]])
  engine.advanceTo(T0 + 20 * SECOND_MS)
  expect(told()).toEqual(['d 7 taken back', 'a 7'])
})

test('EMIT FINAL tells a window once', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const plan = planOf({}, { emit: { at: 'final' } })
  const query = engine.addQuery('q', plan)
  const rows = collectTimed(engine, query)
  const samples: Arrival[] = []
  for (let timeMs = T0; timeMs < T0 + MINUTE_MS; timeMs += SECOND_MS) {
    // Every seventh comes when its window is over.
    const arrivesMs = timeMs + ((timeMs / SECOND_MS) % 7 === 0 ? 9 * SECOND_MS : 0)
    samples.push({ timeMs, value: valueAt(timeMs), arrivesMs })
  }
  play(engine, samples, { fromMs: T0, untilMs: T0 + 2 * MINUTE_MS })
  expectOracle(
    rows.map(({ row }) => row),
    samples,
    plan,
  )
  expect(rows).toHaveLength(oracleOf(samples, plan).length)
  for (const { row, atMs } of rows) expect(atMs - row.endMs).toBeGreaterThanOrEqual(12 * SECOND_MS)
})

test('EMIT EVERY shows a window while it fills', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const plan = planOf({ sizeMs: 20_000 }, { emit: { at: 'every', everyMs: 5_000 } })
  const rows = collectTimed(engine, engine.addQuery('q', plan))
  const samples: Arrival[] = []
  for (let timeMs = T0; timeMs < T0 + 20 * SECOND_MS; timeMs += SECOND_MS)
    samples.push({ timeMs, value: valueAt(timeMs), arrivesMs: timeMs })
  play(engine, samples, { fromMs: T0, untilMs: T0 + MINUTE_MS })
  expect(
    rows.map(({ row, atMs }) => [(atMs - T0) / SECOND_MS, row.count, row.early ?? false, row.revision % 65_536]),
  ).toEqual([
    [5, 5, true, 1],
    [10, 10, true, 2],
    [15, 15, true, 3],
    [20, 20, true, 4],
    [30, 20, false, 5],
  ])
  expectOracle(
    rows.map(({ row }) => row),
    samples,
    plan,
  )
})

test('a query is altered', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const ten = planOf({ sizeMs: 10_000 })
  const fifteen = planOf({ sizeMs: 15_000 })
  const rows = collect(engine.addQuery('q', ten))
  const samples: Arrival[] = []
  for (let timeMs = T0; timeMs < T0 + 2 * MINUTE_MS; timeMs += SECOND_MS)
    samples.push({ timeMs, value: valueAt(timeMs), arrivesMs: timeMs })
  play(engine, samples, {
    fromMs: T0,
    untilMs: T0 + 3 * MINUTE_MS,
    at: (nowMs) => {
      if (nowMs === T0 + 33 * SECOND_MS) expect(engine.alterQuery('q', fifteen).queryVersion).toBe(2)
      // How rows are shown is no other query.
      if (nowMs === T0 + MINUTE_MS)
        expect(engine.alterQuery('q', { ...fifteen, text: 'more', limit: 9 }).queryVersion).toBe(2)
    },
  })
  const versionOf = (version: number): WindowResult[] => newest(rows.filter((row) => row.queryVersion === version))
  // The new version begins with its first whole window, at 45 s; the old one finishes all that start before.
  const ofOld = oracleOf(samples, ten).filter(([startMs]) => startMs < T0 + 45 * SECOND_MS)
  const ofNew = oracleOf(samples, fifteen).filter(([startMs]) => startMs >= T0 + 45 * SECOND_MS)
  expect(shapeOf(versionOf(1), ten)).toEqual(ofOld)
  expect(shapeOf(versionOf(2), fifteen)).toEqual(ofNew)
  expect(rows.some((row) => row.partial)).toBe(false)
  expect(rows).toHaveLength(ofOld.length + ofNew.length)
})
