import fc from 'fast-check'
import { nearestRank } from '../../src/aggregate/rank.ts'
import { ExponentialSketch } from '../../src/aggregate/sketch/exponential/sketch.ts'
import type { PercentileRank } from '../../src/plan/query-plan.ts'

export function sketchOf(
  values: ArrayLike<number>,
  options?: { scale?: number; zeroThreshold?: number },
): ExponentialSketch {
  const sketch = new ExponentialSketch(options)
  sketch.addMany(Float64Array.from(values), 0, values.length)
  return sketch
}

/** The value of nearest rank among raw values. */
export function exactQuantile(values: ArrayLike<number>, rank: PercentileRank): number {
  return Float64Array.from(values).sort()[nearestRank(rank, values.length) - 1]! + 0
}

/** Values of every magnitude and sign, with zeros and repeats, in sets on either side of the exact limit. */
export const valueSets: fc.Arbitrary<number[]> = fc
  .record({ center: fc.integer({ min: -40, max: 40 }), width: fc.integer({ min: 0, max: 12 }) })
  .chain(({ center, width }) => {
    const magnitude = fc.double({ min: -1, max: 1, noNaN: true }).map((x) => 2 ** (center + x * width))
    const value = fc.oneof(
      { weight: 6, arbitrary: magnitude },
      { weight: 2, arbitrary: magnitude.map((x) => -x) },
      { weight: 1, arbitrary: fc.constantFrom(0, -0, 1, -1, 2, 1024, 0.5) },
    )
    return fc.oneof(
      fc.array(value, { minLength: 1, maxLength: 63 }),
      fc.array(value, { minLength: 64, maxLength: 400 }),
    )
  })

export const ranks: fc.Arbitrary<PercentileRank> = fc.record({
  digits: fc.integer({ min: 0, max: 1000 }),
  scale: fc.constant(3),
})
