import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hrTimeHalves } from '../src/convert/hr-time.ts'

describe('times of the SDK', () => {
  it('keep every nanosecond', () => {
    const seconds = fc.integer({ min: 0, max: 18_446_744_072 })
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (s, nanos) => {
        const { high, low } = hrTimeHalves([s, nanos])
        expect(BigInt(high) * 2n ** 32n + BigInt(low)).toBe(BigInt(s) * 1_000_000_000n + BigInt(nanos))
      }),
    )
  })

  it.each([
    [-1, 0],
    [Number.NaN, 0],
    [1.5, 0],
    [1, 0.5],
    [18_446_744_074, 0],
    [Number.POSITIVE_INFINITY, 0],
  ])('[%d, %d] is no time', (seconds, nanos) => {
    expect(hrTimeHalves([seconds, nanos])).toEqual({ high: 0, low: 0 })
  })
})
