import { describe, expect, test } from 'vitest'
import type { DistributionState } from '../../src/aggregate/distribution-state.ts'
import { createSessions, inShort, P50, planOf, STATS } from './session-fixture.ts'

/** GAP 10 ms, MAX 1 s, LATENESS 100 ms unless a test says otherwise. */

const buckets: DistributionState = {
  type: 'buckets',
  count: 5,
  sum: 40,
  min: Number.NaN,
  max: Number.NaN,
  cumulative: false,
  bounds: [1, 4, 16],
  counts: [0, 3, 2, 0],
}

describe('where sessions begin and end', () => {
  test('one goes on while samples are less than the gap apart', () => {
    const sessions = createSessions()
    for (const timeMs of [100, 109, 118]) sessions.add('a', timeMs, timeMs)
    expect(sessions.advance(127)).toEqual([])
    const [row] = sessions.advance(128)
    expect(row).toEqual({
      tenant: 'default',
      query: 'q',
      queryVersion: 1,
      group: { server: 'a' },
      startMs: 100,
      endMs: 128,
      values: { count: 3, sum: 327, min: 100, max: 118, avg: 109 },
      count: 3,
      seriesSeen: 1,
      seriesExpected: null,
      completeness: null,
      revision: 65_537,
      partial: false,
      lateApplied: 0,
      source: 'live',
    })
  })

  test('a sample exactly the gap after the last one begins a new one', () => {
    const sessions = createSessions()
    for (const timeMs of [100, 110, 120]) sessions.add('a', timeMs, 1)
    expect(sessions.advance(130).map(inShort)).toEqual([
      'a [100, 110) x1 r1',
      'a [110, 120) x1 r1',
      'a [120, 130) x1 r1',
    ])
  })

  test('no session goes over a multiple of MAX', () => {
    const sessions = createSessions({ maxMs: 50 })
    for (const timeMs of [-4, -1, 0, 44, 46, 52]) sessions.add('a', timeMs, 1)
    expect(sessions.advance(500).map(inShort)).toEqual([
      'a [-4, 0) x2 r1',
      'a [0, 10) x1 r1',
      'a [44, 50) x2 r1',
      'a [52, 62) x1 r1',
    ])
  })

  test('groups have sessions of their own, emitted by end, then group', () => {
    const sessions = createSessions()
    sessions.add('b', 100, 1)
    sessions.add('a', 100, 1)
    sessions.add('c', 95, 1)
    sessions.add('b', 104, 1, 'other series')
    const rows = sessions.advance(200)
    expect(rows.map(inShort)).toEqual(['c [95, 105) x1 r1', 'a [100, 110) x1 r1', 'b [100, 114) x2 r1'])
    expect(rows.map(({ seriesSeen }) => seriesSeen)).toEqual([1, 1, 2])
  })
})

