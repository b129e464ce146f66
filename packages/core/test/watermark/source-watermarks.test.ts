import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSampleBatch, type Engine } from '../../src/index.ts'
import { SourceWatermarks } from '../../src/watermark/source-watermarks.ts'
import { collect, manualEngine, planOf, T0 } from '../engine/fixtures.ts'

const OPTIONS = { disorderMs: 2_000, maxWaitMs: 10_000, idleAfterMs: 10_000, stalledAfterMs: 60_000 }

function at(sources: SourceWatermarks, name: string, eventMs: number, nowMs: number, backlog?: number): void {
  sources.observe(name, eventMs, Float64Array.of(eventMs), 1, nowMs, backlog)
}

describe('the watermark', () => {
  test('never goes back, whatever comes in whatever order', () => {
    const step = fc.record({
      source: fc.constantFrom('a', 'b', 'c'),
      eventMs: fc.integer({ min: -60_000, max: 60_000 }),
      waitMs: fc.nat(20_000),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const sources = new SourceWatermarks(OPTIONS)
        let nowMs = T0
        let last = Number.NEGATIVE_INFINITY
        for (const { source, eventMs, waitMs } of steps) {
          nowMs += waitMs
          at(sources, source, nowMs + eventMs, nowMs)
          const watermarkMs = sources.watermarkMs(nowMs)
          expect(watermarkMs).toBeGreaterThanOrEqual(last)
          expect(watermarkMs).toBeGreaterThanOrEqual(nowMs - OPTIONS.maxWaitMs)
          expect(watermarkMs).toBeLessThanOrEqual(nowMs)
          last = watermarkMs
        }
      }),
    )
  })

  test('goes by the clock alone when every source is idle', () => {
    const sources = new SourceWatermarks(OPTIONS)
    at(sources, 'a', T0, T0)
    expect(sources.watermarkMs(T0)).toBe(T0 - 2_000)
    expect(sources.watermarkMs(T0 + 600_000)).toBe(T0 + 590_000)
    expect(sources.slowest(T0 + 600_000)).toBeUndefined()
  })

  test('is not held by a source that only brings old data', () => {
    const sources = new SourceWatermarks(OPTIONS)
    for (let second = 0; second < 30; second++) {
      const nowMs = T0 + second * 1_000
      at(sources, 'live', nowMs, nowMs)
      at(sources, 'upload', nowMs - 7_200_000, nowMs)
      expect(sources.watermarkMs(nowMs)).toBe(nowMs - 2_000)
    }
    expect(sources.infos('t', T0 + 29_000)).toMatchObject([{ state: 'active' }, { source: 'upload', state: 'idle' }])
  })

  test('waits for a polled source from its registration to its first poll', () => {
    const sources = new SourceWatermarks(OPTIONS)
    sources.watermarkMs(T0)
    expect(sources.open('kafka:3', T0)).toBe(true)
    expect(sources.open('kafka:3', T0)).toBe(false)
    at(sources, 'push', T0 + 5_000, T0 + 5_000)
    expect(sources.watermarkMs(T0 + 5_000)).toBe(T0 - 10_000)
    expect(sources.slowest(T0 + 5_000)).toBe('kafka:3')
    sources.caughtUp('kafka:3', T0 + 5_000)
    expect(sources.watermarkMs(T0 + 5_000)).toBe(T0 + 3_000)
  })

  test('waits for a polled source with a backlog as far as it has read, and gives up on it without progress', () => {
    const sources = new SourceWatermarks(OPTIONS)
    sources.open('kafka:3', T0)
    at(sources, 'kafka:3', T0 - 3_600_000, T0, 1_000)
    expect(sources.watermarkMs(T0)).toBe(T0 - 3_602_000)
    at(sources, 'kafka:3', T0 - 1_800_000, T0 + 30_000, 500)
    expect(sources.watermarkMs(T0 + 30_000)).toBe(T0 - 1_802_000)
    expect(sources.watermarkMs(T0 + 89_999)).toBe(T0 - 1_802_000)
    expect(sources.watermarkMs(T0 + 90_000)).toBe(T0 + 80_000)
    expect(sources.infos('t', T0 + 90_000)).toMatchObject([{ state: 'stalled', backlog: 500 }])
    // It reads on: what it brings is late, and it is waited for again once it is near the present.
    at(sources, 'kafka:3', T0, T0 + 91_000, 100)
    sources.watermarkMs(T0 + 91_000)
    expect(sources.infos('t', T0 + 91_000)[0]!.state).toBe('stalled')
    at(sources, 'kafka:3', T0 + 90_000, T0 + 92_000, 1)
    sources.watermarkMs(T0 + 92_000)
    expect(sources.infos('t', T0 + 92_000)[0]!.state).toBe('active')
  })

  test('an empty polled source that is closed holds nothing', () => {
    const sources = new SourceWatermarks(OPTIONS)
    sources.open('kafka:3', T0)
    sources.close('kafka:3')
    expect(sources.watermarkMs(T0)).toBe(T0 - 10_000)
    expect(sources.kindOf('kafka:3')).toBeUndefined()
  })

  test('follows the disorder of a source once it is known, and forgets it again', () => {
    const sources = new SourceWatermarks(OPTIONS)
    const report = (fromS: number, toS: number, delayMs: number): void => {
      for (let second = fromS; second < toS; second++) {
        const nowMs = T0 + second * 1_000
        // 32 rows, one in ten as late as that.
        const times = Float64Array.from({ length: 32 }, (_, i) => nowMs - (i % 10 === 0 ? delayMs : 50))
        sources.observe('a', nowMs - 50, times, 32, nowMs)
        sources.watermarkMs(nowMs)
      }
    }
    const disorderMs = (second: number) => sources.infos('t', T0 + second * 1_000)[0]!.disorderMs
    report(0, 10, 6_000)
    expect(disorderMs(10)).toBe(2_000)
    report(10, 60, 6_000)
    expect(disorderMs(60)).toBeGreaterThanOrEqual(6_000)
    expect(disorderMs(60)).toBeLessThan(6_400)
    report(60, 460, 300)
    expect(disorderMs(460)).toBeLessThan(500)
    // Resends of an hour ago are no disorder.
    report(460, 520, 3_600_000)
    expect(disorderMs(520)).toBeLessThan(500)
  })

  test('waits for a polled source declared before the clock was set for as long as for any other', () => {
    const sources = new SourceWatermarks(OPTIONS)
    sources.open('kafka:3', Number.NEGATIVE_INFINITY)
    sources.watermarkMs(Number.NEGATIVE_INFINITY)
    const stateAt = (nowMs: number) => {
      sources.watermarkMs(nowMs)
      return sources.infos('t', nowMs)[0]!.state
    }
    expect(stateAt(T0)).toBe('catching-up')
    expect(stateAt(T0 + 59_999)).toBe('catching-up')
    expect(stateAt(T0 + 60_000)).toBe('stalled')
  })

  test('takes a source that talked before the clock was set for one that talked just then', () => {
    const sources = new SourceWatermarks(OPTIONS)
    at(sources, 'talked', T0, Number.NEGATIVE_INFINITY)
    sources.observe('empty', Number.NEGATIVE_INFINITY, new Float64Array(0), 0, Number.NEGATIVE_INFINITY)
    sources.watermarkMs(T0)
    const statesAt = (nowMs: number) => sources.infos('t', nowMs).map(({ state }) => state)
    expect(statesAt(T0)).toEqual(['active', 'idle'])
    expect(sources.infos('t', T0)[0]!.lastBatchMs).toBe(T0)
    expect(statesAt(T0 + 10_000)).toEqual(['idle', 'idle'])
  })

  test('forgets a push source an hour after its last batch, and no polled one', () => {
    const sources = new SourceWatermarks(OPTIONS)
    for (let pod = 0; pod < 100; pod++) at(sources, `pod-${pod}`, T0, T0)
    sources.open('kafka:3', T0)
    at(sources, 'kafka:3', T0, T0, 0)
    // An upload of old data is idle, but it still sends.
    at(sources, 'upload', T0 - 7_200_000, T0 + 1_800_000)
    sources.watermarkMs(T0 + 3_599_999)
    expect(sources.infos('t', T0 + 3_599_999)).toHaveLength(102)
    const watermarkMs = sources.watermarkMs(T0 + 3_600_000)
    expect(sources.infos('t', T0 + 3_600_000).map(({ source }) => source)).toEqual(['kafka:3', 'upload'])
    at(sources, 'pod-7', T0, T0 + 3_600_001)
    expect(sources.watermarkMs(T0 + 3_600_001)).toBeGreaterThanOrEqual(watermarkMs)
  })

  test('is not touched by what a closed polled source still brings, whoever has its name now', () => {
    const sources = new SourceWatermarks(OPTIONS)
    sources.open('kafka:3', T0)
    expect(sources.isOpen('kafka:3')).toBe(true)
    expect(sources.observe('kafka:3', T0, Float64Array.of(T0), 1, T0, 5)).toBe(true)
    sources.close('kafka:3')
    expect(sources.isOpen('kafka:3')).toBe(false)
    expect(sources.observe('kafka:3', T0, Float64Array.of(T0), 1, T0, 0)).toBe(false)
    sources.caughtUp('kafka:3', T0)
    expect(sources.infos('t', T0)).toEqual([])
    expect(sources.observe('kafka:3', T0, Float64Array.of(T0), 1, T0)).toBe(true)
    sources.close('kafka:3')
    expect(sources.observe('kafka:3', T0 + 1, Float64Array.of(T0 + 1), 1, T0, 9)).toBe(false)
    expect(sources.infos('t', T0)).toMatchObject([{ kind: 'push', maxEventMs: T0, backlog: 0 }])
  })
})

