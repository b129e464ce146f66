import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SystemClock } from '../../src/clock.ts'
import { createEngine } from '../../src/index.ts'
import { collect, planOf, send, T0 } from './fixtures.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: T0 })
})
afterEach(() => {
  vi.useRealTimers()
})

test('an engine on the system clock drives itself, and stops when closed', async () => {
  const engine = createEngine()
  const rows = collect(engine.addQuery('q', planOf()))
  send(engine, [{ timeMs: T0 + 1, value: 1 }])
  vi.advanceTimersByTime(14_900)
  expect(rows).toHaveLength(0)
  vi.advanceTimersByTime(200)
  expect(rows.map((row) => [row.startMs, row.count, row.partial])).toEqual([[T0, 1, false]])
  expect(() => engine.advanceTo(T0)).toThrow(TypeError)
  await engine.close()
  expect(vi.getTimerCount()).toBe(0)
})

describe('the system clock', () => {
  test('follows elapsed time exactly while the system time does', () => {
    const clock = new SystemClock()
    vi.advanceTimersByTime(12_345)
    expect(clock.nowMs()).toBe(T0 + 12_345)
  })

  for (const stepMs of [3_600_000, -3_600_000])
    test(`does not follow a step of ${stepMs} ms, and never runs back`, () => {
      const clock = new SystemClock()
      vi.advanceTimersByTime(1_000)
      let last = clock.nowMs()
      vi.setSystemTime(T0 + 1_000 + stepMs)
      for (let second = 0; second < 60; second++) {
        vi.advanceTimersByTime(1_000)
        const nowMs = clock.nowMs()
        expect(nowMs).toBeGreaterThan(last)
        expect(nowMs - last).toBeCloseTo(1_000, 3)
        last = nowMs
      }
      expect(last).toBeCloseTo(T0 + 61_000, 3)
      expect(clock.stepMs).toBeCloseTo(stepMs, 3)
    })
})
