import { expect, test } from 'vitest'
import { SystemClock } from '../../src/clock.ts'
import { SourceWatermarks } from '../../src/watermark/source-watermarks.ts'
import { T0 } from '../engine/fixtures.ts'

const OPTIONS = { disorderMs: 2_000, maxWaitMs: 10_000, idleAfterMs: 10_000, stalledAfterMs: 60_000 }

for (const stepMs of [3_600_000, -3_600_000])
  test(`a system time ${stepMs} ms off for a minute closes no window early or late`, () => {
    let elapsedMs = 0
    let offMs = 0
    const clock = new SystemClock({ systemMs: () => T0 + elapsedMs + offMs, monotonicMs: () => elapsedMs })
    const sources = new SourceWatermarks(OPTIONS)
    let last = Number.NEGATIVE_INFINITY
    let mostOffMs = 0
    for (; elapsedMs <= 240_000; elapsedMs += 100) {
      offMs = elapsedMs >= 60_000 && elapsedMs < 120_000 ? stepMs : 0
      const nowMs = clock.nowMs()
      // Its own clock is right all the time.
      sources.observe('agent', T0 + elapsedMs, Float64Array.of(T0 + elapsedMs), 1, nowMs)
      const watermarkMs = sources.watermarkMs(nowMs)
      expect(watermarkMs).toBeGreaterThanOrEqual(last)
      mostOffMs = Math.max(mostOffMs, Math.abs(nowMs - (T0 + elapsedMs)))
      expect(watermarkMs).toBeLessThanOrEqual(T0 + elapsedMs)
      expect(watermarkMs).toBeGreaterThanOrEqual(T0 + elapsedMs - OPTIONS.maxWaitMs)
      expect(clock.stepMs !== 0).toBe(Math.abs(T0 + elapsedMs + offMs - nowMs) > 1_000)
      last = watermarkMs
    }
    expect(mostOffMs).toBe(0)
    expect(clock.stepMs).toBe(0)
  })