describe('what late samples do', () => {
  test('one that makes a session longer opens it again, and it is due anew', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    sessions.advance(112)
    sessions.add('a', 108, 2)
    expect(sessions.advance(117)).toEqual([])
    sessions.add('a', 115, 3)
    expect(sessions.advance(124)).toEqual([])
    const [row] = sessions.advance(125)
    expect(inShort(row!)).toBe('a [100, 125) x3 r2')
    // The last one came for an open session.
    expect([row!.lateApplied, sessions.query.lateApplied, sessions.query.onTime]).toEqual([1, 1, 2])
  })

  test('one before the start takes back the old row with the new one', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    sessions.advance(115)
    sessions.add('a', 92, 2)
    expect(sessions.advance(116).map(inShort)).toEqual(['a [100, 110) x1 r2 retracted', 'a [92, 110) x2 r1'])
  })

  test('one in between makes two sessions one', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    sessions.add('a', 115, 2)
    sessions.advance(130)
    sessions.add('a', 108, 3)
    const rows = sessions.advance(131)
    expect(rows.map(inShort)).toEqual(['a [115, 125) x1 r2 retracted', 'a [100, 125) x3 r2'])
    expect(rows[1]!.values).toEqual({ count: 3, sum: 6, min: 1, max: 3, avg: 2 })
    expect(sessions.store.items).toBe(1)
  })

  test('the old row stays while the session that took it in is open', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    sessions.advance(112)
    sessions.add('a', 117, 2)
    sessions.add('a', 95, 3)
    sessions.add('a', 108, 4)
    expect(sessions.advance(126)).toEqual([])
    expect(sessions.advance(127).map(inShort)).toEqual(['a [100, 110) x1 r2 retracted', 'a [95, 127) x4 r1'])
  })

  test('corrections of one session are paced, and the last one is not lost', () => {
    const sessions = createSessions({ latenessMs: 50_000 })
    sessions.add('a', 100, 1)
    sessions.advance(200, 1_000)
    sessions.add('a', 101, 1)
    expect(sessions.advance(200, 1_999)).toEqual([])
    expect(sessions.advance(200, 2_000).map(inShort)).toEqual(['a [100, 111) x2 r2'])
    sessions.add('a', 102, 1)
    // It can change no more from here on.
    expect(sessions.advance(50_122, 2_001).map(inShort)).toEqual(['a [100, 112) x3 r3'])
    expect(sessions.store.items).toBe(0)
  })

  test('the pace is the gap, between one second and five', () => {
    expect([10, 3_000, 60_000].map((gapMs) => createSessions({ gapMs, maxMs: gapMs }).query.reviseEveryMs)).toEqual([
      1_000, 3_000, 5_000,
    ])
  })

  test('a session that comes late as a whole goes out at once', () => {
    const sessions = createSessions()
    sessions.advance(150)
    sessions.add('a', 100, 1)
    const [row] = sessions.advance(150)
    expect([inShort(row!), row!.lateApplied]).toEqual(['a [100, 110) x1 r1', 1])
  })

  test('too late is what would be over behind the lateness when alone, whatever it would touch', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    sessions.advance(209)
    sessions.add('a', 99, 2)
    sessions.add('a', 100, 3)
    expect([sessions.query.lateDropped, sessions.query.lateApplied]).toEqual([1, 1])
    sessions.advance(211)
    // 101 is behind the lateness though the session may still be changed by 109.
    sessions.add('a', 101, 4)
    sessions.add('a', 109, 5)
    expect([sessions.query.lateDropped, sessions.query.lateApplied]).toEqual([2, 2])
    expect(sessions.advance(212).map(inShort)).toEqual(['a [100, 119) x3 r3'])
  })

  test('the cell ends what is taken, too', () => {
    const sessions = createSessions({ maxMs: 50 })
    sessions.advance(150)
    sessions.add('a', 49, 1)
    expect(sessions.query.lateDropped).toBe(1)
    sessions.add('a', 50, 1)
    expect(sessions.query.lateApplied).toBe(1)
  })

  test('what is too late is dropped, shown aside or mended by the policy', () => {
    for (const [late, counts] of [
      ['drop', [1, 0, 0]],
      ['side', [0, 1, 0]],
      ['repair', [0, 0, 1]],
    ] as const) {
      const sessions = createSessions({ late })
      sessions.advance(1_000)
      sessions.add('a', 100, 7)
      const { query } = sessions
      expect([query.lateDropped, query.toSide, query.toRepair]).toEqual(counts)
      const sample = { query, policy: late, seriesRef: 0, timeMs: 100, value: 7 }
      expect(sessions.late).toEqual(late === 'drop' ? [] : [sample])
      expect([sessions.store.matched, sessions.store.items]).toEqual([1, 0])
    }
  })

  test('what was over before the query came is not mended', () => {
    const sessions = createSessions({ late: 'repair' })
    sessions.query.beginAt(500)
    sessions.query.sinceMs = 500
    sessions.add('a', 490, 1)
    expect([sessions.query.toRepair, sessions.query.lateDropped]).toEqual([0, 1])
  })
})

