import { describe, expect, test } from 'vitest'
import { createSampleBatch, WindrowError } from '../../src/index.ts'
import { BY_SERVER, collect, manualEngine, P99, planOf, STATS, send, T0 } from './fixtures.ts'

const AVERAGE = STATS.filter(({ name }) => name === 'avg')

describe('a stored query', () => {
  test('gives one row per window with every function', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf({ columns: [...STATS, P99] })))
    send(
      engine,
      [1, 2, 3, 4].map((value, i) => ({ timeMs: T0 + i * 1_000, value })),
    )
    engine.advanceTo(T0 + 20_000)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      tenant: 'default',
      query: 'q',
      queryVersion: 1,
      startMs: T0,
      endMs: T0 + 5_000,
      count: 4,
      values: { count: 4, sum: 10, min: 1, max: 4, avg: 2.5, p99: 4 },
      revision: 65_537,
      partial: false,
      seriesSeen: 1,
      lateApplied: 0,
      source: 'live',
      quality: { columns: { p99: { sketch: 'exact' } } },
    })
  })

  test('puts a sample on a boundary into the later window alone', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    send(engine, [
      { timeMs: T0, value: 1 },
      { timeMs: T0 + 5_000, value: 2 },
    ])
    engine.advanceTo(T0 + 30_000)
    expect(rows.map((row) => [row.startMs - T0, row.count, row.values['sum']])).toEqual([
      [0, 1, 1],
      [5_000, 1, 2],
    ])
  })

  test('is out two seconds after the window when its source keeps talking, ten when it does not', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    send(engine, [{ timeMs: T0, value: 1 }])
    engine.advanceTo(T0 + 6_999)
    send(engine, [{ timeMs: T0 + 6_999, value: 1 }])
    engine.advanceTo(T0 + 6_999)
    expect(rows).toHaveLength(0)
    engine.advanceTo(T0 + 7_000)
    expect(rows).toHaveLength(0)
    send(engine, [{ timeMs: T0 + 7_000, value: 1 }])
    engine.advanceTo(T0 + 7_000)
    expect(rows).toHaveLength(1)
    engine.advanceTo(T0 + 19_999)
    expect(rows).toHaveLength(1)
    engine.advanceTo(T0 + 20_000)
    expect(rows).toHaveLength(2)
  })

  test('groups by server, absent groups give no row', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf({ groupBy: BY_SERVER })))
    send(engine, [
      { server: 'b', timeMs: T0, value: 1 },
      { server: 'a', timeMs: T0, value: 2 },
    ])
    send(engine, [{ server: 'a', timeMs: T0 + 5_000, value: 3 }])
    engine.advanceTo(T0 + 30_000)
    expect(rows.map((row) => [row.group['server'], row.values['sum']])).toEqual([
      ['a', 2],
      ['b', 1],
      ['a', 3],
    ])
  })

  test('says which windows began before the engine listened', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0 + 1_000)
    const rows = collect(engine.addQuery('q', planOf()))
    send(engine, [{ timeMs: T0 + 2_000, value: 1 }])
    send(engine, [{ timeMs: T0 + 6_000, value: 1 }])
    engine.advanceTo(T0 + 30_000)
    expect(rows.map((row) => row.partial)).toEqual([true, false])
  })

  test('counts from its first sample when the clock was never set', async () => {
    await using engine = manualEngine()
    const rows = collect(engine.addQuery('q', planOf()))
    send(engine, [{ timeMs: T0 + 2_000, value: 1 }])
    send(engine, [{ timeMs: T0 + 6_000, value: 1 }])
    engine.advanceTo(T0 + 30_000)
    expect(rows.map((row) => row.partial)).toEqual([true, false])
  })

  test('is refused when its name is taken, its window too small or its step wrong', async () => {
    await using engine = manualEngine()
    engine.addQuery('q', planOf())
    expect(() => engine.addQuery('q', planOf())).toThrow(expect.objectContaining({ code: 'QUERY_EXISTS' }))
    const bad = (options: Parameters<typeof planOf>[0]) => () => engine.addQuery('x', planOf(options))
    expect(bad({ sizeMs: 999 })).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
    expect(bad({ sizeMs: 5_000, stepMs: 6_000 })).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
    expect(bad({ offsetMs: 5_000 })).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
    expect(bad({ columns: [] })).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
    expect(bad({ sizeMs: 86_400_000, stepMs: 1_000 })).toThrow(expect.objectContaining({ code: 'TOO_MANY_PANES' }))
    expect(engine.query('x')).toBeUndefined()
  })

  test('becomes invalid when its metric turns out to be of a kind its functions mean nothing for', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf())
    const rows = collect(query)
    expect(query.state).toBe('running')
    send(engine, [{ kind: 'counter', timeMs: T0, value: 1 }])
    expect(query.state).toBe('invalid')
    expect(query.problem).toContain('m is a counter')
    engine.declareMetric('m', { kind: 'delta', unit: 'By' })
    expect(query.state).toBe('running')
    expect(query.columns.map((column) => column.unit)).toEqual(['1', 'By', 'By', 'By', 'By'])
    send(engine, [{ kind: 'counter', timeMs: T0 + 1, value: 1 }])
    engine.advanceTo(T0 + 30_000)
    expect(rows.map((row) => row.count)).toEqual([1])
    expect(engine.metric('m')).toMatchObject({ kind: 'delta', kindAssumed: false, conflicts: 1 })
  })

  test('refuses the sum of a gauge as soon as somebody says that it is one', async () => {
    await using engine = manualEngine()
    const query = engine.addQuery('q', planOf())
    const batch = createSampleBatch(1)
    batch.push(engine.registry.register({ server: 's', metric: 'm' }), T0, 1)
    expect(query.state).toBe('running')
    engine.registry.register({ server: 's', metric: 'm', kind: 'gauge' })
    expect(query.problem).toContain('column sum')
  })

  test('keeps its version through a change of lateness and gets a new one through a change of columns', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf())
    const rows = collect(query)
    send(engine, [{ timeMs: T0, value: 1 }])
    engine.alterQuery('q', planOf({ latenessMs: 60_000 }))
    expect(query.queryVersion).toBe(1)
    engine.advanceTo(T0 + 15_000)
    engine.alterQuery('q', planOf({ columns: [P99] }))
    expect(query.queryVersion).toBe(2)
    send(engine, [{ timeMs: T0 + 15_000, value: 7 }])
    engine.advanceTo(T0 + 30_000)
    expect(rows.map((row) => [row.queryVersion, row.values])).toEqual([
      [1, { count: 1, sum: 1, min: 1, max: 1, avg: 1 }],
      [2, { p99: 7 }],
    ])
  })

  test('drops its state when paused and begins anew when resumed', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf())
    const rows = collect(query)
    send(engine, [{ timeMs: T0, value: 1 }])
    query.pause()
    expect(query.state).toBe('paused')
    expect(engine.stats().paneCount).toBe(0)
    send(engine, [{ timeMs: T0 + 1_000, value: 1 }])
    query.resume()
    send(engine, [{ timeMs: T0 + 2_000, value: 5 }])
    engine.advanceTo(T0 + 30_000)
    expect(rows.map((row) => [row.values['sum'], row.partial])).toEqual([[5, true]])
  })
})

