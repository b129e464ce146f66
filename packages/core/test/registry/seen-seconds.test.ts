import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeenSeconds } from '../../src/registry/seen-seconds.ts'

test('tells exactly what came before, within the horizon, against a set of all times', () => {
  const HORIZON_MS = 100_000
  fc.assert(
    fc.property(
      fc.array(fc.record({ ref: fc.nat(2), second: fc.integer({ min: -300, max: 300 }) }), { maxLength: 200 }),
      (samples) => {
        const seen = new SeenSeconds(HORIZON_MS)
        seen.ensure(3)
        const all = [new Set<number>(), new Set<number>(), new Set<number>()]
        const last = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
        for (const { ref, second } of samples) {
          const timeMs = second * 1_000
          const lastMs = last[ref]!
          if (timeMs === lastMs) continue
          if (timeMs > lastMs) {
            seen.advance(ref, lastMs, timeMs)
            last[ref] = timeMs
          } else if (lastMs - timeMs <= HORIZON_MS)
            expect(seen.takeOlder(ref, lastMs, timeMs)).toBe(all[ref]!.has(second))
          else expect(seen.takeOlder(ref, lastMs, timeMs)).toBe(false)
          all[ref]!.add(second)
        }
      },
    ),
  )
})

test('a series with jitter loses no sample: it is left alone', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000), { minLength: 1, maxLength: 100 }), (times) => {
      const seen = new SeenSeconds(610_000)
      seen.ensure(1)
      const taken = new Set<number>()
      let lastMs = Number.NEGATIVE_INFINITY
      for (const timeMs of times) {
        if (timeMs === lastMs) continue
        if (timeMs > lastMs) {
          seen.advance(0, lastMs, timeMs)
          lastMs = timeMs
        } else if (seen.takeOlder(0, lastMs, timeMs)) expect(taken.has(timeMs)).toBe(true)
        taken.add(timeMs)
      }
    }),
  )
})

test('a first sample far from the epoch and a long silence cost nothing', () => {
  const seen = new SeenSeconds(610_000)
  seen.ensure(5_000)
  const startMs = performance.now()
  for (let ref = 0; ref < 5_000; ref++) {
    seen.advance(ref, Number.NEGATIVE_INFINITY, 1e15)
    seen.advance(ref, 1e15, 2e15)
  }
  expect(performance.now() - startMs).toBeLessThan(1_000)
  expect(seen.takeOlder(4_999, 2e15, 2e15 - 1_000)).toBe(false)
  expect(seen.takeOlder(4_999, 2e15, 2e15 - 1_000)).toBe(true)
})

test('series beyond the first million are left alone', () => {
  const seen = new SeenSeconds(1_000)
  seen.ensure(1_500_000)
  seen.advance(1_200_000, 0, 5_000)
  expect(seen.takeOlder(1_200_000, 5_000, 4_000)).toBe(false)
  expect(seen.takeOlder(1_200_000, 5_000, 4_000)).toBe(false)
})
