import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundarySignificand } from '../../src/aggregate/sketch/exponential/boundary.ts'
import { exponentialMapping } from '../../src/aggregate/sketch/exponential/mapping.ts'

const bits = new BigInt64Array(1)
const float = new Float64Array(bits.buffer)

/** The double `steps` places above a positive one. */
function ulps(value: number, steps: number): number {
  float[0] = value
  bits[0] = bits[0]! + BigInt(steps)
  return float[0]
}

const scales = Array.from({ length: 31 }, (_, i) => i - 10)
const { MIN_VALUE, MAX_VALUE } = Number

/**
 * Whether value <= 2^(boundary / 2^scale), from integers alone: value^(2^scale) <= 2^boundary, for scales small enough
 * that the power can be had.
 */
function atOrBelow(value: number, boundary: number, scale: number): boolean {
  float[0] = value
  const exponent = Number((bits[0]! >> 52n) & 0x7ffn)
  const mantissa = bits[0]! & (2n ** 52n - 1n)
  const [significand, power] = exponent === 0 ? [mantissa, -1074] : [mantissa | (2n ** 52n), exponent - 1075]
  const raised = significand ** BigInt(2 ** scale)
  const limitBits = boundary - power * 2 ** scale
  return limitBits >= 0 && raised <= 2n ** BigInt(limitBits)
}

describe('the exponential mapping', () => {
  describe.each(scales)('at scale %i', (scale) => {
    const mapping = exponentialMapping(scale)
    const perOctave = 2 ** scale
    const binOfOctave = (octave: number, above: boolean): number =>
      above ? Math.floor(octave * perOctave) : Math.ceil(octave * perOctave) - 1

    it('puts a power of two into the bin below it and its upper neighbour into the bin above', () => {
      const found: number[][] = []
      const expected: number[][] = []
      for (let octave = -1074; octave <= 1023; octave++) {
        const power = 2 ** octave
        // Among the subnormals a neighbour may be a good part of an octave away.
        const neighbours = octave < -1022 ? [0] : [-1, 0, 1]
        found.push([octave, ...neighbours.map((steps) => mapping.indexOf(ulps(power, steps)))])
        expected.push([octave, ...neighbours.map((steps) => binOfOctave(octave, steps === 1))])
      }
      expect(found).toEqual(expected)
    })

    it('holds every sampled bound to the last bit', () => {
      const octaves = [-1074, -1070, -1050, -1023, -1022, -1021, -1, 0, 1, 52, 1022, 1023]
      for (const octave of octaves) {
        for (const part of [0, 0.1, 0.25, 0.5, 0.61803, 0.9999, 1]) {
          const index = Math.floor((octave + part) * perOctave)
          const upper = mapping.upperBound(index)
          if (upper < MIN_VALUE) continue
          expect(mapping.indexOf(upper)).toBeLessThanOrEqual(index)
          if (upper < MAX_VALUE) expect(mapping.indexOf(ulps(upper, 1))).toBeGreaterThan(index)
        }
      }
    })

    it('reaches from the smallest to the largest double without a step back', () => {
      expect(mapping.minIndex).toBe(Math.ceil(-1074 * perOctave) - 1)
      expect(mapping.maxIndex).toBe(Math.ceil(1024 * perOctave) - 1)
      let last = mapping.minIndex
      let stepsBack = 0
      for (let value = MIN_VALUE; value < Infinity; value = value * 1.37 + MIN_VALUE) {
        const index = mapping.indexOf(value)
        if (index < last) stepsBack++
        last = index
      }
      expect(stepsBack).toBe(0)
    })
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('agrees with integer powers at scale %i', (scale) => {
    const mapping = exponentialMapping(scale)
    const significands = fc.bigInt({ min: 1n, max: 0x7fefffffffffffffn })
    fc.assert(
      fc.property(significands, (pattern) => {
        bits[0] = pattern
        const value = float[0]!
        // Powers of values far from 1 are as large as their exponent: keep those near it.
        fc.pre(value > 2 ** -30 && value < 2 ** 30)
        const index = mapping.indexOf(value)
        expect(atOrBelow(value, index + 1, scale)).toBe(true)
        expect(atOrBelow(value, index, scale)).toBe(false)
      }),
      { numRuns: 100 },
    )
    for (let k = 1; k < 2 ** scale; k++) {
      const bound = boundarySignificand(k, scale) / 2 ** 52
      expect(atOrBelow(bound, k, scale)).toBe(true)
      expect(atOrBelow(ulps(bound, 1), k, scale)).toBe(false)
      expect([mapping.indexOf(bound), mapping.indexOf(ulps(bound, 1))]).toEqual([k - 1, k])
    }
  })

  it('halves its resolution by a shift of the index', () => {
    const positive = fc.double({ min: MIN_VALUE, max: MAX_VALUE, noNaN: true })
    fc.assert(
      fc.property(positive, fc.integer({ min: -10, max: 19 }), (value, scale) => {
        expect(exponentialMapping(scale + 1).indexOf(value) >> 1).toBe(exponentialMapping(scale).indexOf(value))
      }),
      { numRuns: 5000 },
    )
  })

  it('states the error of its representatives', () => {
    expect(exponentialMapping(6).relativeError).toBeCloseTo(0.005415, 6)
    expect(exponentialMapping(5).relativeError).toBeCloseTo(0.01083, 6)
    expect(exponentialMapping(0).relativeError).toBeCloseTo(1 / 3, 15)
    expect(exponentialMapping(-10).relativeError).toBe(1)
    const normal = fc.double({ min: 2 ** -1000, max: 2 ** 1000, noNaN: true })
    fc.assert(
      fc.property(normal, fc.integer({ min: -3, max: 20 }), (value, scale) => {
        const mapping = exponentialMapping(scale)
        const error = Math.abs(mapping.representative(mapping.indexOf(value)) - value) / value
        expect(error).toBeLessThanOrEqual(mapping.relativeError * (1 + 1e-12) + 4e-16)
      }),
    )
  })

  it.each([-11, 21, 0.5, Number.NaN])('refuses scale %d', (scale) => {
    expect(() => exponentialMapping(scale)).toThrow(RangeError)
  })
})