function send(
  engine: Engine,
  source: { ingest(batch: ReturnType<typeof createSampleBatch>): unknown },
  timeMs: number,
): void {
  const batch = createSampleBatch(1)
  batch.push(engine.registry.register({ server: 's', metric: 'm', kind: 'distribution' }), timeMs, 1)
  source.ingest(batch)
}

describe('explainLag', () => {
  test('names the source that holds a window, and when the window is out at the latest', async () => {
    await using engine = manualEngine()
    engine.advanceTo(T0)
    const rows = collect(engine.addQuery('q', planOf()))
    const push = (name: string) => ({
      ingest: (batch: ReturnType<typeof createSampleBatch>) => engine.ingest(batch, { source: name }),
    })
    send(engine, push('quick'), T0)
    send(engine, push('slow'), T0)
    engine.advanceTo(T0 + 8_000)
    send(engine, push('quick'), T0 + 8_000)
    engine.advanceTo(T0 + 8_000)
    expect(engine.explainLag('q')).toMatchObject({
      nextEndMs: T0,
      holding: { source: 'slow', state: 'active' },
      latestMs: T0 + 10_000,
      reason: expect.stringContaining('waits for slow, out at'),
    })
    const polled = engine.source('kafka:0', { kind: 'polled' })
    const behind = { ingest: (batch: ReturnType<typeof createSampleBatch>) => polled.ingest(batch, { backlog: 7 }) }
    send(engine, behind, T0 - 20_000)
    engine.advanceTo(T0 + 40_000)
    expect(rows).toHaveLength(0)
    expect(engine.explainLag('q')).toMatchObject({
      holding: { source: 'kafka:0', state: 'catching-up', backlog: 7 },
      latestMs: null,
      reason: expect.stringContaining('catching up (7 records left)'),
    })
    expect(engine.explainLag('q').notWaitedFor.map(({ source }) => source)).toEqual(['quick', 'slow'])
    polled.caughtUp()
    engine.advanceTo(T0 + 40_001)
    expect(rows.map((row) => row.count)).toEqual([2, 1])
    polled.close()
  })

  test('answers also for a window that ends after every date', async () => {
    await using engine = manualEngine()
    engine.advanceTo(8.64e15)
    engine.addQuery('q', planOf({ sizeMs: 604_800_000 }))
    const { nextEndMs, reason } = engine.explainLag('q')
    expect(nextEndMs).toBeGreaterThan(8.64e15)
    expect(reason).toBe(`the window that ends at ${nextEndMs} ms is not over yet`)
  })

  test('a polled source cannot be pushed to, nor declared twice', async () => {
    await using engine = manualEngine()
    engine.source('kafka:0', { kind: 'polled' })
    const conflict = expect.objectContaining({ code: 'SOURCE_KIND_CONFLICT' })
    expect(() => engine.source('kafka:0', { kind: 'polled' })).toThrow(conflict)
    expect(() => engine.ingest(createSampleBatch(1), { source: 'kafka:0' })).toThrow(conflict)
    expect(() => engine.explainLag('nothing')).toThrow(expect.objectContaining({ code: 'QUERY_NOT_FOUND' }))
  })
})