describe('panes', () => {
  test('of a day window beside a five-second one are a handful', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    engine.addQuery('short', planOf({ columns: [...STATS, P99] }))
    const day = engine.addQuery('day', planOf({ sizeMs: 86_400_000, columns: [...STATS, P99] }))
    const rows = collect(day)
    let most = 0
    for (let s = 0; s < 43_200 + 20; s += 5) {
      // A gap of an hour, which leaves no panes behind either.
      if (s < 7_200 || s >= 10_800) send(engine, [{ timeMs: T0 + s * 1_000, value: s }])
      engine.advanceTo(T0 + s * 1_000)
      most = Math.max(most, engine.stats().paneCount)
    }
    expect(most).toBeLessThanOrEqual(8)
    expect(engine.stats().tenants[0]!.watermarkMs).toBe(T0 + 43_213_000)
    const expected = Array.from({ length: 8_640 }, (_, i) => i * 5).filter((s) => s < 7_200 || s >= 10_800)
    expect(rows[0]!.values).toMatchObject({ count: expected.length, min: 0, max: 43_195 })
    expect(rows[0]!.values['sum']).toBe(expected.reduce((total, s) => total + s, 0))
  })
})

describe('sources', () => {
  test('the slowest source that talks holds the watermark, a silent one only for idleAfter', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    send(engine, [{ timeMs: T0 + 1_000, value: 1 }], 'slow')
    send(engine, [{ timeMs: T0 + 1_000, value: 1 }], 'fast')
    engine.advanceTo(T0 + 8_000)
    send(engine, [{ timeMs: T0 + 8_000, value: 1 }], 'fast')
    engine.advanceTo(T0 + 9_000)
    expect(rows).toHaveLength(0)
    const [tenant] = engine.stats().tenants
    expect(tenant!.sources.map((source) => [source.source, source.watermarkMs - T0])).toEqual([
      ['slow', -1_000],
      ['fast', 6_000],
    ])
    engine.advanceTo(T0 + 10_000)
    expect(engine.stats().tenants[0]!.sources[0]!.state).toBe('idle')
    expect(rows).toHaveLength(1)
  })

  test('a sample far ahead of a real clock neither moves the watermark nor is kept', async () => {
    await using engine = manualEngine({ maxFutureMs: 300_000, futureHoldMs: 10_000 })
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    const result = send(engine, [
      { timeMs: T0 + 60_000, value: 1 },
      { timeMs: T0 + 300_001, value: 1 },
      { timeMs: T0, value: 1 },
    ])
    expect(result).toMatchObject({ accepted: 2, rejected: [{ index: 1, reason: 'future' }] })
    engine.advanceTo(T0 + 1_000)
    expect(rows).toHaveLength(0)
    expect(engine.stats().tenants[0]!.watermarkMs).toBe(T0 - 2_000)
  })

  test('a time in seconds is refused with a word on the unit', async () => {
    await using engine = manualEngine({ retentionMs: 1_000 })
    engine.advanceTo(T0)
    expect(send(engine, [{ timeMs: T0 / 1_000, value: 1 }]).rejected[0]!.detail).toContain('times are in milliseconds')
  })

  test('samples before the retention are refused by name', async () => {
    await using engine = manualEngine({ retentionMs: 1_000 })
    engine.advanceTo(T0)
    expect(
      send(engine, [
        { timeMs: T0 - 1_001, value: 1 },
        { timeMs: T0 - 1_000, value: 1 },
      ]),
    ).toMatchObject({
      accepted: 1,
      rejected: [{ index: 0, reason: 'expired', detail: expect.stringContaining('retention') }],
    })
  })
})

