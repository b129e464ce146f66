import { expect, test } from 'vitest'
import { collect, newest, planOf, T0 } from '../engine/fixtures.ts'
import {
  type Arrival,
  collectTimed,
  delaysOf,
  expectOracle,
  LEVELS,
  MINUTE_MS,
  play,
  SECOND_MS,
  scenarioEngine,
  valueAt,
} from './fixtures.ts'

function every(seconds: number, server: string, fromMs: number, untilMs: number): Arrival[] {
  const arrivals: Arrival[] = []
  for (let timeMs = fromMs; timeMs < untilMs; timeMs += seconds * SECOND_MS)
    arrivals.push({ server, kind: 'gauge', timeMs, value: valueAt(timeMs, seconds), arrivesMs: timeMs })
  return arrivals
}

test('agents push every 15 s and every 30 s', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const plan = planOf({ sizeMs: 10_000, columns: LEVELS })
  const rows = collectTimed(engine, engine.addQuery('q', plan))
  const diesMs = T0 + 5 * MINUTE_MS
  const samples = [
    ...every(15, 'fifteen', T0 + 4 * SECOND_MS, T0 + 10 * MINUTE_MS),
    ...every(30, 'thirty', T0 + 7 * SECOND_MS, diesMs),
  ]
  play(engine, samples, { fromMs: T0, untilMs: T0 + 12 * MINUTE_MS })
  expectOracle(
    rows.map(({ row }) => row),
    samples,
    plan,
  )
  expect(Math.max(...delaysOf(rows))).toBe(10 * SECOND_MS)
  // Three intervals make a rhythm known; from then on to be silent between two reports is no gap.
  const known = rows.map(({ row }) => row).filter(({ endMs }) => endMs > T0 + 2 * MINUTE_MS)
  const lastMs = diesMs - 23 * SECOND_MS
  for (const { endMs, completeness, seriesExpected, quality } of known) {
    expect(quality).toMatchObject({ intervalLongerThanWindow: true })
    // Missed after two intervals of silence, given up after three.
    const isMissed = endMs > lastMs + 60 * SECOND_MS && endMs < lastMs + 90 * SECOND_MS
    expect([endMs, completeness]).toEqual([endMs, isMissed ? 0.5 : 1])
    expect([endMs, seriesExpected]).toEqual([endMs, endMs < lastMs + 90 * SECOND_MS ? 2 : 1])
  }
})

test('a rollout renames every series', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const renamedMs = T0 + 5 * MINUTE_MS
  const plan = planOf({ sizeMs: 10_000, columns: LEVELS })
  const levels = collect(engine.addQuery('levels', plan))
  const podPlan = planOf({ metric: 'pods', sizeMs: 10_000, columns: LEVELS })
  const podLevels = collect(engine.addQuery('pods', podPlan))
  const increase = planOf(
    { metric: 'requests', sizeMs: 10_000, columns: [{ name: 'sum', aggregate: { fn: 'sum' } }] },
    { reading: 'increase' },
  )
  const growth = collect(engine.addQuery('growth', increase))
  const samples: Arrival[] = []
  const pods: Arrival[] = []
  const totals: Arrival[] = []
  for (let timeMs = T0; timeMs < T0 + 10 * MINUTE_MS; timeMs += 5 * SECOND_MS)
    for (let pod = 0; pod < 20; pod++) {
      const version = timeMs < renamedMs ? 'blue' : 'green'
      const [server, name] = [`host-${pod}`, `${version}-${pod}`]
      const level = { kind: 'gauge', timeMs, value: valueAt(timeMs, pod), arrivesMs: timeMs } as const
      samples.push({ ...level, server, version })
      pods.push({ ...level, metric: 'pods', server: name })
      // The processes go on counting under their new names: 10 in five seconds.
      const value = 1_000_000 + ((timeMs - T0) / SECOND_MS) * 2
      totals.push({ server, version, metric: 'requests', kind: 'counter', timeMs, value, arrivesMs: timeMs })
    }
  play(engine, [...samples, ...pods, ...totals], { fromMs: T0, untilMs: T0 + 12 * MINUTE_MS })
  expectOracle(levels, samples, plan)
  expectOracle(podLevels, pods, podPlan)
  // On the same hosts nobody is missing, whatever the series are called.
  for (const row of newest(levels))
    expect([row.startMs, row.seriesSeen, row.seriesExpected, row.completeness]).toEqual([row.startMs, 20, 20, 1])
  for (const row of newest(podLevels)) {
    const both = row.startMs >= renamedMs && row.endMs < renamedMs - 5 * SECOND_MS + MINUTE_MS
    expect([row.startMs, row.seriesSeen, row.seriesExpected, row.completeness]).toEqual([
      row.startMs,
      20,
      both ? 40 : 20,
      both ? 0.5 : 1,
    ])
  }
  // A new name begins with a base line, be its first total ever so great.
  const sums = new Map(newest(growth).map((row) => [row.startMs, row.values['sum']]))
  for (let startMs = T0; startMs < T0 + 10 * MINUTE_MS; startMs += 10 * SECOND_MS)
    expect([startMs, sums.get(startMs)]).toEqual([startMs, startMs === T0 || startMs === renamedMs ? 200 : 400])
})
