import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BucketState, DistributionState, ExponentialState } from '../../src/aggregate/distribution-state.ts'
import {
  decodeDistribution,
  decodeSketch,
  encodeDistribution,
  encodeSketch,
  readStateHeader,
} from '../../src/aggregate/state-codec.ts'
import { WindrowError } from '../../src/errors.ts'
import { sketchOf } from './fixture.ts'

/** A seeded generator (mulberry32): the mutations are the same on every run. */
function randomOf(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (((mixed ^ (mixed >>> 14)) >>> 0) * end) / 2 ** 32
  }
}

function lognormal(length: number): Float64Array {
  const random = randomOf(1)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random(1))) * Math.cos(2 * Math.PI * random(1))
  return Float64Array.from({ length }, () => Math.exp(normal()))
}

const sumOf = (counts: ArrayLike<number>): number => Array.from(counts).reduce((total, next) => total + next, 0)

const exponential: ExponentialState = {
  type: 'exponential',
  count: 4217,
  sum: 1e6,
  min: -50,
  max: 900.5,
  cumulative: true,
  scale: 3,
  zeroThreshold: 0.001,
  zeroCount: 7,
  positive: { offset: -20, counts: Float64Array.of(0, 3, 200, 0, 0, 0, 4000, 0) },
  negative: { offset: 40, counts: Float64Array.of(7) },
}
const buckets: BucketState = {
  type: 'buckets',
  count: 70_012,
  sum: Number.NaN,
  min: Number.NaN,
  max: Number.NaN,
  cumulative: false,
  bounds: Float64Array.of(-1, 0, 0.005, 0.01, 10),
  counts: Float64Array.of(0, 0, 5, 70_000, 0, 7),
}
const fractional: ExponentialState = {
  ...exponential,
  count: 0.75 + 1e-3,
  cumulative: false,
  zeroThreshold: 0,
  zeroCount: 1e-3,
  positive: { offset: 5, counts: Float64Array.of(0.25, 0, 0.5) },
  negative: { offset: 0, counts: new Float64Array(0) },
}
const distributions = { exponential, buckets, fractional }

const binnedSketch = sketchOf([...lognormal(300), ...lognormal(80).map((value) => -value), 0, 0])
const mixedSketch = binnedSketch.clone()
mixedSketch.mergeBuckets(buckets)
mixedSketch.addWeighted(3, 0.5)
const sketches = { exact: sketchOf([3, -1, 0, 2.5], { zeroThreshold: 1e-9 }), binned: binnedSketch, mixed: mixedSketch }

const decoders = { distribution: decodeDistribution, sketch: decodeSketch }
const encoded = [
  ...Object.entries(distributions).map(([name, state]) => ({
    name,
    kind: 'distribution' as const,
    bytes: encodeDistribution(state, 9),
  })),
  ...Object.entries(sketches).map(([name, sketch]) => ({
    name,
    kind: 'sketch' as const,
    bytes: encodeSketch(sketch, 9),
  })),
]

/** Decodes; what comes out is valid, or the error is one of the two codes and names an offset. */
function judge(kind: 'distribution' | 'sketch', bytes: Uint8Array): 'valid' | 'refused' {
  try {
    const decoded = decoders[kind](bytes)
    if ('type' in decoded) encodeDistribution(decoded)
    else {
      const value = decoded.quantile({ digits: 99, scale: 2 })
      if (Number.isNaN(value)) throw new TypeError('quantile is NaN')
    }
    return 'valid'
  } catch (error) {
    if (!(error instanceof WindrowError) || !['STATE_CORRUPT', 'STATE_VERSION'].includes(error.code)) throw error
    const offset = error.details['offset']
    if (typeof offset !== 'number' || offset < 0 || offset > bytes.length) throw new TypeError(`offset is ${offset}`)
    return 'refused'
  }
}