describe('late samples', () => {
  test('revise the window while lateness lasts, at most once in five seconds, and once more before it closes', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf())
    const rows = collect(query)
    send(engine, [{ timeMs: T0, value: 1 }])
    engine.advanceTo(T0 + 15_000)
    send(engine, [{ timeMs: T0 + 1, value: 10 }])
    engine.advanceTo(T0 + 15_100)
    expect(rows).toHaveLength(1)
    send(engine, [{ timeMs: T0 + 2, value: 100 }])
    engine.advanceTo(T0 + 20_000)
    expect(rows.map((row) => [row.revision - 65_536, row.values['sum'], row.lateApplied])).toEqual([
      [1, 1, 0],
      [2, 111, 2],
    ])
    engine.advanceTo(T0 + 24_000)
    send(engine, [{ timeMs: T0 + 3, value: 1_000 }])
    engine.advanceTo(T0 + 25_000)
    expect(rows.at(-1)).toMatchObject({ values: { sum: 1_111 }, lateApplied: 3 })
    expect(send(engine, [{ timeMs: T0 + 4, value: 1 }]).accepted).toBe(1)
    engine.advanceTo(T0 + 60_000)
    expect(rows).toHaveLength(3)
    expect(query.counters).toEqual({
      matched: 5,
      applied: 1,
      lateApplied: 3,
      toRepair: 0,
      toSide: 0,
      lateDropped: 1,
      excluded: 0,
    })
    expect(query.progress()).toMatchObject({ lateDropped: 1, finalThroughMs: T0 + 40_000 })
  })

  test('for a window that was empty make its first row', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    send(engine, [{ timeMs: T0, value: 1 }])
    engine.advanceTo(T0 + 22_000)
    send(engine, [{ timeMs: T0 + 6_000, value: 2 }])
    engine.advanceTo(T0 + 23_000)
    expect(rows.map((row) => [row.startMs - T0, row.lateApplied])).toEqual([
      [0, 0],
      [5_000, 1],
    ])
  })

  test('hours late delay nobody and leave no state behind', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf())
    const rows = collect(query)
    send(engine, [{ timeMs: T0, value: 1 }])
    for (let i = 0; i < 100; i++) send(engine, [{ timeMs: T0 - 7_200_000 + i * 1_000, value: 9 }])
    engine.advanceTo(T0 + 7_000)
    send(engine, [{ timeMs: T0 + 7_000, value: 1 }])
    engine.advanceTo(T0 + 7_000)
    expect(rows.map((row) => [row.startMs, row.count])).toEqual([[T0, 1]])
    expect(query.counters).toMatchObject({ matched: 102, applied: 2, lateDropped: 100 })
    expect(engine.stats().paneCount).toBe(2)
  })
})

