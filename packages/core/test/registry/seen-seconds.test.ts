import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecentTimes } from '../../src/registry/recent-times.ts'
import { SeenSeconds } from '../../src/registry/seen-seconds.ts'

const HORIZON_MS = 100_000

interface Sample {
  readonly ref: number
  readonly timeMs: number
  /** 0 for none. */
  readonly startMs: number
}

/**
 * Plays samples as a screen does and holds each verdict against a set of all that came. A sample that is none of them
 * is never taken for a repeat. One that is, within the horizon, is told, unless its series `isLeftAlone`.
 */
function holdAgainstSet(seen: SeenSeconds, samples: readonly Sample[], isLeftAlone = false): void {
  const lastMs = new Map<number, number>()
  const lastStartMs = new Map<number, number>()
  const all = new Map<number, Set<string>>()
  for (const { ref, timeMs, startMs } of samples) {
    const last = lastMs.get(ref) ?? Number.NEGATIVE_INFINITY
    const own = all.get(ref) ?? new Set()
    all.set(ref, own)
    const key = `${timeMs} ${startMs}`
    // A screen knows the newest sample by heart.
    if (timeMs === last && lastStartMs.get(ref) === startMs) continue
    if (timeMs > last) {
      expect(seen.has(ref, last, timeMs, startMs)).toBe(false)
      seen.advance(ref, last, timeMs, startMs)
      lastMs.set(ref, timeMs)
      lastStartMs.set(ref, startMs)
    } else {
      const isRepeat = last - timeMs <= HORIZON_MS && own.has(key)
      const had = seen.has(ref, last, timeMs, startMs)
      const verdict = seen.takeOlder(ref, last, timeMs, startMs)
      expect(had).toBe(verdict)
      if (isLeftAlone) expect(verdict && !isRepeat).toBe(false)
      else expect([key, verdict]).toEqual([key, isRepeat])
      if (timeMs === last && !verdict) lastStartMs.set(ref, startMs)
    }
    own.add(key)
  }
}

function seenOf(size: number): SeenSeconds {
  const seen = new SeenSeconds(HORIZON_MS)
  seen.ensure(size)
  return seen
}

const second = fc.integer({ min: -300, max: 300 })
const listOf = (sample: fc.Arbitrary<Sample>) => fc.array(sample, { maxLength: 200 })

describe('no real sample is lost, and every repeat within the horizon is told', () => {
  test('of series that keep to a beat', () =>
    fc.assert(
      fc.property(
        listOf(fc.record({ ref: fc.nat(2), timeMs: second.map((s) => s * 1_000 + 250), startMs: fc.constant(0) })),
        (samples) => holdAgainstSet(seenOf(3), samples),
      ),
    ))

  test('of series with jitter, at most one sample a second', () =>
    fc.assert(
      fc.property(
        listOf(
          fc
            .record({ ref: fc.nat(2), at: second, jitterMs: fc.constantFrom(0, 0, 0, 1, 4, 22, 999) })
            .map(({ ref, at, jitterMs }) => ({ ref, timeMs: at * 1_000 + jitterMs, startMs: 0 })),
        ).map((samples) => {
          // Of the samples of a second only the first one stays, as often as it came.
          const msOf = new Map<string, number>()
          return samples.filter(({ ref, timeMs }) => {
            const key = `${ref} ${Math.floor(timeMs / 1_000)}`
            if (!msOf.has(key)) msOf.set(key, timeMs)
            return msOf.get(key) === timeMs
          })
        }),
        (samples) => holdAgainstSet(seenOf(3), samples),
      ),
    ))

  test('of series of which two samples fall into one second now and then', () =>
    fc.assert(
      fc.property(
        listOf(
          fc.record({ ref: fc.nat(1), timeMs: fc.integer({ min: -30_000, max: 30_000 }), startMs: fc.constant(0) }),
        ).map(
          // Sent twice, so that there are repeats at all.
          (samples) => [...samples.slice(0, 100), ...samples.slice(0, 100)],
        ),
        (samples) => holdAgainstSet(seenOf(2), samples),
      ),
    ))

  test('of amounts that differ by the interval they are for', () =>
    fc.assert(
      fc.property(
        listOf(
          fc
            .record({
              ref: fc.nat(1),
              at: fc.integer({ min: 0, max: 15 }),
              lengthMs: fc.constantFrom(undefined, 0, 5_000, 10_000, 10_000),
            })
            .map(({ ref, at, lengthMs }) => {
              const timeMs = 1_700_000_000_000 + at * 10_000
              return { ref, timeMs, startMs: lengthMs === undefined ? 0 : timeMs - lengthMs }
            }),
        ),
        (samples) => holdAgainstSet(seenOf(2), samples),
      ),
    ))

  test('of amounts far from the epoch whose intervals no 32 bits hold: those are never repeats', () =>
    fc.assert(
      fc.property(
        listOf(
          fc
            .record({ at: fc.nat(20), startMs: fc.constantFrom(1, 1_700_000_000_000, 1_800_000_000_000) })
            .map(({ at, startMs }) => ({ ref: 0, timeMs: 1_700_000_000_000 + at * 1_000, startMs })),
        ),
        (samples) => holdAgainstSet(seenOf(1), samples, true),
      ),
    ))

  test('at fractions of a millisecond too, as long as the series keeps to its beat', () => {
    const beat = [5, 3, 4, 3, 5, 9, 4].map((at) => ({ ref: 0, timeMs: at * 1_000 + 0.5, startMs: 0 }))
    holdAgainstSet(seenOf(1), beat)
    fc.assert(
      fc.property(
        listOf(
          fc.record({ ref: fc.constant(0), timeMs: fc.nat(200_000).map((half) => half / 2), startMs: fc.constant(0) }),
        ),
        (samples) => holdAgainstSet(seenOf(1), samples, true),
      ),
    )
  })
})

