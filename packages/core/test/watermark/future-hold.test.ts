import { expect, test } from 'vitest'
import { createSampleBatch } from '../../src/ingest/sample-batch.ts'
import { Screen } from '../../src/ingest/screen.ts'
import { SeriesProgress } from '../../src/registry/series-progress.ts'
import { SeriesRegistry } from '../../src/registry/series-registry.ts'
import { ClockSuspect } from '../../src/watermark/clock-suspect.ts'
import { SourceWatermarks } from '../../src/watermark/source-watermarks.ts'
import { T0 } from '../engine/fixtures.ts'

const OPTIONS = { disorderMs: 2_000, maxWaitMs: 10_000, idleAfterMs: 10_000, stalledAfterMs: 60_000 }
const HOLD_MS = 10_000
const MAX_FUTURE_MS = 300_000

/** What stands between a batch and the watermark of a tenant. */
class Gateway {
  readonly registry = new SeriesRegistry(1_000)
  readonly screen = new Screen(this.registry, new SeriesProgress(), T0, undefined)
  readonly sources = new SourceWatermarks(OPTIONS)
  readonly suspect = new ClockSuspect()

  /** One batch of the agents' clocks, each that far ahead. */
  report(source: string, nowMs: number, aheadMs: readonly number[]): { accepted: number; future: number } {
    const batch = createSampleBatch(aheadMs.length)
    for (const [agent, ms] of aheadMs.entries())
      batch.push(this.registry.register({ server: `agent-${agent}`, metric: 'm', kind: 'distribution' }), nowMs + ms, 1)
    const bounds = { oldestMs: 0, newestMs: nowMs + MAX_FUTURE_MS, progressMs: nowMs + HOLD_MS }
    const { batch: taken, accepted, rejected, maxEventMs } = this.screen.screen(batch, 0, bounds)
    this.sources.observe(source, maxEventMs, taken.timestampsMs, taken.length, nowMs)
    const future = rejected.filter(({ reason }) => reason === 'future').length
    this.suspect.observe(source, aheadMs.length, future, nowMs)
    return { accepted, future }
  }
}

test('agents 3 s and 9 s fast inside a gateway bring the watermark to the clock less the disorder, no further', () => {
  const gateway = new Gateway()
  for (let second = 0; second < 120; second++) {
    const nowMs = T0 + second * 1_000
    // The honest ones take up to a second and a half.
    expect(gateway.report('gateway', nowMs, [3_000, 9_000, -50, -1_500])).toEqual({ accepted: 4, future: 0 })
    const watermarkMs = gateway.sources.watermarkMs(nowMs)
    expect(watermarkMs).toBe(nowMs - gateway.sources.infos('t', nowMs)[0]!.disorderMs)
    expect(watermarkMs).toBeLessThanOrEqual(nowMs - 1_500)
  }
})

test('when the honest agents fall silent the fast ones do not carry the watermark past the clock', () => {
  const gateway = new Gateway()
  gateway.report('gateway', T0, [9_000])
  expect(gateway.sources.watermarkMs(T0)).toBe(T0 - 2_000)
  expect(gateway.sources.watermarkMs(T0 + 5_000)).toBe(T0 + 3_000)
  expect(gateway.sources.watermarkMs(T0 + 9_000)).toBe(T0 + 7_000)
})

test('an agent beyond the hold moves nothing; beyond the limit it is refused; others are not closed early', () => {
  const gateway = new Gateway()
  for (let second = 0; second < 30; second++) {
    const nowMs = T0 + second * 1_000
    const skewed = [10_001, MAX_FUTURE_MS, MAX_FUTURE_MS + 1, 63_072_000_000]
    expect(gateway.report('skewed', nowMs, skewed)).toEqual({ accepted: 2, future: 2 })
    gateway.report('honest', nowMs, [-100, -200])
    expect(gateway.sources.watermarkMs(nowMs)).toBe(nowMs - 2_100)
    expect(gateway.suspect.isSuspect(nowMs)).toBe(false)
  }
  expect(gateway.sources.infos('t', T0 + 29_000)[0]).toMatchObject({ source: 'skewed', state: 'idle' })
})

test('an engine an hour slow refuses everybody, and says that its own clock is the suspect', () => {
  const gateway = new Gateway()
  for (let second = 0; second <= 10; second++)
    for (const source of ['gateway-1', 'gateway-2']) gateway.report(source, T0 + second * 1_000, [3_600_000, 3_599_000])
  expect(gateway.suspect.isSuspect(T0 + 10_000)).toBe(true)
  expect(gateway.sources.watermarkMs(T0 + 10_000)).toBe(T0)
})