describe('the state codec', () => {
  it.each(Object.entries(distributions))('gives the %s distribution back as it was', (_, state) => {
    expect(decodeDistribution(encodeDistribution(state, 3))).toEqual(state)
  })

  it('gives every distribution back as it was', () => {
    const counts = (least: number) =>
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: fc.nat() },
          fc.maxSafeNat().map((n) => n % 2 ** 45),
        ),
        {
          minLength: least,
          maxLength: 60,
        },
      )
    const totals = {
      sum: fc.double(),
      cumulative: fc.boolean(),
      min: fc.constantFrom(Number.NaN, -4, 0),
      max: fc.constantFrom(Number.NaN, 0, 4),
    }
    const row = fc.record({
      offset: fc.integer({ min: -1000, max: 1000 }),
      counts: counts(0).map((row) => Float64Array.from(row)),
    })
    const exponentials = fc
      .record({
        ...totals,
        scale: fc.integer({ min: 4, max: 20 }),
        zeroThreshold: fc.constantFrom(0, 0.5),
        zeroCount: fc.nat(),
        positive: row,
        negative: row,
      })
      .map((state): DistributionState => {
        const count = state.zeroCount + sumOf(state.positive.counts) + sumOf(state.negative.counts)
        return { type: 'exponential', count, ...state }
      })
    const bucketed = fc.record({ ...totals, counts: counts(1) }).map((state): DistributionState => {
      const bounds = Float64Array.from({ length: state.counts.length - 1 }, (_, i) => i * 1.5 - 7)
      return { type: 'buckets', ...state, count: sumOf(state.counts), bounds, counts: Float64Array.from(state.counts) }
    })
    fc.assert(
      fc.property(fc.oneof(exponentials, bucketed), (state) => {
        expect(decodeDistribution(encodeDistribution(state))).toEqual(state)
      }),
    )
  })

  it('carries type and tenant in its header', () => {
    expect(readStateHeader(encodeDistribution(buckets, 4_000_000_000))).toEqual({
      type: 'bucket-distribution',
      tenantId: 4_000_000_000,
    })
    expect(readStateHeader(encodeSketch(binnedSketch, 5))).toEqual({ type: 'binned-sketch', tenantId: 5 })
  })

  it('writes into a buffer that is large enough, and leaves one that is not', () => {
    const bytes = encodeDistribution(exponential)
    const large = new Uint8Array(500)
    const inPlace = encodeDistribution(exponential, 0, large)
    expect(inPlace.buffer).toBe(large.buffer)
    expect(inPlace).toEqual(bytes)
    expect(encodeDistribution(exponential, 0, new Uint8Array(20))).toEqual(bytes)
  })

  it('reads from the middle of a buffer', () => {
    const bytes = encodeDistribution(exponential)
    const around = new Uint8Array(bytes.length + 20).fill(0xff)
    around.set(bytes, 7)
    expect(decodeDistribution(around.subarray(2), 5, 5 + bytes.length)).toEqual(exponential)
    expect(() => decodeDistribution(around, 7, around.length + 1)).toThrow(WindrowError)
  })

  it('holds a million log-normal values in 1.6 KB, and runs of empty bins in a few bytes', () => {
    const values = lognormal(1_000_000)
    const bytes = encodeSketch(sketchOf(values))
    expect(bytes.length).toBeLessThanOrEqual(1600)
    const sparse = { offset: 0, counts: Float64Array.from({ length: 2000 }, (_, i) => (i % 1999 === 0 ? 1 : 0)) }
    const none = { offset: 0, counts: [] }
    const state = { ...exponential, count: 2, zeroCount: 0, positive: sparse, negative: none, scale: 20 }
    expect(encodeDistribution(state).length).toBeLessThan(70)
  })

  it.each(encoded)('refuses every prefix of $kind $name, and bytes after its end', ({ kind, bytes }) => {
    for (let length = 0; length < bytes.length; length++) expect(judge(kind, bytes.slice(0, length))).toBe('refused')
    expect(judge(kind, Uint8Array.of(...bytes, 0))).toBe('refused')
    expect(judge(kind, bytes)).toBe('valid')
  })

  it('takes or refuses 10,000 mutations, and never anything else', () => {
    const random = randomOf(20_240_501)
    const pick = (end: number) => Math.floor(random(end))
    const outcomes = { valid: 0, refused: 0 }
    for (let round = 0; round < 10_000; round++) {
      const { kind, bytes } = encoded[pick(encoded.length)]!
      const mutated = bytes.slice()
      for (let change = pick(3); change >= 0; change--) {
        const at = pick(mutated.length)
        const choice = pick(3)
        if (choice === 0) mutated[at] = pick(256)
        else if (choice === 1) mutated[at]! ^= 1 << pick(8)
        else mutated.copyWithin(at, pick(mutated.length))
      }
      outcomes[judge(kind, mutated)]++
    }
    expect(outcomes.valid).toBeGreaterThan(100)
    expect(outcomes.refused).toBeGreaterThan(1000)
  })

  it.each([
    { name: 'a count that is not the sum of its bins', state: { ...exponential, count: 4218 } },
    { name: 'a negative count', state: { ...buckets, counts: [0, 0, 5, 70_000, -7, 14] } },
    { name: 'a count that is not finite', state: { ...exponential, zeroCount: Infinity, count: Infinity } },
    { name: 'a scale out of range', state: { ...exponential, scale: 21 } },
    {
      name: 'bins outside of the doubles',
      state: { ...exponential, positive: { offset: 8190, counts: exponential.positive.counts } },
    },
    { name: 'bounds that do not ascend', state: { ...buckets, bounds: [0, 0, 1, 2, 3] } },
    { name: 'bounds that do not fit the counts', state: { ...buckets, bounds: [0, 1] } },
    { name: 'extremes in the wrong order', state: { ...exponential, min: 2, max: 1 } },
    { name: 'too many bins', state: { ...exponential, negative: { offset: 0, counts: new Uint32Array(20_000) } } },
  ])('does not encode $name', ({ state }) => {
    expect(() => encodeDistribution(state as DistributionState)).toThrow(
      expect.objectContaining({ code: 'STATE_CORRUPT' }),
    )
  })

  it('tells a newer version and another type apart from damage', () => {
    const newer = encodeDistribution(exponential)
    newer[2] = 2
    expect(() => decodeDistribution(newer)).toThrow(
      expect.objectContaining({ code: 'STATE_VERSION', details: { offset: 2, version: 2 } }),
    )
    const other = encodeSketch(binnedSketch)
    expect(() => decodeDistribution(other)).toThrow(
      expect.objectContaining({ code: 'STATE_CORRUPT', details: { offset: 3 } }),
    )
    expect(() => decodeSketch(encodeDistribution(buckets))).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }))
  })

  it('allocates nothing for a length that its bytes cannot hold', () => {
    const bytes = encodeDistribution(buckets)
    const boundsAt = 8 + 1 + 3 + 24
    expect(bytes[boundsAt]).toBe(5)
    const huge = Uint8Array.of(...bytes.slice(0, boundsAt), 0xff, 0xff, 0xff, 0xff, 0x7f, ...bytes.slice(boundsAt + 1))
    expect(judge('distribution', huge)).toBe('refused')
  })
})