describe('repeats', () => {
  test('a batch sent again counts as duplicate, whole', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    expect(send(engine, [{ timeMs: T0, value: 1 }], 'a', 'id-1')).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(send(engine, [{ timeMs: T0, value: 1 }], 'b', 'id-1')).toMatchObject({ accepted: 0, duplicates: 1 })
    engine.advanceTo(T0 + 20_000)
    expect(rows.map((row) => row.count)).toEqual([1])
    expect(engine.stats().tenants[0]!.points).toMatchObject({ received: 2, accepted: 1, duplicate: 1 })
  })

  test('is remembered for the horizon only', async () => {
    await using engine = manualEngine({ dedupHorizonMs: 1_000 })
    engine.advanceTo(T0)
    send(engine, [{ timeMs: T0, value: 1 }], 'a', 'id-1')
    engine.advanceTo(T0 + 1_000)
    expect(send(engine, [{ timeMs: T0, value: 1 }], 'a', 'id-1').accepted).toBe(1)
  })

  test('is remembered for ten minutes and what an engine allows to be late', async () => {
    for (const [latenessMs, horizonMs] of [
      [undefined, 610_000],
      [0, 600_000],
      [3_600_000, 4_200_000],
    ] as const) {
      await using engine = manualEngine({ latenessMs })
      engine.advanceTo(T0)
      const again = () => send(engine, [{ timeMs: T0, value: 1 }], 'a', 'id-1')
      expect(again()).toMatchObject({ accepted: 1 })
      engine.advanceTo(T0 + horizonMs - 1)
      expect(again()).toMatchObject({ accepted: 0, duplicates: 1 })
      engine.advanceTo(T0 + horizonMs)
      expect(again()).toMatchObject({ accepted: 1 })
    }
  })

  test('is remembered for as much longer as a query allows to be late, from its addition or alteration on', async () => {
    const hour = planOf({ latenessMs: 3_600_000 })
    for (const [dedupHorizonMs, horizonMs] of [
      [undefined, 4_200_000],
      [1_000, 3_591_000],
    ] as const)
      for (const how of ['added', 'altered', 'restored'] as const) {
        await using first = manualEngine({ dedupHorizonMs })
        first.advanceTo(T0)
        first.addQuery('q', how === 'altered' ? planOf() : hour)
        if (how === 'altered') first.alterQuery('q', hour)
        const engine = how === 'restored' ? manualEngine({ dedupHorizonMs }) : first
        if (engine !== first) await engine.restore([...first.snapshot()])
        const again = () => send(engine, [{ timeMs: T0, value: 1 }], 'a', 'id-1')
        expect(again()).toMatchObject({ accepted: 1 })
        engine.removeQuery('q')
        engine.advanceTo(T0 + horizonMs - 1)
        expect([how, again()]).toMatchObject([how, { accepted: 0, duplicates: 1 }])
        engine.advanceTo(T0 + horizonMs)
        expect(again()).toMatchObject({ accepted: 1 })
        await engine.close()
      }
  })

  test('the newest sample of a gauge sent again is a duplicate; another value for it a conflict, the first wins', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf({ columns: AVERAGE })))
    const gauge = (timeMs: number, value: number) => send(engine, [{ kind: 'gauge', timeMs, value }])
    expect(gauge(T0, 1).accepted).toBe(1)
    expect(gauge(T0, 1).duplicates).toBe(1)
    expect(gauge(T0, 2).duplicates).toBe(1)
    expect(gauge(T0 + 1, 3).accepted).toBe(1)
    engine.advanceTo(T0 + 20_000)
    expect(rows.map((row) => [row.count, row.values['avg']])).toEqual([[2, 2]])
    expect(engine.stats().tenants[0]!.points).toMatchObject({ duplicate: 2, duplicateConflict: 1 })
  })

  test('two gateways that cut the same samples into other batches count them once', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(
      engine.addQuery('q', planOf({ sizeMs: 60_000, columns: [{ name: 'count', aggregate: { fn: 'count' } }] })),
    )
    const samples = Array.from({ length: 50 }, (_, i) => ({ kind: 'gauge' as const, timeMs: T0 + i * 1_000, value: i }))
    for (let i = 0; i < 50; i += 10) send(engine, samples.slice(i, i + 10), 'gateway-1', `one-${i}`)
    let duplicates = 0
    for (let i = 0; i < 50; i += 7)
      duplicates += send(engine, samples.slice(i, i + 7), 'gateway-2', `two-${i}`).duplicates
    expect(duplicates).toBe(50)
    engine.advanceTo(T0 + 90_000)
    expect(rows.map((row) => row.count)).toEqual([50])
  })

  test("older samples are taken twice with dedup: 'last', and where a series reports four times a second", async () => {
    for (const [dedup, stepMs, count] of [
      ['last', 1_000, 10],
      ['exact', 250, 2_000],
    ] as const) {
      await using engine = manualEngine({ dedup })
      engine.advanceTo(T0)
      const samples = Array.from({ length: count }, (_, i) => ({
        kind: 'gauge' as const,
        timeMs: T0 + i * stepMs,
        value: i,
      }))
      expect(send(engine, samples).accepted).toBe(count)
      expect(send(engine, samples)).toMatchObject({ accepted: count - 1, duplicates: 1 })
    }
  })

  test('events may share a time', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    expect(
      send(engine, [
        { timeMs: T0, value: 1 },
        { timeMs: T0, value: 1 },
      ]).accepted,
    ).toBe(2)
  })
})

