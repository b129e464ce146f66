import { expect, test } from 'vitest'
import type { Expression, WindowResult } from '../../src/index.ts'
import { naiveIncreases } from '../../src/testing/naive-increase.ts'
import { collect, newest, type Point, planOf, send, T0 } from '../engine/fixtures.ts'
import { expectOracle, MINUTE_MS, play, SECOND_MS, scenarioEngine, valueAt } from './fixtures.ts'

function at(second: number, value: number, server = 'a'): Point {
  return { server, timeMs: T0 + second * SECOND_MS, value }
}

test('a sample comes after its window was freed', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const plan = planOf()
  const query = engine.addQuery('q', plan)
  const rows = collect(query)
  const samples: Point[] = []
  const arrivals = Array.from({ length: 120 }, (_, second) => {
    const sample = at(second, valueAt(T0 + second * SECOND_MS))
    samples.push(sample)
    return { ...sample, arrivesMs: sample.timeMs }
  })
  const lateMs = T0 + 90 * SECOND_MS
  play(engine, arrivals, {
    fromMs: T0,
    untilMs: T0 + 3 * MINUTE_MS,
    at: (nowMs) => {
      if (nowMs !== lateMs) return
      const before = { panes: engine.stats().paneCount, rows: rows.length }
      send(engine, [at(2, 1_000_000)])
      engine.advanceTo(nowMs)
      expect({ panes: engine.stats().paneCount, rows: rows.length }).toEqual(before)
    },
  })
  expectOracle(rows, samples, plan)
  expect(rows).toHaveLength(24)
  expect(query.counters).toEqual({
    matched: 121,
    applied: 120,
    lateApplied: 0,
    toRepair: 0,
    toSide: 0,
    lateDropped: 1,
    excluded: 0,
  })
})

test('a counter is reset within the lateness', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const query = engine.addQuery(
    'q',
    planOf({ sizeMs: 10_000, columns: [{ name: 'sum', aggregate: { fn: 'sum' } }] }, { reading: 'increase' }),
  )
  const rows = collect(query)
  const counter = (second: number, value: number): Point => ({ ...at(second, value), kind: 'counter' })
  const old = [counter(1, 100), counter(2, 110), counter(3, 120)]
  const delayed = counter(4, 130)
  const begunAnew = [counter(6, 5), counter(7, 15), counter(8, 25), counter(12, 65), counter(14, 66)]
  // From before the reset, and behind a pair that was made already.
  const straggler = counter(5, 140)
  const inTime = [...old, delayed, ...begunAnew]
  play(
    engine,
    [
      ...[...old, ...begunAnew].map((sample) => ({ ...sample, arrivesMs: sample.timeMs })),
      { ...delayed, arrivesMs: T0 + 6_500 },
      { ...straggler, arrivesMs: T0 + 13_000 },
    ],
    { fromMs: T0, untilMs: T0 + MINUTE_MS, stepMs: 500 },
  )
  const amounts = naiveIncreases(
    inTime.map(({ timeMs, value }) => ({ timeMs, value, startMs: 0 })),
    { policy: 'auto', coversFromMs: T0 - MINUTE_MS },
  )
  const sumOver = (fromMs: number): number =>
    amounts
      .filter(({ timeMs }) => timeMs >= fromMs && timeMs < fromMs + 10_000)
      .reduce((sum, { amount = 0 }) => sum + amount, 0)
  expect(newest(rows).map(({ values }) => values['sum'])).toEqual([sumOver(T0), sumOver(T0 + 10_000)])
  expect(sumOver(T0)).toBe(10 + 10 + 10 + 5 + 10 + 10)
  expect(query.counters).toMatchObject({ matched: 10, lateDropped: 1 })
})

function told(rows: WindowResult[]): string[] {
  return rows.splice(0).map(({ values, revision, retracted }) => {
    const number = revision % 65_536
    return `avg ${values['avg']}, revision ${number}${retracted === true ? ', taken back' : ''}`
  })
}

test('a correction flips HAVING', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0)
  const having: Expression = { op: '>', left: { op: 'column', name: 'avg' }, right: { op: 'number', value: 50 } }
  const rows = collect(engine.addQuery('q', planOf({ latenessMs: 30_000 }, { having })))
  send(engine, [at(1, 60), at(2, 80)])
  engine.advanceTo(T0 + 15 * SECOND_MS)
  expect(told(rows)).toEqual(['avg 70, revision 1'])
  send(engine, [at(3, 10), at(3.5, 10)])
  engine.advanceTo(T0 + 20 * SECOND_MS)
  expect(told(rows)).toEqual(['avg 70, revision 2, taken back'])
  send(engine, [at(4, 10)])
  engine.advanceTo(T0 + 25 * SECOND_MS)
  expect(told(rows)).toEqual([])
  send(engine, [at(4.5, 310)])
  engine.advanceTo(T0 + 30 * SECOND_MS)
  expect(told(rows)).toEqual(['avg 80, revision 3'])
})

test('a late event moves a session', async () => {
  await using engine = scenarioEngine()
  engine.advanceTo(T0 - MINUTE_MS)
  const plan = planOf(
    { latenessMs: 60_000, columns: [{ name: 'count', aggregate: { fn: 'count' } }] },
    { window: { type: 'session', gapMs: 10_000, maxMs: 3_600_000 } },
  )
  const rows = collect(engine.addQuery('q', plan))
  const sessions = (): string[] =>
    rows
      .splice(0)
      .map(
        ({ startMs, endMs, values, retracted }) =>
          `${(startMs - T0) / SECOND_MS} to ${(endMs - T0) / SECOND_MS}: ${values['count']}` +
          `${retracted === true ? ', taken back' : ''}`,
      )
  send(engine, [at(20, 1), at(25, 1), at(40, 1)])
  engine.advanceTo(T0 + MINUTE_MS)
  expect(sessions()).toEqual(['20 to 35: 2', '40 to 50: 1'])
  // It begins earlier.
  send(engine, [at(12, 1)])
  engine.advanceTo(T0 + 70 * SECOND_MS)
  expect(sessions()).toEqual(['20 to 35: 2, taken back', '12 to 35: 3'])
  // Two are one.
  send(engine, [at(32, 1)])
  engine.advanceTo(T0 + 80 * SECOND_MS)
  expect(sessions()).toEqual(['40 to 50: 1, taken back', '12 to 50: 5'])
  engine.advanceTo(T0 + 10 * MINUTE_MS)
  expect(sessions()).toEqual([])
})
