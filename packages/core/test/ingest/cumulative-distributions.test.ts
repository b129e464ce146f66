import { describe, expect, test } from 'vitest'
import type { BucketState, ExponentialState } from '../../src/aggregate/distribution-state.ts'
import { decodeDistribution, encodeDistribution } from '../../src/aggregate/state-codec.ts'
import { CumulativeDistributions } from '../../src/ingest/cumulative-distributions.ts'

const buckets = (counts: readonly number[], sum: number): BucketState => ({
  type: 'buckets',
  count: counts.reduce((total, count) => total + count, 0),
  sum,
  min: 0,
  max: 9,
  cumulative: true,
  bounds: [1, 2],
  counts,
})

const exponential = (scale: number, offset: number, counts: readonly number[]): ExponentialState => ({
  type: 'exponential',
  count: counts.reduce((total, count) => total + count, 0),
  sum: 1,
  min: Number.NaN,
  max: Number.NaN,
  cumulative: true,
  scale,
  zeroThreshold: 0,
  zeroCount: 0,
  positive: { offset, counts },
  negative: { offset: 0, counts: [] },
})

describe('running histograms become amounts', () => {
  test('the first only sets the base line when it began before anyone watched', () => {
    const running = new CumulativeDistributions(1_000)
    expect(running.difference(0, 2_000, 500, buckets([1, 2, 3], 10))).toMatchObject({ count: 0, sum: 0 })
    expect(running.difference(0, 3_000, 500, buckets([2, 2, 5], 16))).toMatchObject({
      count: 3,
      sum: 6,
      counts: Float64Array.of(1, 0, 2),
      cumulative: false,
      min: Number.NaN,
    })
    expect(running.difference(1, 2_000, 1_500, buckets([1, 2, 3], 10))).toMatchObject({ count: 6, sum: 10 })
  })

  test('a repeat is a duplicate, an older one cannot be told', () => {
    const running = new CumulativeDistributions(0)
    running.difference(0, 2_000, 1, buckets([1, 0, 0], 1))
    expect(running.difference(0, 2_000, 1, buckets([1, 0, 0], 1))).toBe('duplicate')
    expect(running.difference(0, 1_999, 1, buckets([1, 0, 0], 1))).toBe('out-of-order')
  })

  test('a new start, other bounds or a smaller count is a reset', () => {
    const running = new CumulativeDistributions(0)
    running.difference(0, 1_000, 1, buckets([5, 5, 5], 50))
    expect(running.difference(0, 2_000, 1_500, buckets([1, 0, 0], 1))).toMatchObject({ count: 1, sum: 1 })
    expect(running.difference(0, 3_000, 1_500, buckets([0, 1, 0], 2))).toMatchObject({ count: 1, sum: 2 })
    const other = { ...buckets([7, 0, 0], 3), bounds: [1, 3] }
    expect(running.difference(0, 4_000, 1_500, other)).toMatchObject({ count: 7 })
  })

  test('a sender may lower its scale between two reports', () => {
    const running = new CumulativeDistributions(0)
    running.difference(0, 1_000, 1, exponential(1, -3, [1, 2, 3, 4]))
    // Bins -3, -2, -1, 0 of scale 1 are bins -2, -1, -1, 0 of scale 0.
    expect(running.difference(0, 2_000, 1, exponential(0, -2, [1, 6, 4, 9]))).toMatchObject({
      count: 10,
      positive: { offset: -2, counts: Float64Array.of(0, 1, 0, 9) },
    })
  })

  describe('a widened zero threshold is no reset', () => {
    const widened = (
      zeroThreshold: number,
      zeroCount: number,
      offset: number,
      counts: readonly number[],
      negative: ExponentialState['negative'] = { offset: 0, counts: [] },
    ): ExponentialState => {
      const state = exponential(0, offset, counts)
      const below = Array.from(negative.counts).reduce((total, count) => total + count, 0)
      return { ...state, count: state.count + zeroCount + below, zeroThreshold, zeroCount, negative }
    }
    const after = (before: ExponentialState, now: ExponentialState) => {
      const running = new CumulativeDistributions(0)
      running.difference(0, 1_000, 1, before)
      const amount = running.difference(0, 2_000, 1, now)
      // What comes out must be a state that can be stored.
      expect(decodeDistribution(encodeDistribution(amount as ExponentialState))).toMatchObject({ cumulative: false })
      return amount
    }

    test('when all bins went into the zero count', () => {
      const amount = after(widened(0, 0, -3, [100]), widened(1, 101, 0, []))
      expect(amount).toMatchObject({ count: 1, zeroCount: 1, zeroThreshold: 1 })
    })

    test('when some bins of both signs did, and others grew', () => {
      // Bins -2, -1 are (1/4, 1/2] and (1/2, 1]; bins 0 and 1 are (1, 2] and (2, 4].
      const before = widened(0.125, 5, -2, [1, 2, 3, 4], { offset: -1, counts: [7, 1] })
      const now = widened(1, 5 + 1 + 2 + 7 + 6, 0, [3, 9], { offset: 0, counts: [2] })
      expect(after(before, now)).toMatchObject({
        count: 6 + 5 + 1,
        zeroCount: 6,
        positive: { offset: 0, counts: Float64Array.of(0, 5) },
        negative: { offset: 0, counts: Float64Array.of(1) },
      })
    })

    test('when the sender lowered its scale as well', () => {
      const before = { ...exponential(1, -3, [1, 2, 3, 4]), zeroThreshold: 0 }
      // At scale 0 the bins are -2: 1, -1: 5, 0: 4.
      expect(after(before, widened(0.5, 1, -1, [6, 4]))).toMatchObject({
        count: 1,
        zeroCount: 0,
        positive: { offset: -1, counts: Float64Array.of(1, 0) },
      })
    })

    test('when the threshold lies in a bin, which then counts as zero whole', () => {
      // 0.75 lies in bin -1, (1/2, 1]; 3 of its 8 events went below.
      expect(after(widened(0, 0, -1, [8, 2]), widened(0.75, 4, -1, [5, 2]))).toMatchObject({
        count: 1,
        zeroCount: 1,
        zeroThreshold: 1,
        positive: { offset: 0, counts: Float64Array.of(0) },
      })
    })

    test('but fewer events than before still are one', () => {
      expect(after(widened(0, 0, -3, [100]), widened(1, 7, 0, [2]))).toMatchObject({ count: 9, zeroCount: 7 })
    })
  })
})