describe('odd values', () => {
  test('NaN is taken, kept out of every query and counted', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf({ columns: [...STATS, P99] }))
    const rows = collect(query)
    expect(
      send(engine, [
        { timeMs: T0, value: Number.NaN },
        { timeMs: T0, value: 4 },
      ]).accepted,
    ).toBe(2)
    engine.advanceTo(T0 + 20_000)
    expect(rows[0]!.values).toEqual({ count: 1, sum: 4, min: 4, max: 4, avg: 4, p99: 4 })
    expect(query.counters).toMatchObject({ matched: 2, applied: 1, excluded: 1 })
  })

  test('infinities show in min, max, sum and avg, and not in percentiles', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf({ columns: [...STATS, P99] })))
    send(engine, [
      { timeMs: T0, value: Number.POSITIVE_INFINITY },
      { timeMs: T0, value: 4 },
    ])
    send(engine, [
      { timeMs: T0 + 5_000, value: Number.POSITIVE_INFINITY },
      { timeMs: T0 + 5_000, value: Number.NEGATIVE_INFINITY },
    ])
    engine.advanceTo(T0 + 30_000)
    const inf = Number.POSITIVE_INFINITY
    expect(rows.map((row) => row.values)).toEqual([
      { count: 2, sum: inf, min: 4, max: inf, avg: inf, p99: 4 },
      { count: 2, sum: null, min: -inf, max: inf, avg: null, p99: null },
    ])
    expect(rows[0]!.quality).toMatchObject({ infinite: true })
  })
})

