import { expect, test } from 'vitest'
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
