import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSampleBatch, type Engine, type WindowResult } from '../../src/index.ts'
import { BY_SERVER, collect, manualEngine, newest, P99, planOf, STATS, send, T0 } from '../engine/fixtures.ts'

const file = new URL('fixtures/engine-1.snapshot', import.meta.url)

const PLANS = {
  tumbling: planOf({ columns: [...STATS, P99], groupBy: BY_SERVER }),
  sliding: planOf({ sizeMs: 60_000, stepMs: 5_000 }),
  sessions: planOf({ groupBy: BY_SERVER }, { window: { type: 'session', gapMs: 4_000, maxMs: 86_400_000 } }),
  day: planOf(
    {},
    { window: { type: 'calendar', unit: 'day', size: 1, step: 1, offsetMs: 0, timeZone: 'Europe/Berlin' } },
  ),
  shown: planOf(
    { groupBy: BY_SERVER },
    { fill: { with: 'previous', within: { windows: 3 } }, limit: 2, orderBy: { column: 'max', descending: true } },
  ),
  rate: planOf({ metric: 'requests', sizeMs: 10_000 }, { reading: 'rate' }),
}

function play(engine: Engine, fromS: number, toS: number): void {
  for (let second = fromS; second < toS; second++) {
    const points = ['a', 'b', 'c'].flatMap((server, i) => [
      { server, timeMs: T0 + (second - (second % 5 === i ? 7 : 0)) * 1_000, value: (second * 37 + i) % 101 },
      { server, metric: 'requests', kind: 'counter' as const, timeMs: T0 + second * 1_000, value: (second % 40) * 10 },
    ])
    send(engine, second % 20 < 13 ? points : points.slice(0, 2), 'gateway', `b${second}`)
    engine.advanceTo(T0 + second * 1_000)
  }
}

/** An engine that holds some of everything a snapshot keeps. */
function engineAt(second: number): Engine {
  const engine = manualEngine({ latenessMs: 15_000 })
  engine.advanceTo(T0)
  engine.declareMetric('requests', { kind: 'counter', unit: '1', first: 'zero' })
  for (const [name, plan] of Object.entries(PLANS)) engine.addQuery(name, plan)
  const partition = engine.source('partition-0', { kind: 'polled' })
  const batch = createSampleBatch()
  batch.push(engine.registry.register({ server: 'd', metric: 'm', kind: 'distribution' }), T0 + 500, 3)
  partition.ingest(batch, { backlog: 0, offset: '41' })
  play(engine, 1, second - 20)
  engine.alterQuery('tumbling', planOf({ sizeMs: 10_000, columns: [...STATS, P99], groupBy: BY_SERVER }))
  play(engine, second - 20, second)
  return engine
}

function held(rows: readonly WindowResult[]): unknown[] {
  return newest(rows)
    .filter(({ retracted }) => retracted !== true)
    .map(({ query, queryVersion, group, startMs, endMs, values, count }) => [
      query,
      queryVersion,
      group,
      startMs,
      endMs,
      values,
      count,
    ])
}

test('an engine writes format 1 byte for byte', () => {
  const bytes = Buffer.concat([...engineAt(90).snapshot()])
  // A changed payload takes a new section type: see `SectionType`.
  expect(bytes.equals(readFileSync(file))).toBe(true)
})

test('an engine restored from a file of format 1 goes on as the one that wrote it', async () => {
  const restored = manualEngine({ latenessMs: 15_000 })
  await restored.restore([readFileSync(file)], { gapUntilMs: Number.NEGATIVE_INFINITY })
  expect(restored.source('partition-0', { kind: 'polled' }).offset).toBe('41')
  const whole = engineAt(90)
  const pairs = Object.keys(PLANS).map((name) => [collect(restored.query(name)!), collect(whole.query(name)!)] as const)
  for (const engine of [restored, whole]) play(engine, 90, 200)
  for (const [ours, theirs] of pairs) expect(held(ours)).toEqual(held(theirs))
  expect(pairs.every(([ours]) => ours.length > 0 || ours === pairs[3]![0])).toBe(true)
})
