import { describe, expect, it } from 'vitest'
import type { ExponentialState } from '../../src/aggregate/distribution-state.ts'
import { MAX_BINS } from '../../src/aggregate/sketch/exponential/bins.ts'
import { ExponentialSketch } from '../../src/aggregate/sketch/exponential/sketch.ts'
import { exactQuantile, sketchOf } from './fixture.ts'

const MEDIAN = { digits: 50, scale: 2 }
const P99 = { digits: 99, scale: 2 }

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

function exponentialState(parts: Partial<ExponentialState>): ExponentialState {
  const empty = { offset: 0, counts: [] }
  const totals = { count: 0, sum: 0, min: Number.NaN, max: Number.NaN, cumulative: false }
  return {
    type: 'exponential',
    ...totals,
    scale: 6,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: empty,
    negative: empty,
    ...parts,
  }
}

/** Bins in use and their counts. */
function binned(sketch: ExponentialSketch) {
  const state = sketch.toState()
  if (state.form === 'exact') throw new TypeError('the sketch is exact')
  return state
}

describe('ExponentialSketch', () => {
  it('has no quantile before the first value', () => {
    const sketch = new ExponentialSketch()
    expect(sketch.quantile(MEDIAN)).toBeNull()
    expect([sketch.count, sketch.isExact, sketch.relativeError, sketch.scale]).toEqual([0, true, 0, 6])
  })

  it('is exact below 64 values and in bins from then on', () => {
    const sketch = sketchOf(upTo(63))
    expect([sketch.sketchName, sketch.relativeError, sketch.quantile(MEDIAN)]).toEqual(['exact', 0, 32])
    sketch.add(64)
    expect([sketch.sketchName, sketch.isExact, sketch.count]).toEqual(['exponential', false, 64])
    expect(sketch.relativeError).toBeCloseTo(0.0054, 4)
    expect(Math.abs(sketch.quantile(MEDIAN)! - 32) / 32).toBeLessThanOrEqual(sketch.relativeError)
  })

  it('stays exact while merged exact ones have fewer than 64 values together', () => {
    const sketch = sketchOf(upTo(30))
    sketch.merge(sketchOf(upTo(33)))
    expect([sketch.isExact, sketch.count]).toEqual([true, 63])
    sketch.merge(sketchOf([1]))
    expect([sketch.isExact, sketch.count]).toEqual([false, 64])
  })

  it('goes to the smaller scale and the larger zero threshold of a merge', () => {
    const fine = sketchOf(upTo(100), { scale: 8 })
    const coarse = sketchOf(upTo(100), { scale: 4, zeroThreshold: 2 })
    const whole = fine.clone()
    whole.merge(coarse)
    expect([whole.scale, whole.zeroThreshold, whole.count, whole.collapsed]).toEqual([4, 2, 200, false])
    expect(binned(whole).zeroCount).toBe(4)
    expect([fine.scale, fine.zeroThreshold]).toEqual([8, 0])
  })

  it('halves its resolution instead of dropping the tails', () => {
    const values = Array.from({ length: 600 }, (_, i) => 2 ** (i - 300))
    const sketch = sketchOf([...values, ...values.map((value) => -value)])
    const { positive, negative } = binned(sketch)
    expect(sketch.collapsed).toBe(true)
    expect(sketch.scale).toBe(1)
    expect(Math.max(positive.counts.length, negative.counts.length)).toBeLessThanOrEqual(MAX_BINS)
    const [tail, exact] = [sketch.quantile(P99)!, exactQuantile([...values, ...values.map((value) => -value)], P99)]
    expect(Math.abs(tail - exact) / exact).toBeLessThanOrEqual(sketch.relativeError * (1 + 1e-12))
  })

  it('holds all doubles at once', () => {
    const extremes = [Number.MIN_VALUE, 2 ** -1022, 1, Number.MAX_VALUE]
    const sketch = sketchOf([...extremes, ...extremes.map((value) => -value), ...upTo(64)])
    expect([sketch.scale, sketch.count]).toEqual([-1, 72])
    expect(sketch.quantile({ digits: 0, scale: 0 })).toBe(-Number.MAX_VALUE)
    expect(sketch.quantile({ digits: 1, scale: 0 })).toBe(Number.MAX_VALUE)
  })

  it('takes -0 for 0', () => {
    const sketch = sketchOf([-0, -0, 0])
    expect(sketch.quantile(MEDIAN)).toBe(0)
    sketch.addMany(new Float64Array(100).fill(-0), 0, 100)
    expect([sketch.quantile(MEDIAN), sketch.quantile({ digits: 0, scale: 0 })]).toEqual([0, 0])
  })

  it('ignores what is no number', () => {
    const odd = [Number.NaN, Infinity, -Infinity]
    const sketch = sketchOf([...odd, 1, 2, 3])
    expect(sketch.count).toBe(3)
    sketch.addMany(Float64Array.from([...odd, ...upTo(100), ...odd]), 0, 106)
    for (const value of odd) sketch.add(value)
    for (const weight of [0, -1, Number.NaN, Infinity]) sketch.addWeighted(5, weight)
    expect(sketch.count).toBe(103)
  })

  it('counts past 2^32 and in fractions', () => {
    const sketch = sketchOf(upTo(100))
    sketch.addWeighted(7, 2 ** 32 - 1)
    sketch.addWeighted(7, 10)
    for (const value of [7, 8]) sketch.add(value)
    expect(sketch.count).toBe(2 ** 32 + 111)
    expect(Math.max(...Array.from(binned(sketch).positive.counts))).toBe(2 ** 32 + 11)
    const fractions = new ExponentialSketch()
    fractions.addWeighted(1, 0.25)
    fractions.addWeighted(100, 0.75)
    expect(fractions.count).toBe(1)
    expect(fractions.quantile({ digits: 25, scale: 2 })).toBe(1)
    expect(fractions.quantile(MEDIAN)).toBe(100)
  })

  it('forgets everything but its settings and its memory on reset', () => {
    const sketch = sketchOf(Array.from({ length: 600 }, (_, i) => 2 ** (i - 300)))
    const bytes = sketch.stateBytes
    sketch.reset()
    expect([sketch.count, sketch.isExact, sketch.scale, sketch.collapsed]).toEqual([0, true, 6, false])
    expect(sketch.stateBytes).toBe(bytes)
    sketch.addMany(Float64Array.from(upTo(100)), 0, 100)
    expect(sketch.toState()).toEqual(sketchOf(upTo(100)).toState())
  })

  it('refuses a scale and a zero threshold out of range', () => {
    expect(() => new ExponentialSketch({ scale: 21 })).toThrow(RangeError)
    expect(() => new ExponentialSketch({ zeroThreshold: -1 })).toThrow(RangeError)
    expect(() => new ExponentialSketch({ zeroThreshold: Number.NaN })).toThrow(RangeError)
  })

  describe('with a ready-made exponential histogram', () => {
    it('takes over its bins, whatever their scale', () => {
      const values = upTo(200)
      const { positive } = binned(sketchOf(values, { scale: 8 }))
      const sketch = new ExponentialSketch()
      sketch.mergeDistribution(exponentialState({ count: 200, min: 1, max: 200, scale: 8, positive }))
      expect(sketch.toState()).toEqual(sketchOf(values).toState())
    })

    it('bounds quantiles by the outer bins when no extremes were recorded', () => {
      const sketch = new ExponentialSketch()
      const [positive, negative] = [
        { offset: 2, counts: [1, 0, 1] },
        { offset: 0, counts: [1] },
      ]
      sketch.mergeBins(exponentialState({ count: 4, scale: 0, zeroCount: 1, positive, negative }))
      const { min, max, minSeen, maxSeen } = binned(sketch)
      expect([min, max, minSeen, maxSeen]).toEqual([-2, 32, false, false])
      expect(sketch.quantile({ digits: 1, scale: 0 })).toBeCloseTo((2 * 16 * 32) / 48, 10)
    })

    it('takes recorded extremes of a cumulative one for bounds only', () => {
      const sketch = new ExponentialSketch()
      const positive = { offset: 2, counts: [100] }
      sketch.mergeBins(exponentialState({ count: 100, min: 1, max: 900, cumulative: true, scale: 0, positive }))
      expect(sketch.quantile({ digits: 1, scale: 0 })).toBeCloseTo((2 * 4 * 8) / 12, 10)
    })

    it('counts fractions and more than 2^32', () => {
      const sketch = new ExponentialSketch()
      sketch.mergeBins(exponentialState({ count: 2 ** 40 + 0.5, positive: { offset: 0, counts: [2 ** 40, 0.5] } }))
      expect(sketch.count).toBe(2 ** 40 + 0.5)
      expect(Array.from(binned(sketch).positive.counts)).toEqual([2 ** 40, 0.5])
    })

    it('changes nothing when it is empty', () => {
      const sketch = sketchOf(upTo(10))
      sketch.mergeBins(exponentialState({ scale: 2, positive: { offset: 5, counts: [0, 0] } }))
      expect([sketch.isExact, sketch.scale, sketch.count]).toEqual([true, 6, 10])
    })

    it('refuses a scale out of range', () => {
      expect(() => new ExponentialSketch().mergeBins(exponentialState({ scale: 30 }))).toThrow(RangeError)
    })
  })
})
