import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_HELD } from '../../src/counter/counter-pairs.ts'
import { type NaiveCounterSample, naiveIncreases } from '../../src/testing/naive-increase.ts'
import { pairsOf, type Released, releasedBy } from './pair-counters.ts'

/**
 * Laws: whatever the order of arrival and the steps of the watermark, the amounts are those of the sorted samples that
 * were not late, each series in time order; a sample is late exactly when a later one was paired before it. A single
 * writer's amounts add up to all it counted; several writers with known starts never add up to more than they counted.
 */

type Step = { readonly take: NaiveCounterSample; readonly ref: number } | { readonly watermarkMs: number }

const T0 = 10_000
const MAX_TIME = T0 + 60
/** With a report a second no series holds more than it may. */
const MAX_DELAY_MS = 12_000

const anyValue = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom(-3, 0.1, 1e300, Infinity, -Infinity) },
)
/** Few times and starts, so that they often meet: known, unknown, equal to a time, after it. */
const anyStart = fc.oneof(
  fc.constant(0),
  fc.constantFrom(1, 2, T0 + 10),
  fc.integer({ min: T0 - 5, max: MAX_TIME + 2 }),
)
const anySamples = fc.uniqueArray(
  fc.record({ timeMs: fc.integer({ min: T0, max: MAX_TIME }), value: anyValue, startMs: anyStart }),
  { maxLength: 40, selector: (sample) => sample.timeMs },
)
const anyFirst = fc.record({
  policy: fc.constantFrom('zero' as const, 'baseline' as const, 'auto' as const),
  coversFromMs: fc.integer({ min: T0 - 5, max: T0 + 20 }),
})

/** Samples of some series, each by its delay, with watermarks between them. */
const anySteps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(anySamples, { minLength: 1, maxLength: 3 }),
    fc.infiniteStream(fc.integer({ min: 0, max: 25 })),
    fc.infiniteStream(fc.option(fc.integer({ min: 0, max: 30 }), { freq: 3, nil: undefined })),
  )
  .map(([series, delays, behind]) => {
    const arrivals = series
      .flatMap((samples, ref) =>
        samples.map((take) => ({ take, ref, arrival: take.timeMs + (delays.next().value ?? 0) })),
      )
      .sort((a, b) => a.arrival - b.arrival)
    let watermarkMs = 0
    return arrivals.flatMap(({ take, ref, arrival }): Step[] => {
      const step = behind.next().value
      if (step === undefined) return [{ take, ref }]
      watermarkMs = Math.max(watermarkMs, arrival - step)
      return [{ take, ref }, { watermarkMs }]
    })
  })

describe('amounts of counters', () => {
  test('are those of the sorted samples, with the late ones told', () => {
    fc.assert(
      fc.property(anySteps, anyFirst, (steps, first) => {
        const refs = [0, 1, 2]
        const pairs = pairsOf(first.policy, refs)
        const released: Released[] = []
        const waiting: number[][] = refs.map(() => [])
        const lastPairedMs = refs.map(() => Number.NEGATIVE_INFINITY)
        const taken: NaiveCounterSample[][] = refs.map(() => [])
        for (const step of [...steps, { watermarkMs: Number.POSITIVE_INFINITY }]) {
          if ('take' in step) {
            const { ref, take } = step
            const isLate = take.timeMs <= lastPairedMs[ref]!
            expect(pairs.take(ref, take.timeMs, take.value, take.startMs)).toBe(isLate ? 'late' : 'held')
            if (isLate) continue
            taken[ref]!.push(take)
            const times = waiting[ref]!
            times.push(take.timeMs)
            times.sort((a, b) => a - b)
            if (times.length > MAX_HELD) lastPairedMs[ref] = times.shift()!
          } else {
            for (const ref of refs)
              while ((waiting[ref]![0] ?? Number.NaN) <= step.watermarkMs) lastPairedMs[ref] = waiting[ref]!.shift()!
            released.push(...releasedBy(pairs, step.watermarkMs, first.coversFromMs))
            for (const ref of refs)
              expect(released.findLast((one) => one.ref === ref)?.timeMs ?? Number.NEGATIVE_INFINITY).toBe(
                lastPairedMs[ref],
              )
          }
        }
        let [resets, overlaps] = [0, 0]
        for (const ref of refs) {
          const naive = naiveIncreases(taken[ref]!, first)
          expect(released.filter((one) => one.ref === ref)).toEqual(
            naive.map(({ timeMs, amount }) => ({ ref, timeMs, amount })),
          )
          resets += naive.filter(({ why }) => why === 'reset').length
          overlaps += naive.filter(({ why }) => why === 'overlap').length
        }
        expect(pairs.resets).toBe(resets)
        expect(pairs.overlaps).toBe(overlaps)
        expect(released.every(({ amount }) => amount === undefined || amount >= 0)).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  test('of one writer add up to all that it counted up to the last report of each run', () => {
    const runs = fc.array(
      fc.record({
        growth: fc.array(fc.nat(1000), { minLength: 1, maxLength: 12 }),
        downMs: fc.integer({ min: 0, max: 5000 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(runs, fc.infiniteStream(fc.nat(MAX_DELAY_MS)), (lives, delays) => {
        let timeMs = T0
        let truth = 0
        const samples: NaiveCounterSample[] = []
        for (const { growth, downMs } of lives) {
          const startMs = timeMs + downMs
          timeMs = startMs
          let value = 0
          for (const amount of growth) {
            timeMs += 1000
            value += amount
            samples.push({ timeMs, value, startMs })
          }
          truth += value
        }
        const arrivals = samples
          .map((sample) => ({ ...sample, arrival: sample.timeMs + delays.next().value! }))
          .sort((a, b) => a.arrival - b.arrival)
        const pairs = pairsOf('auto')
        let sum = 0
        const add = (_ref: number, _timeMs: number, amount: number | undefined, sinceMs: number) => {
          if (sinceMs >= T0) sum += amount ?? 0
        }
        for (const { timeMs: at, value, startMs, arrival } of arrivals) {
          expect(pairs.take(0, at, value, startMs)).toBe('held')
          pairs.release(arrival - MAX_DELAY_MS, add)
        }
        pairs.release(Number.POSITIVE_INFINITY, add)
        expect(sum).toBe(truth)
        expect(pairs.pairedEarly).toBe(0)
        expect(pairs.overlaps).toBe(0)
      }),
    )
  })

  test('of writers that overlap never add up to more than they counted', () => {
    const writers = fc.uniqueArray(
      fc.record({
        startMs: fc.integer({ min: T0, max: T0 + 40 }),
        reports: fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 20 }), amount: fc.nat(100) }), {
          minLength: 1,
          maxLength: 12,
        }),
      }),
      { minLength: 2, maxLength: 4, selector: ({ startMs }) => startMs },
    )
    fc.assert(
      fc.property(writers, (all) => {
        let truth = 0
        const byTime = new Map<number, NaiveCounterSample>()
        for (const { startMs, reports } of all) {
          let timeMs = startMs
          let value = 0
          for (const { afterMs, amount } of reports) {
            timeMs += afterMs
            value += amount
            if (!byTime.has(timeMs)) byTime.set(timeMs, { timeMs, value, startMs })
          }
          truth += value
        }
        const pairs = pairsOf('zero')
        let sum = 0
        for (const { timeMs, value, startMs } of [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs)) {
          pairs.take(0, timeMs, value, startMs)
          for (const { amount } of releasedBy(pairs, timeMs)) sum += amount ?? 0
        }
        expect(sum).toBeLessThanOrEqual(truth)
      }),
      { numRuns: 300 },
    )
  })
})
