import { describe, expect, test } from 'vitest'
import type { BucketState } from '../../src/aggregate/distribution-state.ts'
import { decodeDistribution, encodeDistribution } from '../../src/aggregate/state-codec.ts'
import { createSampleBatch, type MetricKind, type SampleBatch, SampleFlag, type Temporality } from '../../src/index.ts'
import { Screen, type TimeBounds } from '../../src/ingest/screen.ts'
import { SeriesProgress } from '../../src/registry/series-progress.ts'
import { SeriesRegistry } from '../../src/registry/series-registry.ts'
import { collect, manualEngine, planOf, T0 } from '../engine/fixtures.ts'

const ANY_TIME: TimeBounds = {
  oldestMs: Number.NEGATIVE_INFINITY,
  newestMs: Number.MAX_VALUE,
  progressMs: Number.MAX_VALUE,
}

interface Row {
  readonly timeMs: number
  readonly value?: number
  readonly startMs?: number
  readonly weight?: number
  readonly flags?: number
  readonly state?: Uint8Array
}

/** A screen before one series. */
function gate(kind: MetricKind, temporality: Temporality = 'unspecified') {
  const registry = new SeriesRegistry(10)
  const progress = new SeriesProgress()
  const screen = new Screen(registry, progress, 0, 600_000)
  const ref = registry.register({ server: 's', metric: 'm', kind, temporality })
  const batchOf = (rows: readonly Row[]): SampleBatch => {
    const batch = createSampleBatch(4)
    for (const { timeMs, value = 1, startMs, weight, flags, state } of rows) {
      const row = batch.push(ref, timeMs, value)
      if (startMs !== undefined) batch.setStartTime(row, startMs)
      if (weight !== undefined) batch.setWeight(row, weight)
      if (flags !== undefined) batch.setFlags(row, flags)
      if (state !== undefined) batch.setState(row, state)
    }
    return batch
  }
  const send = (...rows: Row[]) => screen.screen(batchOf(rows), registry.tenantId('default'), ANY_TIME)
  return { ref, progress, send }
}

function histogram(events: number, cumulative: boolean): Uint8Array {
  const state: BucketState = {
    type: 'buckets',
    bounds: [1],
    counts: [events, 0],
    count: events,
    sum: events / 2,
    min: Number.NaN,
    max: Number.NaN,
    cumulative,
  }
  return encodeDistribution(state)
}

describe('a state', () => {
  const corrupt = Uint8Array.of(1, 2, 3)

  test.each(['delta', 'cumulative'] as const)('that is corrupt costs its own row alone (%s)', (temporality) => {
    const { send } = gate('distribution', temporality)
    const good = histogram(4, temporality === 'cumulative')
    const screened = send({ timeMs: 1_000, state: good }, { timeMs: 2_000, state: corrupt }, { timeMs: 3_000 })
    expect(screened).toMatchObject({ accepted: 2, duplicates: 0, maxEventMs: 3_000 })
    expect(screened.rejected).toEqual([
      { index: 1, reason: 'invalid', detail: expect.stringContaining('not an encoded state') },
    ])
    const { batch } = screened
    expect([...batch.timestampsMs.subarray(0, 2)]).toEqual([1_000, 3_000])
    expect([batch.length, batch.states!.count, batch.states!.rows[0]]).toEqual([2, 1, 0])
  })

  test('that is corrupt leaves nothing behind: the right one at the same time is taken', () => {
    const { send, progress, ref } = gate('distribution', 'cumulative')
    send({ timeMs: 1_000, state: histogram(1, true) })
    expect(send({ timeMs: 9_000, state: corrupt })).toMatchObject({ accepted: 0, maxEventMs: Number.NEGATIVE_INFINITY })
    expect(progress.lastMs[ref]).toBe(1_000)
    const { batch, accepted } = send({ timeMs: 2_000, state: histogram(4, true) })
    expect(accepted).toBe(1)
    expect(decodeDistribution(batch.states!.bytes, 0, batch.states!.offsets[1]!)).toMatchObject({ count: 3, sum: 1.5 })
  })

  test('of a gap is checked and left out', () => {
    const { send } = gate('distribution', 'cumulative')
    send({ timeMs: 1_000, state: histogram(1, true) })
    const gap = send({ timeMs: 2_000, flags: SampleFlag.noRecordedValue, state: histogram(0, true) })
    expect([gap.accepted, gap.batch.columns & 8]).toEqual([1, 0])
    const { batch } = send({ timeMs: 3_000, state: histogram(3, true) })
    expect(decodeDistribution(batch.states!.bytes, 0, batch.states!.offsets[1]!)).toMatchObject({ count: 2 })
  })

  test('that is corrupt does not make ingest throw, and the rows around it are counted', () => {
    const engine = manualEngine({ disorderMs: 0, maxWaitMs: 0 })
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    const ref = engine.registry.register({ server: 's', metric: 'm', kind: 'distribution', temporality: 'delta' })
    const batch = createSampleBatch(4)
    for (const value of [1, 2, 3]) batch.push(ref, T0 + value, value)
    batch.setState(1, corrupt)
    expect(engine.ingest(batch, { source: 's' })).toMatchObject({ accepted: 2, rejected: [{ index: 1 }] })
    engine.advanceTo(T0 + 5_000)
    expect(rows).toMatchObject([{ count: 2, values: { sum: 4 } }])
  })
})