describe('which rows are shown', () => {
  const having = { op: '>=', left: { op: 'column', name: 'sum' }, right: { op: 'number', value: 10 } } as const

  test('HAVING hides, takes back and brings back', () => {
    const sessions = createSessions({ having })
    sessions.add('a', 100, 9)
    expect(sessions.advance(115)).toEqual([])
    sessions.add('a', 101, 3)
    expect(sessions.advance(116).map(inShort)).toEqual(['a [100, 111) x2 r1'])
    sessions.add('a', 102, -3)
    expect(sessions.advance(117).map(inShort)).toEqual(['a [100, 111) x2 r2 retracted'])
    sessions.add('a', 103, -3)
    expect(sessions.advance(118)).toEqual([])
    sessions.add('a', 104, 9)
    expect(sessions.advance(119).map(inShort)).toEqual(['a [100, 114) x5 r3'])
  })

  test('an old row goes even when the new one is hidden', () => {
    const sessions = createSessions({ having })
    sessions.add('a', 100, 10)
    sessions.advance(115)
    sessions.add('a', 95, -1)
    expect(sessions.advance(116).map(inShort)).toEqual(['a [100, 110) x1 r2 retracted'])
  })

  test('a row that is taken back already is not taken back again when the start moves', () => {
    const sessions = createSessions({ having })
    sessions.add('a', 100, 10)
    sessions.advance(115)
    sessions.add('a', 101, -9)
    expect(sessions.advance(116).map(inShort)).toEqual(['a [100, 110) x1 r2 retracted'])
    sessions.add('a', 95, 20)
    expect(sessions.advance(117).map(inShort)).toEqual(['a [95, 111) x3 r1'])
  })

  test('rows of too few samples have no values', () => {
    const sessions = createSessions({ minSamples: 2 })
    sessions.add('a', 100, 10)
    const [thin] = sessions.advance(115)
    expect(thin!.values).toEqual({ count: null, sum: null, min: null, max: null, avg: null })
    expect(thin!.count).toBe(1)
    sessions.add('a', 101, 10)
    expect(sessions.advance(116)[0]!.values).toMatchObject({ count: 2, avg: 10 })
  })

  test('what looks the same is not shown again', () => {
    const sessions = createSessions({ having, minSamples: 3 })
    sessions.add('a', 100, 10)
    sessions.advance(115)
    sessions.add('a', 101, 10)
    sessions.advance(116)
    expect(sessions.rows).toEqual([])
  })

  test('a session that another version owns is not shown', () => {
    const sessions = createSessions()
    sessions.query.ownsFromMs = 100
    sessions.query.ownsUntilMs = 200
    for (const timeMs of [99, 150, 200]) sessions.add('a', timeMs, 1)
    expect(sessions.advance(215).map(inShort)).toEqual(['a [150, 160) x1 r1'])
    // What came before its time takes it away.
    for (const timeMs of [108, 117, 126, 135, 144]) sessions.add('a', timeMs, 1)
    expect(sessions.advance(216).map(inShort)).toEqual(['a [150, 160) x1 r2 retracted'])
    expect(sessions.query.isDone).toBe(false)
    sessions.advance(308)
    expect(sessions.query.isDone).toBe(false)
    sessions.advance(310)
    expect(sessions.query.isDone).toBe(true)
  })

  test('a session may lack samples when it starts less than a gap after what is seen', () => {
    const sessions = createSessions({ maxMs: 50 })
    sessions.query.coversFromMs = 105
    for (const timeMs of [105, 120]) sessions.add('a', timeMs, 1)
    sessions.add('b', 114, 1)
    sessions.add('c', 115, 1)
    expect(sessions.query.firstWholeStartMs).toBe(115)
    expect(sessions.advance(200).map(inShort)).toEqual([
      'a [105, 115) x1 r1 partial',
      'b [114, 124) x1 r1 partial',
      'c [115, 125) x1 r1',
      'a [120, 130) x1 r1',
    ])
  })

  test('but not when what is seen begins where sessions are cut', () => {
    const sessions = createSessions({ maxMs: 50 })
    sessions.query.coversFromMs = 145
    sessions.add('a', 145, 1)
    sessions.add('a', 150, 1)
    expect(sessions.advance(200).map(inShort)).toEqual(['a [145, 150) x1 r1 partial', 'a [150, 160) x1 r1'])
  })

  test('a later life of the engine goes on with greater revisions', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    sessions.advance(115)
    sessions.generation = 2
    sessions.add('a', 95, 1)
    expect(sessions.advance(116).map(({ revision }) => revision)).toEqual([2 * 65_536 + 1, 2 * 65_536 + 1])
  })
})