test('what a series had on the beat is still known once it left it', () => {
  const seen = seenOf(1)
  let lastMs = Number.NEGATIVE_INFINITY
  for (const timeMs of [0, 10_000, 20_000, 30_007]) {
    seen.advance(0, lastMs, timeMs, 0)
    lastMs = timeMs
  }
  const older = [0, 1_000, 10_000, 20_000, 20_007, 30_007]
  expect(older.map((timeMs) => seen.has(0, lastMs, timeMs, 0))).toEqual([true, false, true, true, false, true])
})

describe('a series with several samples a second', () => {
  const every = (ms: number, count: number): Sample[] =>
    Array.from({ length: count }, (_, i) => ({ ref: 0, timeMs: i * ms, startMs: 0 }))

  test('is known while it has no more than 1.25 a second on the average of the horizon', () => {
    const samples = every(500, 127)
    holdAgainstSet(seenOf(1), [...samples, ...samples])
    const slower = every(800, 300)
    holdAgainstSet(seenOf(1), [...slower, ...slower])
  })

  test('is left alone beyond that: repeats count again, and no sample is lost', () => {
    const seen = seenOf(1)
    const samples = every(250, 401)
    holdAgainstSet(seen, [...samples, ...samples], true)
    expect(seen.has(0, 100_000, 90_000, 0)).toBe(false)
  })
})

test('when there is no memory for all times, series know the newest of theirs', () => {
  // Two pages of 256 KiB where 3,000 rings of 256 bytes would need three.
  const seen = new SeenSeconds(610_000, new RecentTimes(610_000, 512 * 1_024))
  seen.ensure(3_000)
  const timeOf = (ref: number, i: number): number => i * 10_000 + ((i * 7 + ref) % 23)
  const known = (i: number): number =>
    Array.from({ length: 3_000 }, (_, ref) => seen.has(ref, timeOf(ref, 49), timeOf(ref, i), 0)).filter(Boolean).length
  for (let i = 0; i < 50; i++)
    for (let ref = 0; ref < 3_000; ref++)
      seen.advance(ref, i === 0 ? Number.NEGATIVE_INFINITY : timeOf(ref, i - 1), timeOf(ref, i), 0)
  expect([known(40), known(5)]).toEqual([3_000, 0])
  expect(known(25)).toBeGreaterThan(1_500)
})

test('takes as much memory as docs/time.md says', () => {
  const size = 10_240
  const regular = new SeenSeconds(610_000)
  const odd = new SeenSeconds(610_000)
  const amounts = new SeenSeconds(610_000)
  for (const seen of [regular, odd, amounts]) seen.ensure(size)
  const last = { regular: Number.NEGATIVE_INFINITY, odd: Number.NEGATIVE_INFINITY }
  for (let i = 0; i < 100; i++) {
    const oddMs = i * 10_000 + (i % 23)
    for (let ref = 0; ref < size; ref++) {
      regular.advance(ref, last.regular, i * 10_000, 0)
      odd.advance(ref, last.odd, oddMs, 0)
      amounts.advance(ref, last.odd, oddMs, last.odd === Number.NEGATIVE_INFINITY ? 0 : last.odd)
    }
    Object.assign(last, { regular: i * 10_000, odd: oddMs })
  }
  expect(regular.bytes / size).toBe(93)
  expect(odd.bytes / size).toBeLessThan(93 + 320)
  expect(amounts.bytes / size).toBeLessThan(93 + 600)
})

test('a first sample far from the epoch and a long silence cost nothing', () => {
  const seen = new SeenSeconds(610_000)
  seen.ensure(5_000)
  const startMs = performance.now()
  for (let ref = 0; ref < 5_000; ref++) {
    seen.advance(ref, Number.NEGATIVE_INFINITY, 1e15, 0)
    seen.advance(ref, 1e15, 2e15, 0)
  }
  expect(performance.now() - startMs).toBeLessThan(1_000)
  expect(seen.takeOlder(4_999, 2e15, 2e15 - 1_000, 0)).toBe(false)
  expect(seen.takeOlder(4_999, 2e15, 2e15 - 1_000, 0)).toBe(true)
})

test('a silence of 2^32 ms makes no repeat of what came before it', () => {
  for (const silenceMs of [2 ** 32, 2 ** 32 - 20_000, 2 ** 33 + 10_000]) {
    const seen = seenOf(1)
    seen.advance(0, Number.NEGATIVE_INFINITY, 3, 0)
    seen.advance(0, 3, 10_007, 0)
    seen.advance(0, 10_007, 10_007 + silenceMs, 0)
    for (const timeMs of [3 + silenceMs, 10_006 + silenceMs])
      expect(seen.has(0, 10_007 + silenceMs, timeMs, 0)).toBe(false)
  }
})

test('series beyond the first million are left alone', () => {
  const seen = new SeenSeconds(1_000)
  seen.ensure(1_500_000)
  seen.advance(1_200_000, 0, 5_000, 0)
  expect(seen.takeOlder(1_200_000, 5_000, 4_000, 0)).toBe(false)
  expect(seen.takeOlder(1_200_000, 5_000, 4_000, 0)).toBe(false)
})
