import { describe, expect, test } from 'vitest'
import { SourceWatermarks } from '../../src/watermark/source-watermarks.ts'
import { T0 } from '../engine/fixtures.ts'

// One describe a rule of the sources, in the order in which docs/time.md has them; `disorder.test.ts`,
// `future-hold.test.ts`, `clock-steps.test.ts` and `monotone.property.test.ts` hold the others.

const MAX_WAIT_MS = 10_000
const OPTIONS = { disorderMs: 2_000, maxWaitMs: MAX_WAIT_MS, idleAfterMs: 10_000, stalledAfterMs: 60_000 }

/** The sources of a tenant that exists since T0 - 1 s. */
function tenant(): SourceWatermarks {
  const sources = new SourceWatermarks(OPTIONS)
  sources.watermarkMs(T0 - 1_000)
  return sources
}

function at(sources: SourceWatermarks, name: string, eventMs: number, nowMs: number, backlog?: number): void {
  sources.observe(name, eventMs, Float64Array.of(eventMs), 1, nowMs, backlog)
}

function infoOf(sources: SourceWatermarks, name: string, nowMs: number) {
  return sources.infos('t', nowMs).find(({ source }) => source === name)
}

describe('a source without a backlog is raised to the clock less maxWait', () => {
  test('while it is active and its events stand still', () => {
    const sources = tenant()
    for (let second = 0; second < 60; second++) {
      const nowMs = T0 + second * 1_000
      // Just recent enough to be talking, never newer than before.
      at(sources, 'a', Math.max(T0, nowMs - MAX_WAIT_MS), nowMs)
      expect(sources.watermarkMs(nowMs)).toBe(Math.max(T0 - 2_000, nowMs - MAX_WAIT_MS))
      expect(infoOf(sources, 'a', nowMs)).toMatchObject({ state: 'active' })
    }
  })

  test('while it is idle, so that it comes back into the minimum where the clock is', () => {
    const sources = tenant()
    at(sources, 'a', T0, T0)
    at(sources, 'b', T0, T0)
    for (let second = 1; second <= 30; second++) {
      at(sources, 'b', T0 + second * 1_000, T0 + second * 1_000)
      sources.watermarkMs(T0 + second * 1_000)
    }
    expect(infoOf(sources, 'a', T0 + 30_000)).toMatchObject({ state: 'idle', watermarkMs: T0 + 20_000 })
    expect(sources.watermarkMs(T0 + 30_000)).toBe(T0 + 28_000)
    at(sources, 'a', T0 + 21_000, T0 + 30_000)
    expect(sources.watermarkMs(T0 + 30_000)).toBe(T0 + 28_000)
    expect(infoOf(sources, 'a', T0 + 30_000)).toMatchObject({ state: 'active', watermarkMs: T0 + 20_000 })
  })

  test('also a polled one that has read to the end', () => {
    const sources = tenant()
    sources.open('kafka:0', T0)
    at(sources, 'kafka:0', T0, T0, 0)
    sources.watermarkMs(T0 + 25_000)
    expect(infoOf(sources, 'kafka:0', T0 + 25_000)).toMatchObject({ state: 'idle', watermarkMs: T0 + 15_000 })
  })
})

describe('idle only takes a source out of the minimum', () => {
  test('from idleAfter after its last batch, not a millisecond before', () => {
    const sources = tenant()
    at(sources, 'a', T0, T0)
    for (const nowMs of [T0 + 5_000, T0 + 9_999, T0 + 10_000]) at(sources, 'b', nowMs, nowMs)
    expect(sources.watermarkMs(T0 + 9_999)).toBe(T0 - 1)
    expect(sources.slowest(T0 + 9_999)).toBe('a')
    expect(sources.watermarkMs(T0 + 10_000)).toBe(T0 + 8_000)
    expect(sources.slowest(T0 + 10_000)).toBe('b')
  })

  test('with all of them idle for ten minutes the clock alone moves the watermark, every tick', () => {
    const sources = tenant()
    for (const name of ['a', 'b', 'c']) at(sources, name, T0, T0)
    let last = sources.watermarkMs(T0)
    for (let nowMs = T0 + 10_000; nowMs <= T0 + 610_000; nowMs += 1_000) {
      const watermarkMs = sources.watermarkMs(nowMs)
      expect(watermarkMs).toBe(Math.max(last, nowMs - MAX_WAIT_MS))
      last = watermarkMs
    }
    expect(last).toBe(T0 + 600_000)
    expect(sources.slowest(T0 + 610_000)).toBeUndefined()
    at(sources, 'b', T0 + 610_000, T0 + 610_000)
    expect(sources.watermarkMs(T0 + 610_000)).toBe(T0 + 608_000)
  })
})

