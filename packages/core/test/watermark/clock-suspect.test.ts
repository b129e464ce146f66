import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClockSuspect } from '../../src/watermark/clock-suspect.ts'
import { T0 } from '../engine/fixtures.ts'

/** Sends batches of 100 points each second, that many of them refused, by source; `nowMs` after the last. */
function report(
  suspect: ClockSuspect,
  futureBySource: Readonly<Record<string, number>>,
  fromS: number,
  toS: number,
): number {
  for (let second = fromS; second < toS; second++)
    for (const [source, future] of Object.entries(futureBySource))
      suspect.observe(source, 100, future, T0 + second * 1_000)
  return T0 + (toS - 1) * 1_000
}

describe('the clock of the engine is the suspect', () => {
  test.each<[string, Readonly<Record<string, number>>, boolean]>([
    ['all of three', { a: 100, b: 90, c: 60 }, true],
    ['two of three', { a: 100, b: 51, c: 0 }, true],
    ['both of two', { a: 51, b: 51 }, true],
    ['one of two', { a: 100, b: 0 }, false],
    ['two of four', { a: 100, b: 100, c: 0, d: 0 }, false],
    ['half of the points of each', { a: 50, b: 50, c: 50 }, false],
    ['all points of the only one', { a: 100 }, true],
    ['most points of the only one', { a: 99 }, false],
    ['none', { a: 0, b: 0 }, false],
  ])('%s', (_, futureBySource, expected) => {
    const suspect = new ClockSuspect()
    expect(suspect.isSuspect(report(suspect, futureBySource, 0, 30))).toBe(expected)
  })
})

test('refusals within five seconds accuse nobody, whoever looks however much later', () => {
  const suspect = new ClockSuspect()
  for (const source of ['a', 'b']) suspect.observe(source, 1, 1, T0)
  suspect.observe('a', 1, 1, T0 + 4_999)
  expect([T0, T0 + 4_999, T0 + 20_000].map((nowMs) => suspect.isSuspect(nowMs))).toEqual([false, false, false])
  suspect.observe('b', 1, 1, T0 + 5_000)
  expect(suspect.isSuspect(T0 + 5_000)).toBe(true)
})

test('a source that reports once a minute is enough, one bad point an hour is not', () => {
  const [minutely, hourly] = [new ClockSuspect(), new ClockSuspect()]
  minutely.observe('a', 50, 50, T0)
  minutely.observe('a', 50, 50, T0 + 60_000)
  expect(minutely.isSuspect(T0 + 60_000)).toBe(true)
  for (let hour = 0; hour < 5; hour++) {
    hourly.observe('a', 1, 1, T0 + hour * 3_600_000)
    expect(hourly.isSuspect(T0 + hour * 3_600_000)).toBe(false)
  }
})

test('the suspicion ends with the first proof against it, and begins anew', () => {
  const suspect = new ClockSuspect()
  expect(suspect.isSuspect(report(suspect, { a: 100 }, 0, 20))).toBe(true)
  suspect.observe('b', 100, 0, T0 + 20_000)
  expect(suspect.isSuspect(T0 + 20_000)).toBe(false)
  // A minute later the good batch is forgotten.
  expect(suspect.isSuspect(report(suspect, { a: 100 }, 21, 79))).toBe(false)
  expect(suspect.isSuspect(report(suspect, { a: 100 }, 79, 90))).toBe(true)
})

test('a minute without a batch is no suspicion', () => {
  const suspect = new ClockSuspect()
  const lastMs = report(suspect, { a: 100, b: 100 }, 0, 20)
  expect(suspect.isSuspect(lastMs + 40_000)).toBe(true)
  expect(suspect.isSuspect(lastMs + 61_000)).toBe(false)
})

test('what came before the clock was set, or held no points, is no evidence; times before the epoch are times', () => {
  const suspect = new ClockSuspect()
  suspect.observe('a', 10, 10, Number.NEGATIVE_INFINITY)
  suspect.observe('a', 0, 0, T0)
  expect(suspect.isSuspect(Number.NEGATIVE_INFINITY)).toBe(false)
  expect(suspect.isSuspect(T0)).toBe(false)
  const early = new ClockSuspect()
  early.observe('a', 10, 10, -86_400_123)
  early.observe('a', 10, 10, -86_390_000)
  expect(early.isSuspect(-86_390_000)).toBe(true)
})

test('law: it judges the last minute as a plain list of its batches would, to a bucket of ten seconds', () => {
  const batch = fc.record({
    source: fc.constantFrom('a', 'b', 'c'),
    points: fc.integer({ min: 1, max: 9 }),
    future: fc.nat(9),
    waitMs: fc.oneof(fc.nat(3_000), fc.nat(90_000)),
  })
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 60 }), (batches) => {
      const suspect = new ClockSuspect()
      const past: { source: string; points: number; future: number; bucket: number }[] = []
      let nowMs = T0
      for (const { source, points, future, waitMs } of batches) {
        nowMs += waitMs
        const bucket = Math.floor(nowMs / 10_000)
        const refused = Math.min(points, future)
        suspect.observe(source, points, refused, nowMs)
        past.push({ source, points, future: refused, bucket })
        const recent = past.filter((one) => one.bucket > bucket - 6)
        const names = [...new Set(recent.map((one) => one.source))]
        const share = (name: string) => {
          const own = recent.filter((one) => one.source === name)
          return own.reduce((sum, one) => sum + one.future, 0) / own.reduce((sum, one) => sum + one.points, 0)
        }
        const looksSo =
          names.length === 1
            ? share(names[0]!) === 1
            : names.filter((name) => share(name) > 0.5).length > names.length / 2
        // Beside this it needs time, so only the one direction holds at every step.
        if (!looksSo) expect(suspect.isSuspect(nowMs)).toBe(false)
      }
    }),
  )
})

test('a flood of names is bounded: the first thousand are judged, and their places are given on', () => {
  const suspect = new ClockSuspect()
  for (let i = 0; i < 100_000; i++) suspect.observe(`good-${i}`, 1, 0, T0)
  // There is no room for these, so they change nothing.
  for (let second = 0; second < 20; second++)
    for (let i = 0; i < 2_000; i++) suspect.observe(`bad-${i}`, 1, 1, T0 + second * 1_000)
  expect(suspect.isSuspect(T0 + 19_000)).toBe(false)
  for (let second = 70; second < 90; second++)
    for (let i = 0; i < 2_000; i++) suspect.observe(`bad-${i}`, 1, 1, T0 + second * 1_000)
  expect(suspect.isSuspect(T0 + 89_000)).toBe(true)
})