describe('when rows go out', () => {
  test('EMIT EVERY shows open sessions in each period in which they changed', () => {
    const sessions = createSessions({ gapMs: 1_000, maxMs: 86_400_000, emit: { at: 'every', everyMs: 5_000 } })
    sessions.add('a', 1_000, 1)
    expect(sessions.advance(0, 5_000).map(inShort)).toEqual(['a [1000, 2000) x1 r1 early'])
    sessions.add('a', 1_100, 1)
    expect(sessions.advance(0, 9_999)).toEqual([])
    expect(sessions.advance(0, 10_000).map(inShort)).toEqual(['a [1000, 2100) x2 r2 early'])
    expect(sessions.advance(0, 15_000)).toEqual([])
    // Over: the row is said again, as one that is whole.
    expect(sessions.advance(2_100, 15_001).map(inShort)).toEqual(['a [1000, 2100) x2 r3'])
    // Only samples after that are late.
    expect(sessions.query.lateApplied).toBe(0)
  })

  test('early rows take back what they outgrow', () => {
    const sessions = createSessions({ gapMs: 1_000, maxMs: 86_400_000, emit: { at: 'every', everyMs: 5_000 } })
    sessions.add('a', 1_000, 1)
    sessions.add('a', 2_500, 1)
    sessions.advance(2_000, 5_000)
    sessions.add('a', 1_750, 1)
    expect(sessions.advance(2_000, 10_000).map(inShort)).toEqual([
      'a [2500, 3500) x1 r2 retracted early',
      'a [1000, 3500) x3 r2 early',
    ])
  })

  test('runs over history have no early rows', () => {
    const sessions = createSessions({ source: 'replay', emit: { at: 'every', everyMs: 5_000 } })
    sessions.add('a', 100, 1)
    expect(sessions.advance(105, 60_000)).toEqual([])
    expect(sessions.advance(110, 120_000).map(inShort)).toEqual(['a [100, 110) x1 r1'])
  })

  test('EMIT FINAL shows a session once, when nothing can change it', () => {
    const sessions = createSessions({ emit: { at: 'final' } })
    sessions.add('a', 100, 1)
    expect(sessions.advance(212)).toEqual([])
    // Its own session would end behind the lateness, so it is taken, and goes on with the one that was over.
    sessions.add('a', 109, 1)
    expect(sessions.advance(228)).toEqual([])
    expect(sessions.advance(229).map(inShort)).toEqual(['a [100, 119) x2 r1'])
    expect([sessions.query.onTime, sessions.query.lateApplied, sessions.store.items]).toEqual([2, 0, 0])
    sessions.add('a', 110, 1)
    expect(sessions.query.lateDropped).toBe(1)
  })

  test('a changed way of emission holds for sessions that are there', () => {
    const sessions = createSessions({ emit: { at: 'final' } })
    sessions.add('a', 100, 1)
    sessions.advance(150)
    sessions.query.alter(planOf({}), 100, 'drop')
    expect(sessions.advance(150).map(inShort)).toEqual(['a [100, 110) x1 r1'])
    sessions.add('a', 160, 1)
    sessions.query.alter(planOf({ emit: { at: 'final' } }), 0, 'drop')
    expect(sessions.advance(179)).toEqual([])
    expect(sessions.store.items).toBe(1)
    expect(sessions.advance(180).map(inShort)).toEqual(['a [160, 170) x1 r1'])
    expect(sessions.store.items).toBe(0)
  })

  test('a session that was shown early is not told before it is final once EMIT FINAL holds', () => {
    const sessions = createSessions({ emit: { at: 'every', everyMs: 5_000 } })
    sessions.add('a', 100, 1)
    expect(sessions.advance(100).map(inShort)).toEqual(['a [100, 110) x1 r1 early'])
    sessions.add('a', 105, 1)
    sessions.query.alter(planOf({ emit: { at: 'final' } }), 100, 'drop')
    expect(sessions.advance(150)).toEqual([])
    sessions.add('a', 112, 1)
    expect(sessions.advance(231)).toEqual([])
    expect(sessions.advance(232).map(inShort)).toEqual(['a [100, 122) x3 r2'])
  })

  test('a correction of a session that was told waits for its last one once EMIT FINAL holds', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    expect(sessions.advance(110).map(inShort)).toEqual(['a [100, 110) x1 r1'])
    sessions.query.alter(planOf({ emit: { at: 'final' } }), 100, 'drop')
    sessions.add('a', 99, 1)
    expect(sessions.advance(219)).toEqual([])
    expect(sessions.advance(220).map(inShort)).toEqual(['a [100, 110) x1 r2 retracted', 'a [99, 110) x2 r1'])
  })

  test('a reader may send samples while it reads', () => {
    const sessions = createSessions()
    sessions.add('a', 100, 1)
    sessions.add('b', 101, 1)
    sessions.onRow = (row) => {
      if (row.group['server'] !== 'a' || row.revision % 65_536 > 1) return
      // One makes a session of another group longer that is about to go out, one opens this one again.
      sessions.add('b', 92, 1)
      sessions.add('a', 108, 1)
    }
    expect(sessions.advance(115).map(inShort)).toEqual(['a [100, 110) x1 r1', 'b [92, 111) x2 r1'])
    expect(sessions.advance(118).map(inShort)).toEqual(['a [100, 118) x2 r2'])
    expect(sessions.query.lateApplied).toBe(2)
  })

  test('what a reader opens again or makes part of another session does not go out as it was', () => {
    const sessions = createSessions()
    sessions.add('a', 95, 1)
    sessions.add('b', 101, 1)
    for (const timeMs of [98, 112]) sessions.add('c', timeMs, 1)
    sessions.onRow = (row) => {
      if (row.group['server'] !== 'a') return
      sessions.add('b', 118, 1)
      sessions.add('b', 110, 1)
      sessions.add('c', 105, 1)
    }
    expect(sessions.advance(125).map(inShort)).toEqual(['a [95, 105) x1 r1', 'c [98, 122) x3 r1'])
    sessions.onRow = () => {}
    expect(sessions.advance(127)).toEqual([])
    expect(sessions.advance(128).map(inShort)).toEqual(['b [101, 128) x3 r1'])
  })

  test('at the drained watermark every session is due', () => {
    for (const emit of [{ at: 'end' }, { at: 'final' }] as const) {
      const sessions = createSessions({ emit })
      sessions.add('a', 100, 1)
      sessions.add('b', 990, 1)
      const { drainedMs } = sessions.store
      expect(sessions.advance(drainedMs - 1)).toHaveLength(1)
      expect(sessions.advance(drainedMs)).toHaveLength(1)
    }
  })
})

