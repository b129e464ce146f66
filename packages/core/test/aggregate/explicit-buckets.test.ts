import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BucketState } from '../../src/aggregate/distribution-state.ts'
import { ExponentialSketch } from '../../src/aggregate/sketch/exponential/sketch.ts'
import { exactQuantile, ranks, sketchOf, valueSets } from './fixture.ts'

const MEDIAN = { digits: 50, scale: 2 }

function bucketState(bounds: number[], counts: number[], extremes: Partial<BucketState> = {}): BucketState {
  const count = counts.reduce((total, next) => total + next, 0)
  return {
    type: 'buckets',
    count,
    sum: 0,
    min: Number.NaN,
    max: Number.NaN,
    cumulative: false,
    bounds,
    counts,
    ...extremes,
  }
}

function sketchOfBuckets(state: BucketState): ExponentialSketch {
  const sketch = new ExponentialSketch()
  sketch.mergeDistribution(state)
  return sketch
}

function histogramOf(values: number[], bounds: number[], recordExtremes: boolean): BucketState {
  const counts = Array<number>(bounds.length + 1).fill(0)
  for (const value of values) {
    const bucket = bounds.findIndex((bound) => value <= bound)
    counts[bucket === -1 ? bounds.length : bucket]!++
  }
  const extremes = recordExtremes ? { min: Math.min(...values), max: Math.max(...values) } : {}
  return bucketState(bounds, counts, extremes)
}

describe('explicit buckets', () => {
  it.each([
    { name: 'between bounds of one sign', bounds: [10, 20], counts: [0, 5, 0], middle: 40 / 3, error: 1 / 3 },
    { name: 'between negative bounds', bounds: [-20, -10], counts: [0, 5, 0], middle: -40 / 3, error: 1 / 3 },
    { name: 'in a bucket that touches zero', bounds: [0, 20], counts: [0, 5, 0], middle: 0, error: 1 },
    { name: 'in a bucket that crosses zero', bounds: [-5, 20], counts: [0, 5, 0], middle: 0, error: 1 },
    { name: 'above the last bound', bounds: [10, 20], counts: [0, 0, 5], middle: 20, error: 1 },
    { name: 'below the first bound', bounds: [-10, 20], counts: [5, 0, 0], middle: -10, error: 1 },
    { name: 'in a single bucket without bounds', bounds: [], counts: [5], middle: 0, error: 1 },
  ])('puts events $name where the worst error is least', ({ bounds, counts, middle, error }) => {
    const sketch = sketchOfBuckets(bucketState(bounds, counts))
    const mapping = 0.005415159415902569
    expect(sketch.sketchName).toBe('buckets')
    expect(sketch.count).toBe(5)
    expect(Math.abs(sketch.quantile(MEDIAN)! - middle)).toBeLessThanOrEqual(Math.abs(middle) * mapping * 1.000001)
    expect(sketch.relativeError).toBeCloseTo(error === 1 ? 1 : error + mapping * (1 + error), 12)
  })

  it('closes and narrows the end buckets by recorded extremes', () => {
    const sketch = sketchOfBuckets(bucketState([10, 20], [3, 0, 3], { min: 9, max: 22 }))
    expect(sketch.relativeError).toBeLessThan(0.06)
    expect([sketch.quantile({ digits: 0, scale: 0 }), sketch.quantile({ digits: 1, scale: 0 })]).toEqual([9, 22])
  })

  it('does not believe extremes that contradict the counts', () => {
    const sketch = sketchOfBuckets(bucketState([10, 20], [0, 4, 0], { min: 500, max: -3 }))
    expect(sketch.quantile(MEDIAN)).toBeGreaterThan(10)
    expect(sketch.quantile(MEDIAN)).toBeLessThan(20)
  })

  it('counts the error of non-empty buckets only', () => {
    const sketch = sketchOfBuckets(bucketState([0, 100, 110, 5000], [0, 0, 5, 0, 0]))
    expect(sketch.relativeError).toBeLessThan(0.06)
  })

  it('states an error that holds against the raw values, alone and merged with others', () => {
    const sortedBounds = fc
      .uniqueArray(fc.oneof(fc.constant(0), fc.double({ min: -1e4, max: 1e4, noNaN: true })), { maxLength: 30 })
      .map((bounds) => bounds.map((bound) => bound + 0).sort((a, b) => a - b))
      .map((bounds) => bounds.filter((bound, i) => i === 0 || bound !== bounds[i - 1]))
    const cases = fc.record({ values: valueSets, others: valueSets, bounds: sortedBounds, recorded: fc.boolean() })
    fc.assert(
      fc.property(
        cases,
        fc.array(ranks, { minLength: 5, maxLength: 20 }),
        ({ values, others, bounds, recorded }, asked) => {
          const alone = sketchOfBuckets(histogramOf(values, bounds, recorded))
          const together = sketchOf(others, { scale: 4 })
          together.merge(alone)
          for (const [sketch, raw] of [
            [alone, values],
            [together, [...values, ...others]],
          ] as const) {
            expect(sketch.count).toBe(raw.length)
            for (const rank of asked) {
              const exact = exactQuantile(raw, rank)
              const allowed = Math.abs(exact) * sketch.relativeError * (1 + 1e-12)
              expect(Math.abs(sketch.quantile(rank)! - exact)).toBeLessThanOrEqual(allowed)
            }
          }
        },
      ),
    )
  })
})
