import { expect, test } from 'vitest'
import { manualEngine, send, T0 } from './fixtures.ts'

const OPTIONS = { maxFutureMs: 300_000, futureHoldMs: 10_000 }

test('a batch refused for the sake of the own clock comes in when it is sent again', () => {
  const engine = manualEngine(OPTIONS)
  engine.advanceTo(T0)
  // The senders are an hour ahead, which is to say this clock is an hour behind.
  const ahead = (second: number) => [{ timeMs: T0 + 3_600_000 + second * 1_000, value: 1 }]
  expect(send(engine, ahead(0), 'a', 'a0').clockSuspect).toBe(false)
  engine.advanceTo(T0 + 6_000)
  expect(send(engine, ahead(6), 'a', 'a6')).toMatchObject({ accepted: 0, clockSuspect: true })
  expect(engine.stats().tenants[0]!.isClockSuspect).toBe(true)
  engine.advanceTo(T0 + 3_600_010)
  expect(send(engine, ahead(6), 'a', 'a6')).toMatchObject({ accepted: 1, duplicates: 0 })
})

test('one agent that is far ahead is refused as it is, the clock is not suspected', () => {
  const engine = manualEngine(OPTIONS)
  engine.advanceTo(T0)
  for (let second = 0; second < 60; second += 5) {
    engine.advanceTo(T0 + second * 1_000)
    for (const source of ['a', 'b', 'c']) send(engine, [{ timeMs: T0 + second * 1_000, value: second }], source)
    const fast = send(engine, [{ timeMs: T0 + 3_600_000, value: second }], 'd')
    expect(fast).toMatchObject({ accepted: 0, clockSuspect: false })
    expect(fast.rejected[0]!.reason).toBe('future')
  }
})