describe('a time', () => {
  test.each([Number.NEGATIVE_INFINITY, -1e300, -8.64e15 - 1, 8.64e15 + 2, 1e300, Infinity, Number.NaN])(
    'beyond every date is bad, also where none is too old or too new: %d',
    (timeMs) => {
      const { send } = gate('gauge')
      expect(send({ timeMs })).toMatchObject({ accepted: 0, rejected: [{ index: 0, reason: 'bad-time' }] })
    },
  )

  test('at the ends of the range of dates is a time', () => {
    const { send } = gate('gauge')
    expect(send({ timeMs: -8.64e15 }, { timeMs: 8.64e15 })).toMatchObject({ accepted: 2, rejected: [] })
  })
})

test.each([Number.NaN, Infinity, -1])('a row of weight %d is refused alone', (weight) => {
  const { send } = gate('gauge')
  const screened = send({ timeMs: 1_000, weight }, { timeMs: 2_000, weight: 0 }, { timeMs: 3_000, weight: 2.5 })
  expect(screened.rejected).toEqual([{ index: 0, reason: 'invalid', detail: `the weight is ${weight}` }])
  expect([...screened.batch.weights!.subarray(0, screened.batch.length)]).toEqual([0, 2.5])
})

describe('a sample sent again', () => {
  test.each(['gauge', 'counter'] as const)('is a duplicate whatever its start says (%s)', (kind) => {
    const { send } = gate(kind)
    expect(send({ timeMs: 1_000, startMs: 5 }).accepted).toBe(1)
    expect(send({ timeMs: 1_000, startMs: 9 })).toMatchObject({ accepted: 0, duplicates: 1, conflicts: 0 })
    expect(send({ timeMs: 1_000 })).toMatchObject({ accepted: 0, duplicates: 1 })
  })

  test('is another amount when it began at another time, and a duplicate once that was sent before', () => {
    const { send } = gate('delta', 'delta')
    const starts = [1_000, 1_500, 1_500, 1_500]
    expect(starts.map((startMs) => send({ timeMs: 2_000, startMs }).accepted)).toEqual([1, 1, 0, 0])
  })

  test('without starts is held against no start of an earlier batch', () => {
    const { send } = gate('delta', 'delta')
    send({ timeMs: 1_000, startMs: 500 })
    expect(send({ timeMs: 2_000 }).accepted).toBe(1)
    expect(send({ timeMs: 2_000 })).toMatchObject({ accepted: 0, duplicates: 1 })
    expect(send({ timeMs: 2_000, startMs: 500 }).accepted).toBe(1)
  })
})

describe('an older amount', () => {
  const T = 1_700_000_000_000
  const amounts = (...rows: (readonly [seconds: number, startSeconds: number])[]): Row[] =>
    rows.map(([seconds, start]) => ({ timeMs: T + seconds * 1_000, startMs: T + start * 1_000 }))

  test('of equal end and another start is no repeat, wherever it comes', () => {
    const { send } = gate('delta', 'delta')
    expect(send(...amounts([10, 0], [20, 10], [10, 5]))).toMatchObject({ accepted: 3, duplicates: 0 })
    expect(send(...amounts([10, 5], [10, 0], [20, 10], [20, 15], [20, 10]))).toMatchObject({
      accepted: 1,
      duplicates: 4,
    })
  })

  test('without a start is none of those that have one', () => {
    const { send } = gate('delta', 'delta')
    send(...amounts([10, 0], [20, 10]))
    expect(send({ timeMs: T + 10_000 })).toMatchObject({ accepted: 1 })
    expect(send({ timeMs: T + 10_000 }, ...amounts([10, 0]))).toMatchObject({ accepted: 0, duplicates: 2 })
  })
})

