import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearestRank } from '../../src/aggregate/rank.ts'

describe('nearestRank', () => {
  it.each([
    { of: 10, percentile: '10', digits: 10, scale: 2, rank: 1 },
    { of: 10, percentile: '50', digits: 50, scale: 2, rank: 5 },
    { of: 10, percentile: '90', digits: 90, scale: 2, rank: 9 },
    { of: 100, percentile: '7', digits: 7, scale: 2, rank: 7 },
    { of: 41_000, percentile: '99.9', digits: 999, scale: 3, rank: 40_959 },
    { of: 10, percentile: '0', digits: 0, scale: 2, rank: 1 },
    { of: 10, percentile: '100', digits: 100, scale: 2, rank: 10 },
    { of: 1, percentile: '50', digits: 50, scale: 2, rank: 1 },
    { of: 11, percentile: '50', digits: 50, scale: 2, rank: 6 },
    { of: 3, percentile: '0.000000000000000000000001', digits: 1, scale: 26, rank: 1 },
    { of: 2 ** 53, percentile: '100', digits: 100, scale: 2, rank: 2 ** 53 },
    { of: 2 ** 53, percentile: '99.9', digits: 999, scale: 3, rank: 8_998_192_055_486_252 },
  ])('of $of values, percentile $percentile is number $rank', ({ of, digits, scale, rank }) => {
    expect(nearestRank({ digits, scale }, of)).toBe(rank)
  })

  it('is the ceiling of the exact fraction for every size and decimal', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
    fc.assert(
      fc.property(sizes, fc.integer({ min: 2, max: 9 }), fc.nat(), (n, scale, seed) => {
        const digits = seed % (10 ** scale + 1)
        const rank = BigInt(nearestRank({ digits, scale }, n))
        const [product, divisor] = [BigInt(digits) * BigInt(n), 10n ** BigInt(scale)]
        expect(rank * divisor >= product).toBe(true)
        expect(rank === 1n || (rank - 1n) * divisor < product).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