describe('a polled source holds the watermark from its registration to its first poll', () => {
  test('a partition that joins three seconds after the gateway talks holds from there, not from the start', () => {
    const sources = tenant()
    at(sources, 'gateway', T0, T0)
    sources.watermarkMs(T0)
    for (const nowMs of [T0 + 1_000, T0 + 2_000, T0 + 3_000]) at(sources, 'gateway', nowMs, nowMs)
    expect(sources.watermarkMs(T0 + 3_000)).toBe(T0 + 1_000)
    sources.open('kafka:0', T0 + 3_000)
    at(sources, 'gateway', T0 + 8_000, T0 + 8_000)
    expect(sources.watermarkMs(T0 + 8_000)).toBe(T0 + 1_000)
    expect(sources.slowest(T0 + 8_000)).toBe('kafka:0')
    expect(infoOf(sources, 'kafka:0', T0 + 8_000)).toMatchObject({ state: 'catching-up', backlog: 0 })
  })

  test('partitions of one topic join one by one, and the last to be polled lets go', () => {
    const sources = tenant()
    at(sources, 'gateway', T0, T0)
    for (const [i, name] of ['kafka:0', 'kafka:1', 'kafka:2'].entries()) {
      sources.watermarkMs(T0 + i * 1_000)
      sources.open(name, T0 + i * 1_000)
    }
    const heldMs = sources.watermarkMs(T0 + 5_000)
    for (const name of ['gateway', 'kafka:1', 'kafka:2', 'kafka:0']) {
      expect(sources.watermarkMs(T0 + 5_000)).toBe(heldMs)
      at(sources, name, T0 + 5_000, T0 + 5_000, name === 'gateway' ? undefined : 3)
    }
    expect(sources.watermarkMs(T0 + 5_000)).toBe(T0 + 3_000)
  })
})

describe('a polled source holds while its backlog is older than maxWait', () => {
  test('and not while what it has left is recent', () => {
    const sources = tenant()
    sources.open('kafka:0', T0)
    at(sources, 'kafka:0', T0 - 10_000, T0, 5_000)
    expect(infoOf(sources, 'kafka:0', T0)).toMatchObject({ state: 'active', backlog: 5_000 })
    expect(infoOf(sources, 'kafka:0', T0 + 1)).toMatchObject({ state: 'catching-up', backlog: 5_000 })
    expect(sources.watermarkMs(T0 + 30_000)).toBeLessThanOrEqual(T0 - 11_000)
  })

  test('a closed one holds nothing any more', () => {
    const sources = tenant()
    sources.open('kafka:0', T0)
    at(sources, 'kafka:0', T0 - 3_600_000, T0, 5_000)
    sources.watermarkMs(T0 + 20_000)
    sources.close('kafka:0')
    expect(sources.watermarkMs(T0 + 20_000)).toBe(T0 + 10_000)
  })
})

describe('a polled source without progress is no longer waited for', () => {
  test('a batch read over and over is no progress, and neither is a backlog that grows meanwhile', () => {
    const sources = tenant()
    sources.open('kafka:0', T0)
    at(sources, 'kafka:0', T0 - 3_600_000, T0, 1_000)
    for (let second = 1; second < 60; second++) {
      at(sources, 'kafka:0', T0 - 3_600_000, T0 + second * 1_000, 1_000 + Math.floor(second / 2))
      sources.watermarkMs(T0 + second * 1_000)
      expect(infoOf(sources, 'kafka:0', T0 + second * 1_000)).toMatchObject({ state: 'catching-up' })
    }
    expect(sources.watermarkMs(T0 + 60_000)).toBe(T0 + 50_000)
    expect(infoOf(sources, 'kafka:0', T0 + 60_000)).toMatchObject({ state: 'stalled', reason: 'no-progress' })
  })

  test('a backlog that shrinks is progress whatever it brings, and so are newer events', () => {
    const sources = tenant()
    for (const name of ['repeats', 'outrun']) {
      sources.open(name, T0)
      at(sources, name, T0 - 3_600_000, T0, 1_000)
    }
    for (let minute = 1; minute <= 5; minute++) {
      const nowMs = T0 + minute * 59_000
      sources.observe('repeats', Number.NEGATIVE_INFINITY, new Float64Array(0), 0, nowMs, 1_000 - minute)
      at(sources, 'outrun', T0 - 3_600_000 + minute, nowMs, 1_000 + minute)
      sources.watermarkMs(nowMs)
      expect(sources.infos('t', nowMs).map(({ state }) => state)).toEqual(['catching-up', 'catching-up'])
    }
  })

  test('waiting begins when it falls behind, however long ago its last batch was', () => {
    const sources = tenant()
    sources.open('kafka:0', T0)
    at(sources, 'kafka:0', T0, T0, 0)
    sources.watermarkMs(T0 + 600_000)
    at(sources, 'kafka:0', T0 - 1, T0 + 600_000, 50)
    sources.watermarkMs(T0 + 659_999)
    expect(infoOf(sources, 'kafka:0', T0 + 659_999)).toMatchObject({ state: 'catching-up' })
    sources.watermarkMs(T0 + 660_000)
    expect(infoOf(sources, 'kafka:0', T0 + 660_000)).toMatchObject({ state: 'stalled' })
  })
})