describe('a screen beside another', () => {
  test.each([600_000, undefined])('takes what that one took for repeats, and teaches it nothing (%s)', (horizonMs) => {
    const registry = new SeriesRegistry(10)
    const live = new Screen(registry, new SeriesProgress(), 0, horizonMs)
    const beside = new Screen(registry, new SeriesProgress(), 0, horizonMs, live)
    const refs = (['gauge', 'delta', 'distribution'] as const).map((kind) =>
      registry.register({ server: 's', metric: kind, kind }),
    )
    const tenant = registry.tenantId('default')
    const batchOf = (...seconds: readonly number[]): SampleBatch => {
      const batch = createSampleBatch(16)
      for (const second of seconds)
        for (const ref of refs) batch.setStartTime(batch.push(ref, second * 1_000, 1), (second - 1) * 1_000)
      return batch
    }
    live.screen(batchOf(10, 20, 30), tenant, ANY_TIME)
    // Of events nothing is a repeat; of the others the newest, or all, and neither 15 nor 40.
    const repeats = horizonMs === undefined ? 2 : 6
    expect(beside.screen(batchOf(10, 15, 20, 30, 40), tenant, ANY_TIME)).toMatchObject({
      accepted: 15 - repeats,
      duplicates: repeats,
    })
    expect(live.screen(batchOf(15, 40), tenant, ANY_TIME)).toMatchObject({ accepted: 6, duplicates: 0 })
  })
})

describe('a gap', () => {
  const gap = { value: Number.NaN, flags: SampleFlag.noRecordedValue }

  test('is taken, but a real value at its time is no duplicate', () => {
    const { send, progress, ref } = gate('gauge')
    send({ timeMs: 1_000, value: 7 })
    expect(send({ timeMs: 2_000, ...gap })).toMatchObject({ accepted: 1, maxEventMs: 2_000 })
    expect([progress.lastMs[ref], progress.lastValue[ref]]).toEqual([1_000, 7])
    expect(send({ timeMs: 2_000, value: 8 })).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(send({ timeMs: 2_000, value: 8 })).toMatchObject({ accepted: 0, duplicates: 1, conflicts: 0 })
    expect(send({ timeMs: 1_000, value: 7 })).toMatchObject({ accepted: 0, duplicates: 1 })
  })

  test('ends the expectation of its series at once; the next sample, not an earlier one, revives it', () => {
    const engine = manualEngine({ disorderMs: 0, maxWaitMs: 0 })
    engine.advanceTo(T0)
    const columns = [{ name: 'max', aggregate: { fn: 'max' } }] as const
    const rows = collect(engine.addQuery('q', planOf({ columns })))
    const [gone, stays] = ['gone', 'stays'].map((server) =>
      engine.registry.register({ server, metric: 'm', kind: 'gauge' }),
    )
    const window = (...sent: (readonly [typeof gone, number, boolean])[]) => {
      const batch = createSampleBatch(4)
      for (const [ref, timeMs, isGap] of sent) {
        const row = batch.push(ref!, timeMs, 1)
        if (isGap) batch.setFlags(row, SampleFlag.noRecordedValue)
      }
      engine.ingest(batch, { source: 's' })
      engine.advanceTo(engine.nowMs() + 5_000)
      const { seriesExpected, completeness } = rows.at(-1)!
      return { seriesExpected, completeness }
    }
    expect(window([gone, T0, false], [stays, T0, false])).toEqual({ seriesExpected: 2, completeness: 1 })
    expect(window([stays, T0 + 5_000, false])).toEqual({ seriesExpected: 2, completeness: 0.5 })
    const ended = window([gone, T0 + 12_000, true], [stays, T0 + 10_000, false], [gone, T0 + 11_000, false])
    expect(ended).toEqual({ seriesExpected: 1, completeness: 1 })
    expect(window([stays, T0 + 15_000, false])).toEqual({ seriesExpected: 1, completeness: 1 })
    expect(window([stays, T0 + 20_000, false], [gone, T0 + 21_000, false])).toMatchObject({ seriesExpected: 2 })
    expect(window([stays, T0 + 25_000, false])).toEqual({ seriesExpected: 2, completeness: 0.5 })
  })
})
