import { expect, test } from 'vitest'
import type { Engine } from '../../src/index.ts'
import { collect, manualEngine, planOf, send, T0 } from './fixtures.ts'

test('a silent server lowers completeness until it is no longer expected', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(
    engine.addQuery('q', planOf({ sizeMs: 10_000, columns: [{ name: 'count', aggregate: { fn: 'count' } }] })),
  )
  for (let second = 0; second < 120; second++) {
    const servers = second < 20 ? ['a', 'b'] : ['a']
    send(
      engine,
      servers.map((server) => ({ server, kind: 'gauge', timeMs: T0 + second * 1_000, value: 1 })),
    )
    engine.advanceTo(T0 + second * 1_000)
  }
  expect(rows.map((row) => [row.seriesSeen, row.seriesExpected, row.completeness])).toEqual([
    [2, 2, 1],
    [2, 2, 1],
    ...Array(5).fill([1, 2, 0.5]),
    ...Array(4).fill([1, 1, 1]),
  ])
})

test('a series that reports less often than the window is long is no gap, and the row says so', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ columns: [{ name: 'count', aggregate: { fn: 'count' } }] })))
  for (let second = 0; second < 120; second++) {
    if (second % 15 === 0) send(engine, [{ server: 'slow', kind: 'gauge', timeMs: T0 + second * 1_000, value: 1 }])
    send(engine, [{ server: 'quick', kind: 'gauge', timeMs: T0 + second * 1_000, value: 1 }])
    engine.advanceTo(T0 + second * 1_000)
  }
  const later = rows.filter((row) => row.startMs >= T0 + 60_000)
  expect(later.some((row) => row.seriesSeen === 1)).toBe(true)
  expect(later.every((row) => row.completeness === 1 && row.quality?.intervalLongerThanWindow === true)).toBe(true)
})

test('events are never expected', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf()))
  send(engine, [{ kind: 'distribution', timeMs: T0, value: 1 }])
  engine.advanceTo(T0 + 30_000)
  expect(rows.map((row) => [row.seriesSeen, row.seriesExpected, row.completeness])).toEqual([[1, 0, 1]])
})

const COUNT = [{ name: 'count', aggregate: { fn: 'count' } }] as const

/** One sample of a version of a service on a server. */
function report(engine: Engine, server: string, version: string, timeMs: number, value = 1): void {
  send(engine, [{ server, version, kind: 'gauge', timeMs, value }])
}

test('a rollout on the same hosts is no gap: what only the resource tells apart counts as one', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ sizeMs: 10_000, columns: COUNT })))
  for (let second = 0; second < 150; second++) {
    for (const server of ['a', 'b']) report(engine, server, second < 65 ? '1' : '2', T0 + second * 1_000)
    engine.advanceTo(T0 + second * 1_000 + 200)
  }
  expect(rows.length).toBeGreaterThan(10)
  expect(new Set(rows.map((row) => `${row.seriesSeen} ${row.seriesExpected} ${row.completeness}`))).toEqual(
    new Set(['2 2 1']),
  )
})

test('a host that does not come back from a rollout is missed', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ sizeMs: 10_000, columns: COUNT })))
  for (let second = 0; second < 60; second++) {
    report(engine, 'a', second < 30 ? '1' : '2', T0 + second * 1_000)
    if (second < 30) report(engine, 'b', '1', T0 + second * 1_000)
    engine.advanceTo(T0 + second * 1_000 + 200)
  }
  expect(rows.map((row) => [row.seriesSeen, row.seriesExpected, row.completeness])).toEqual([
    [2, 2, 1],
    [2, 2, 1],
    [2, 2, 1],
    [1, 2, 0.5],
    [1, 2, 0.5],
  ])
})

test('a new version goes on at the pace of the one before until its own is known', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ sizeMs: 10_000, columns: COUNT })))
  for (let second = 0; second < 240; second++) {
    report(engine, 'quick', '1', T0 + second * 1_000)
    if (second % 15 === 0) report(engine, 'slow', second < 120 ? '1' : '2', T0 + second * 1_000)
    engine.advanceTo(T0 + second * 1_000 + 200)
  }
  const later = rows.filter((row) => row.startMs >= T0 + 60_000)
  expect(later.length).toBeGreaterThan(15)
  for (const row of later)
    expect([row.startMs, row.completeness, row.quality?.intervalLongerThanWindow]).toEqual([row.startMs, 1, true])
})

test('two versions on one host are one in a group, and one in each group that tells them apart', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const all = collect(engine.addQuery('all', planOf({ sizeMs: 10_000, columns: COUNT })))
  const groupBy = [{ kind: 'label', name: 'service.version' }] as const
  const each = collect(engine.addQuery('each', planOf({ sizeMs: 10_000, columns: COUNT, groupBy })))
  for (let second = 0; second < 10; second++)
    for (const version of ['1', '2']) report(engine, 'a', version, T0 + second * 1_000, second)
  engine.advanceTo(T0 + 30_000)
  expect(all.map((row) => [row.count, row.seriesSeen, row.seriesExpected])).toEqual([[20, 1, 1]])
  expect(each.map((row) => [row.count, row.seriesSeen, row.seriesExpected])).toEqual([
    [10, 1, 1],
    [10, 1, 1],
  ])
})

test('after a restore a new version is still known to be of the same host', async () => {
  const chunks: Uint8Array[] = []
  {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    engine.addQuery('q', planOf({ sizeMs: 10_000, columns: COUNT }))
    for (let second = 0; second < 15; second++) {
      report(engine, 'a', '1', T0 + second * 1_000)
      engine.advanceTo(T0 + second * 1_000)
    }
    for (const chunk of engine.snapshot()) chunks.push(chunk)
  }
  await using engine = manualEngine()
  await engine.restore(chunks, { gapUntilMs: Number.NEGATIVE_INFINITY })
  const rows = collect(engine.query('q')!)
  for (let second = 15; second < 60; second++) {
    report(engine, 'a', '2', T0 + second * 1_000)
    engine.advanceTo(T0 + second * 1_000)
  }
  expect(rows.map((row) => [row.count, row.seriesSeen, row.seriesExpected, row.completeness])).toEqual(
    Array(4).fill([10, 1, 1, 1]),
  )
})

test('a session counts what it saw as windows do', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const window = { type: 'session', gapMs: 5_000, maxMs: 86_400_000 } as const
  const rows = collect(engine.addQuery('q', planOf({ columns: COUNT }, { window })))
  for (const version of ['1', '2']) report(engine, 'a', version, T0 + 1_000)
  report(engine, 'b', '1', T0 + 1_000)
  engine.advanceTo(T0 + 30_000)
  expect(rows.map((row) => [row.count, row.seriesSeen])).toEqual([[3, 2]])
})
