/**
 * Laws of the exponential sketch, over random values, scales, zero thresholds and shapes of merging:
 * 1. merging is commutative, bit for bit, and associative too, unless parts with different zero thresholds reach the bin
 *    limit: what one threshold would have taken for zero may have cost others resolution before
 * 2. merging is adding everything, bit for bit
 * 3. a quantile is within the stated relative error of the exact value of nearest rank
 * 4. neither the other sketch of a merge nor a clone's original changes
 * 5. decode after encode is identity
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ExponentialSketch } from '../../src/aggregate/sketch/exponential/sketch.ts'
import { decodeSketch, encodeSketch } from '../../src/aggregate/state-codec.ts'
import { exactQuantile, ranks, sketchOf, valueSets } from './fixture.ts'

const options = fc.record({
  scale: fc.integer({ min: -2, max: 12 }),
  zeroThreshold: fc.constantFrom(0, 0, 0, 2 ** -128, 0.001, 1, 3.7),
})
const sketches = fc.tuple(valueSets, options).map(([values, settings]) => sketchOf(values, settings))

/** Equal values, equal scale and threshold; the flag that tells how the scale was come by may differ with the order. */
function content(sketch: ExponentialSketch) {
  const state = sketch.toState()
  if (state.form === 'exact') return { ...state, values: [...state.values] }
  const { collapsed: _, positive, negative, ...rest } = state
  return {
    ...rest,
    positive: [positive.offset, ...Array.from(positive.counts)],
    negative: [negative.offset, ...Array.from(negative.counts)],
  }
}

function merged(...parts: ExponentialSketch[]): ExponentialSketch {
  const [first, ...others] = parts
  const whole = first!.clone()
  for (const other of others) whole.merge(other)
  return whole
}

describe('the exponential sketch', () => {
  it('merges in either order to the same bits', () => {
    fc.assert(
      fc.property(sketches, sketches, (a, b) => {
        expect(content(merged(a, b))).toEqual(content(merged(b, a)))
      }),
    )
  })

  it('merges in any grouping to the same bits', () => {
    const grouped = fc
      .record({ scale: fc.integer({ min: 0, max: 12 }), zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.001, 1) })
      .chain((settings) =>
        fc.array(
          valueSets.map((values) => sketchOf(values, settings)),
          { minLength: 3, maxLength: 3 },
        ),
      )
    // 80 octaves of values at scale 4 stay within the limit.
    const coarse = options.map(({ scale, zeroThreshold }) => ({ scale: Math.min(scale, 4), zeroThreshold }))
    const apart = fc.array(
      fc.tuple(valueSets, coarse).map(([values, settings]) => sketchOf(values, settings)),
      { minLength: 3, maxLength: 3 },
    )
    fc.assert(
      fc.property(fc.oneof(grouped, apart), (parts) => {
        const [a, b, c] = parts as [ExponentialSketch, ExponentialSketch, ExponentialSketch]
        expect(content(merged(merged(a, b), c))).toEqual(content(merged(a, merged(b, c))))
      }),
    )
  })

  it('merges to what adding everything gives', () => {
    fc.assert(
      fc.property(fc.array(valueSets, { minLength: 1, maxLength: 6 }), options, (sets, settings) => {
        const parts = merged(...sets.map((values) => sketchOf(values, settings)))
        expect(content(parts)).toEqual(content(sketchOf(sets.flat(), settings)))
      }),
    )
  })

  it('counts the same one at a time, many at a time and by weight', () => {
    fc.assert(
      fc.property(valueSets, options, fc.integer({ min: 1, max: 5 }), (values, settings, weight) => {
        const one = sketchOf([], settings)
        const weighted = sketchOf([], settings)
        const repeated = values.flatMap((value) => Array<number>(weight).fill(value))
        for (const value of repeated) one.add(value)
        for (const value of values) weighted.addWeighted(value, weight)
        const many = content(sketchOf(repeated, settings))
        expect(content(one)).toEqual(many)
        expect(content(weighted)).toEqual(many)
      }),
    )
  })

  it('keeps quantiles within the stated error through every shape of merging', () => {
    fc.assert(
      fc.property(
        fc.array(valueSets, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 2, max: 8 }), { minLength: 5, maxLength: 5 }),
        fc.array(ranks, { minLength: 1, maxLength: 20 }),
        (sets, scales, asked) => {
          const whole = merged(...sets.map((values, i) => sketchOf(values, { scale: scales[i]! })))
          const values = sets.flat()
          expect(whole.count).toBe(values.length)
          for (const rank of asked) {
            const exact = exactQuantile(values, rank)
            const allowed = Math.abs(exact) * whole.relativeError * (1 + 1e-12)
            expect(Math.abs(whole.quantile(rank)! - exact)).toBeLessThanOrEqual(allowed)
          }
          expect(whole.quantile({ digits: 0, scale: 2 })).toBe(Math.min(...values) + 0)
          expect(whole.quantile({ digits: 100, scale: 2 })).toBe(Math.max(...values) + 0)
        },
      ),
    )
  })

  it('leaves the merged sketch and the original of a clone as they were', () => {
    fc.assert(
      fc.property(sketches, sketches, (a, b) => {
        const [aBefore, bBefore] = [content(a), content(b)]
        const copy = a.clone()
        expect(content(copy)).toEqual(aBefore)
        copy.merge(b)
        copy.add(17)
        expect(content(a)).toEqual(aBefore)
        expect(content(b)).toEqual(bBefore)
      }),
    )
  })

  it('merges with itself to twice the counts', () => {
    fc.assert(
      fc.property(sketches, (a) => {
        const twice = merged(a, a.clone())
        a.merge(a)
        expect(content(a)).toEqual(content(twice))
      }),
    )
  })

  it('comes back from its encoding with all it knew', () => {
    fc.assert(
      fc.property(sketches, sketches, (a, b) => {
        const whole = merged(a, b)
        const bytes = encodeSketch(whole, 7)
        const decoded = decodeSketch(bytes)
        expect(content(decoded)).toEqual(content(whole))
        expect([decoded.count, decoded.collapsed, decoded.relativeError, decoded.sketchName]).toEqual([
          whole.count,
          whole.collapsed,
          whole.relativeError,
          whole.sketchName,
        ])
        expect(encodeSketch(decoded, 7)).toEqual(bytes)
      }),
    )
  })
})