describe('what samples say', () => {
  test('weights, distributions and what is no value', () => {
    const sessions = createSessions({ columns: [...STATS, P50] })
    sessions.addWeighted('a', 100, 2, 3)
    sessions.addState('a', 101, buckets)
    sessions.add('a', 102, Number.NaN)
    sessions.add('a', 103, Number.POSITIVE_INFINITY)
    sessions.addWeighted('a', 104, 1, 0)
    sessions.addState('a', 105, { ...buckets, count: 0, counts: [0, 0, 0, 0] })
    sessions.store.exclude()
    const [row] = sessions.advance(200)
    expect(inShort(row!)).toBe('a [100, 113) x9 r1')
    expect(row!.values).toMatchObject({ sum: Number.POSITIVE_INFINITY, min: 1 })
    expect(row!.quality).toMatchObject({
      infinite: true,
      columns: { min: { sketch: 'buckets' }, p50: { sketch: 'buckets' } },
    })
    expect([sessions.store.matched, sessions.store.excluded, sessions.query.onTime]).toEqual([7, 4, 3])
  })

  test('sessions that become one have all their values', () => {
    const sessions = createSessions({ columns: [P50] })
    for (const [timeMs, value] of [
      [100, 1],
      [101, 2],
      [115, 5],
      [116, 6],
      [108, 4],
    ] as const)
      sessions.add('a', timeMs, value, `${value}`)
    const [row] = sessions.advance(126)
    expect([row!.values['p50'], row!.seriesSeen, row!.quality]).toEqual([
      4,
      5,
      { columns: { p50: { sketch: 'exact' } } },
    ])
  })

  test('nothing stays of sessions that can change no more', () => {
    const sessions = createSessions({ columns: [...STATS, P50] })
    const servers = ['a', 'b', 'c', 'd']
    // Series stay.
    for (const server of servers) sessions.add(server, 0, 1)
    sessions.advance(500)
    const emptyBytes = sessions.store.bytes
    for (let timeMs = 1_000; timeMs < 3_000; timeMs += 7)
      for (const server of servers) sessions.add(server, timeMs + (timeMs % 3) * 5, timeMs)
    expect(sessions.store.bytes).toBeGreaterThan(emptyBytes + 1_000)
    sessions.advance(2_990)
    const { items, bytes } = sessions.store
    expect(items).toBeGreaterThan(0)
    expect(bytes).toBeGreaterThan(emptyBytes)
    sessions.advance(3_200)
    expect([sessions.store.items, sessions.store.bytes]).toEqual([0, emptyBytes])
    expect(sessions.store.drainedMs).toBe(Number.NEGATIVE_INFINITY)
  })

  test('sessions that became one cost what one does', () => {
    const sessions = createSessions({ maxMs: 1_000_000, latenessMs: 1_000_000 })
    let most = 0
    for (let from = 0; from < 900_000; from += 1_000) {
      // Fifty sessions that forty-nine late samples join.
      for (let timeMs = from; timeMs < from + 1_000; timeMs += 20) sessions.add('a', timeMs, 1)
      for (let timeMs = from + 9; timeMs < from + 1_000; timeMs += 20) sessions.add('a', timeMs, 1)
      for (let timeMs = from + 15; timeMs < from + 1_000; timeMs += 20) sessions.add('a', timeMs, 1)
      sessions.advance(0)
      most = Math.max(most, sessions.store.bytes)
    }
    expect(sessions.store.items).toBe(1)
    expect(most).toBeLessThan(100_000)
  })
})