test('a query added while samples lie ahead of the clock does not pass off the windows that held them as whole', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  send(engine, [{ timeMs: T0 + 15_000, value: 1 }])
  const rows = collect(engine.addQuery('q', planOf({ sizeMs: 10_000 })))
  send(engine, [
    { timeMs: T0 + 16_000, value: 1 },
    { timeMs: T0 + 21_000, value: 1 },
  ])
  engine.advanceTo(T0 + 60_000)
  expect(rows.map((row) => [row.count, row.partial])).toEqual([
    [1, true],
    [1, false],
  ])
})

test('series that registered but never reported are not expected', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  const rows = collect(engine.addQuery('q', planOf({ columns: AVERAGE })))
  send(engine, [{ kind: 'gauge', timeMs: T0, value: 1 }])
  for (let i = 0; i < 3_000; i++) engine.registry.register({ metric: 'm', kind: 'gauge', server: `s${i}` })
  engine.advanceTo(T0 + 15_000)
  expect(rows.map((row) => [row.seriesExpected, row.completeness])).toEqual([[1, 1]])
})

describe('a listener', () => {
  test('that ingests into the window it is told of gets the correction', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf())
    const rows = collect(query)
    let once = true
    query.subscribe(() => {
      if (once) send(engine, [{ timeMs: T0 + 1, value: 10 }])
      once = false
    })
    send(engine, [{ timeMs: T0, value: 1 }])
    engine.advanceTo(T0 + 15_000)
    engine.advanceTo(T0 + 20_000)
    expect(rows.map((row) => [row.count, row.lateApplied])).toEqual([
      [1, 0],
      [2, 1],
    ])
  })

  test('that pauses its query gets no further row, and disturbs no other query', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf({ groupBy: BY_SERVER }))
    const other = collect(engine.addQuery('other', planOf({ groupBy: BY_SERVER })))
    const rows = collect(query)
    query.subscribe(() => query.pause())
    send(
      engine,
      ['a', 'b', 'c'].map((server) => ({ server, timeMs: T0, value: 1 })),
    )
    engine.advanceTo(T0 + 15_000)
    expect(rows).toHaveLength(1)
    expect(query.latest()).toEqual([])
    expect(other).toHaveLength(3)
  })
})

describe('a name used again', () => {
  test('goes on with the next version, and hears nothing of a replay of the old one', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    engine.addQuery('q', planOf())
    const replay = engine.replay('file')
    engine.removeQuery('q')
    const query = engine.addQuery('q', planOf({ sizeMs: 60_000 }))
    expect(query.queryVersion).toBe(2)
    const rows = collect(query)
    const batch = createSampleBatch(1)
    batch.push(engine.registry.register({ server: 's', metric: 'm', kind: 'delta' }), T0 - 3_600_000, 1)
    replay.ingest(batch)
    await replay.finish()
    expect(rows).toEqual([])
  })
})

test('to ask after a tenant makes none', async () => {
  await using engine = manualEngine()
  engine.query('q', { tenant: 'a' })
  engine.queries({ tenant: 'b' })
  engine.metric('m', { tenant: 'c' })
  engine.servers({ tenant: 'd' })
  expect(engine.stats().tenants).toEqual([])
})