describe('a source for whose sake panes or memory are nearly used up is no longer waited for', () => {
  /** Two partitions an hour and half an hour behind, beside a gateway. */
  function behind(): SourceWatermarks {
    const sources = new SourceWatermarks(OPTIONS)
    sources.open('kafka:0', T0)
    sources.open('kafka:1', T0)
    at(sources, 'kafka:0', T0 - 1_800_000, T0, 500)
    at(sources, 'kafka:1', T0 - 3_600_000, T0, 500)
    at(sources, 'gateway', T0, T0)
    expect(sources.watermarkMs(T0)).toBe(T0 - 3_602_000)
    return sources
  }

  test('the slowest goes first, with the reason, and then the next', () => {
    const sources = behind()
    expect(sources.abandonSlowest(T0, 'pane-limit')).toBe('kafka:1')
    expect(sources.watermarkMs(T0)).toBe(T0 - 1_802_000)
    expect(infoOf(sources, 'kafka:1', T0)).toMatchObject({ state: 'stalled', reason: 'pane-limit' })
    expect(infoOf(sources, 'kafka:0', T0)).not.toHaveProperty('reason')
    expect(sources.abandonSlowest(T0, 'memory-limit')).toBe('kafka:0')
    expect(sources.watermarkMs(T0)).toBe(T0 - 2_000)
    expect(infoOf(sources, 'kafka:0', T0)).toMatchObject({ state: 'stalled', reason: 'memory-limit' })
    expect(sources.abandonSlowest(T0, 'memory-limit')).toBeUndefined()
  })

  test('it comes back when it has caught up, and can be waited for and abandoned again', () => {
    const sources = behind()
    sources.abandonSlowest(T0, 'pane-limit')
    // A minute without progress does not change why.
    sources.watermarkMs(T0 + 61_000)
    expect(infoOf(sources, 'kafka:1', T0 + 61_000)).toMatchObject({ state: 'stalled', reason: 'pane-limit' })
    at(sources, 'kafka:1', T0 - 60_000, T0 + 62_000, 400)
    sources.watermarkMs(T0 + 62_000)
    expect(infoOf(sources, 'kafka:1', T0 + 62_000)).toMatchObject({ state: 'stalled', reason: 'pane-limit' })
    at(sources, 'kafka:1', T0 + 62_000, T0 + 63_000, 10)
    sources.watermarkMs(T0 + 63_000)
    expect(infoOf(sources, 'kafka:1', T0 + 63_000)).toMatchObject({ state: 'active' })
    expect(infoOf(sources, 'kafka:1', T0 + 63_000)).not.toHaveProperty('reason')
    sources.watermarkMs(T0 + 80_000)
    expect(infoOf(sources, 'kafka:1', T0 + 80_000)).toMatchObject({ state: 'catching-up' })
    expect(sources.abandonSlowest(T0 + 90_000, 'memory-limit')).toBe('kafka:1')
  })

  test('a source that never was polled can be abandoned too, and one that reads to the end comes back', () => {
    const sources = tenant()
    sources.open('kafka:0', T0)
    at(sources, 'gateway', T0 + 30_000, T0 + 30_000)
    expect(sources.abandonSlowest(T0 + 30_000, 'memory-limit')).toBe('kafka:0')
    expect(sources.watermarkMs(T0 + 30_000)).toBe(T0 + 28_000)
    sources.caughtUp('kafka:0', T0 + 31_000)
    expect(infoOf(sources, 'kafka:0', T0 + 31_000)).toMatchObject({ state: 'idle' })
  })

  test('nobody else is: not who talks, nor who is idle, nor a source that costs no more than the clock does', () => {
    const sources = tenant()
    at(sources, 'gateway', T0 - 9_000, T0)
    at(sources, 'upload', T0 - 7_200_000, T0)
    sources.watermarkMs(T0)
    expect(sources.slowest(T0)).toBe('gateway')
    expect(sources.abandonSlowest(T0, 'memory-limit')).toBeUndefined()
    const polled = tenant()
    polled.watermarkMs(T0)
    polled.open('kafka:0', T0)
    expect(polled.abandonSlowest(T0, 'memory-limit')).toBeUndefined()
    expect(polled.abandonSlowest(T0 + 1, 'memory-limit')).toBe('kafka:0')
  })
})

test('a source holds its own tenant alone', () => {
  const [held, free] = [tenant(), tenant()]
  held.open('kafka:0', T0)
  at(held, 'kafka:0', T0 - 3_600_000, T0, 500)
  for (const sources of [held, free]) at(sources, 'gateway', T0 + 30_000, T0 + 30_000)
  expect(held.watermarkMs(T0 + 30_000)).toBe(T0 - 11_000)
  expect(free.watermarkMs(T0 + 30_000)).toBe(T0 + 28_000)
  expect(held.abandonSlowest(T0 + 30_000, 'pane-limit')).toBe('kafka:0')
  expect(free.abandonSlowest(T0 + 30_000, 'pane-limit')).toBeUndefined()
  expect(free.kindOf('kafka:0')).toBeUndefined()
})