describe('tenants', () => {
  test('do not see each other, not even by series', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const own = collect(engine.addQuery('q', planOf()))
    const other = collect(engine.addQuery('q', planOf(), { tenant: 'other' }))
    const batch = createSampleBatch(2)
    batch.push(engine.registry.register({ tenant: 'other', server: 's', metric: 'm', kind: 'delta' }), T0, 1)
    expect(engine.ingest(batch, { source: 'x' }).rejected).toMatchObject([{ index: 0, reason: 'foreign-tenant' }])
    expect(engine.ingest(batch, { source: 'x', tenant: 'other' }).accepted).toBe(1)
    engine.advanceTo(T0 + 20_000)
    expect([own.length, other.length]).toEqual([0, 1])
    expect(engine.servers()).toEqual([])
    expect(engine.servers({ tenant: 'other' })).toEqual(['s'])
  })

  test('a source that holds the watermark holds its own tenant alone', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    send(engine, [{ timeMs: T0 - 9_000, value: 1 }], 'behind')
    const batch = createSampleBatch(1)
    batch.push(engine.registry.register({ tenant: 'other', server: 's', metric: 'm' }), T0, 1)
    engine.ingest(batch, { source: 'x', tenant: 'other' })
    engine.advanceTo(T0)
    expect(engine.stats().tenants.map((tenant) => [tenant.tenant, tenant.watermarkMs - T0])).toEqual([
      ['default', -10_000],
      ['other', -2_000],
    ])
  })
})

describe('a reader', () => {
  test('that falls behind keeps the newest revisions and is told what it missed', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf({ sizeMs: 1_000 }))
    const reader = query.results({ buffer: 2 })
    for (let i = 0; i < 5; i++) send(engine, [{ timeMs: T0 + i * 1_000, value: i }])
    engine.advanceTo(T0 + 30_000)
    engine.removeQuery('q')
    const seen = []
    for await (const item of reader) seen.push('skipped' in item ? item : item.values['sum'])
    expect(seen).toEqual([{ skipped: 3 }, 3, 4])
  })

  test("is ended with SUBSCRIBER_OVERFLOW when it asked for onOverflow: 'error'", async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf({ sizeMs: 1_000 }))
    const reader = query.results({ buffer: 1, onOverflow: 'error' })
    for (let i = 0; i < 3; i++) send(engine, [{ timeMs: T0 + i * 1_000, value: i }])
    engine.advanceTo(T0 + 30_000)
    expect(await reader.next()).toMatchObject({ value: { values: { sum: 0 } } })
    await expect(reader.next()).rejects.toThrow(WindrowError)
    expect(await reader.next()).toEqual({ done: true, value: undefined })
  })

  test('leaves with its signal, and with the query', async () => {
    await using engine = manualEngine()
    const query = engine.addQuery('q', planOf())
    const controller = new AbortController()
    const first = query.results({ signal: controller.signal }).next()
    const second = query.results().next()
    controller.abort()
    expect(await first).toEqual({ done: true, value: undefined })
    engine.removeQuery('q')
    expect(await second).toEqual({ done: true, value: undefined })
  })

  test('that throws disturbs nobody', async () => {
    const errors: unknown[] = []
    await using engine = manualEngine({ onError: (error) => errors.push(error) })
    engine.advanceTo(T0)
    const query = engine.addQuery('q', planOf())
    query.subscribe(() => {
      throw new Error('listener')
    })
    const rows = collect(query)
    send(engine, [{ timeMs: T0, value: 1 }])
    engine.advanceTo(T0 + 20_000)
    expect(rows).toHaveLength(1)
    expect(errors).toEqual([expect.objectContaining({ message: 'listener' })])
  })
})

test('a closed engine refuses everything by name', async () => {
  const engine = manualEngine()
  await engine.close()
  await engine.close()
  expect(() => send(engine, [{ timeMs: T0, value: 1 }])).toThrow(expect.objectContaining({ code: 'ENGINE_CLOSED' }))
  expect(() => engine.advanceTo(T0)).toThrow(expect.objectContaining({ code: 'ENGINE_CLOSED' }))
})

test('options at fault are all named', () => {
  expect(() => manualEngine({ maxWaitMs: -1, tickMs: 3 })).toThrow(/maxWaitMs[\s\S]*tickMs|tickMs[\s\S]*maxWaitMs/)
})
