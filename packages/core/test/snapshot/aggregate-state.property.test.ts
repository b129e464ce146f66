import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExponentialSketch } from '../../src/aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../../src/aggregate/stats-cells.ts'
import type { SeriesInfo } from '../../src/registry/identity.ts'
import { Groups } from '../../src/window/groups.ts'
import { Pane } from '../../src/window/pane.ts'
import { ranks } from '../aggregate/fixture.ts'
import { throughSection } from './fixture.ts'

const magnitude = fc.double({ min: -60, max: 60, noNaN: true }).map((exponent) => 2 ** exponent)
const value = fc.oneof(
  magnitude,
  magnitude.map((x) => -x),
  fc.constantFrom(0, -0, 1, 1e308, -1e308, 5e-324),
)

type SketchStep =
  | { readonly add: number }
  | { readonly weighted: number; readonly weight: number }
  | { readonly many: readonly number[]; readonly scale: number; readonly zeroThreshold: number }
  | { readonly buckets: readonly number[] }
const sketchStep: fc.Arbitrary<SketchStep> = fc.oneof(
  { weight: 4, arbitrary: value.map((add) => ({ add })) },
  { weight: 2, arbitrary: fc.record({ weighted: value, weight: fc.constantFrom(1, 3, 0.1, 0.5, 1e-3, 2 ** 32) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      many: fc.array(value, { maxLength: 120 }),
      scale: fc.integer({ min: -3, max: 8 }),
      zeroThreshold: fc.constantFrom(0, 0, 1e-9, 0.3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ buckets: fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }) }) },
)

function play(sketch: ExponentialSketch, steps: readonly SketchStep[]): ExponentialSketch {
  for (const step of steps)
    if ('add' in step) sketch.add(step.add)
    else if ('weighted' in step) sketch.addWeighted(step.weighted, step.weight)
    else if ('many' in step) {
      const other = new ExponentialSketch({ scale: step.scale, zeroThreshold: step.zeroThreshold })
      other.addMany(Float64Array.from(step.many), 0, step.many.length)
      sketch.merge(other)
    } else
      sketch.mergeBuckets({
        type: 'buckets',
        bounds: [1, 2],
        counts: step.buckets,
        count: step.buckets.reduce((total, count) => total + count, 0),
        sum: 1,
        min: Number.NaN,
        max: Number.NaN,
        cumulative: false,
      })
  return sketch
}

/** Every number that a sketch shows. */
function faceOf(sketch: ExponentialSketch): unknown {
  return {
    state: plain(sketch.toState()),
    count: sketch.count,
    name: sketch.sketchName,
    relativeError: sketch.relativeError,
    quantiles: [0, 1, 250, 500, 990, 1_000].map((digits) => sketch.quantile({ digits, scale: 3 })),
  }
}

/** Bins that hold fractions and none that do are of different types but equal counts. */
function plain(state: unknown): unknown {
  return JSON.parse(
    JSON.stringify(state, (_, inner) =>
      ArrayBuffer.isView(inner) ? Array.from(inner as Float64Array) : typeof inner === 'number' ? String(inner) : inner,
    ),
  )
}

async function copyOf(sketch: ExponentialSketch): Promise<ExponentialSketch> {
  const copies: ExponentialSketch[] = []
  await throughSection(
    (writer) => sketch.save(writer),
    (reader) => copies.push(ExponentialSketch.load(reader)),
  )
  return copies[0]!
}

test('a sketch does what it would have done, to the bit', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({ scale: fc.integer({ min: -3, max: 20 }), zeroThreshold: fc.constantFrom(0, 0, 1e-6, 1.5) }),
      fc.array(sketchStep, { maxLength: 30 }),
      fc.array(sketchStep, { maxLength: 30 }),
      ranks,
      async (options, before, after, rank) => {
        const sketch = play(new ExponentialSketch(options), before)
        const copy = await copyOf(sketch)
        expect(faceOf(copy)).toEqual(faceOf(sketch))
        expect(copy.quantile(rank)).toBe(sketch.quantile(rank))
        expect(faceOf(copy.clone())).toEqual(faceOf(sketch.clone()))
        play(sketch, after)
        play(copy, after)
        expect(faceOf(copy)).toEqual(faceOf(sketch))
        sketch.reset()
        copy.reset()
        expect(faceOf(play(copy, after))).toEqual(faceOf(play(sketch, after)))
      },
    ),
  ))

describe('cells', () => {
  const step = fc.record({
    slot: fc.nat(5),
    value: fc.oneof(value, fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.7e308)),
    many: fc.constantFrom(0, 0, 3),
  })
  const add = (cells: StatsCells, steps: readonly { slot: number; value: number; many: number }[]): StatsCells => {
    for (const { slot, value: number, many } of steps) {
      if (slot >= cells.slots) cells.grow(slot + 1)
      if (many === 0) cells.add(slot, number)
      else cells.addTotals(slot, many, number, Number.NaN, number)
    }
    return cells
  }
  const face = (cells: StatsCells) =>
    Array.from({ length: cells.slots }, (_, slot) => [
      cells.count(slot),
      cells.sum(slot),
      cells.mean(slot),
      cells.min(slot),
      cells.max(slot),
    ])

  test('go on as they would have', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step), fc.array(step), async (before, after) => {
        const cells = add(new StatsCells(2), before)
        // What the copy had before is no more.
        const copy = add(new StatsCells(1), [{ slot: 0, value: Number.POSITIVE_INFINITY, many: 0 }])
        await throughSection(
          (writer) => cells.save(writer),
          (reader) => copy.load(reader),
        )
        expect(Buffer.from(copy.cells.buffer).equals(Buffer.from(cells.cells.buffer))).toBe(true)
        expect(face(copy)).toEqual(face(cells))
        expect(face(add(copy, after))).toEqual(face(add(cells, after)))
      }),
    ))
})

describe('groups', () => {
  const dimensions = [
    { kind: 'label', name: 'zone' },
    { kind: 'topology', name: 'server' },
    { kind: 'label', name: '__proto__' },
  ] as const
  const seriesOf = ([server, ...labels]: readonly [string, string | null, string | null]): SeriesInfo =>
    ({
      server,
      labels: labels.flatMap((text, i) => (text === null ? [] : [[i === 0 ? 'zone' : '__proto__', text]])),
    }) as unknown as SeriesInfo
  const text = fc.constantFrom('', 'a', 'b', '1:a', '\ud800')
  const series = fc.tuple(text, fc.option(text), fc.option(text)).map(seriesOf)

  test.each([0, 1, 3])('of %i dimensions keep their slots', (count) =>
    fc.assert(
      fc.asyncProperty(fc.array(series), fc.array(series), async (before, after) => {
        const groups = new Groups(dimensions.slice(0, count))
        for (const one of before) groups.slotOf(one)
        const then = groups.count
        const copy = new Groups(dimensions.slice(0, count))
        await throughSection(
          (writer) => {
            for (const one of after) groups.slotOf(one)
            groups.save(writer, then)
          },
          (reader) => copy.load(reader),
        )
        expect(copy.count).toBe(then)
        for (const one of [...after, ...before]) expect(copy.slotOf(one)).toBe(groups.slotOf(one))
        expect([...copy.ordered()].map((slot) => copy.values(slot))).toEqual(
          [...groups.ordered()].map((slot) => groups.values(slot)),
        )
      }),
    ),
  )

  test('of other dimensions are refused, and so are groups where there are some', async () => {
    const groups = new Groups(dimensions)
    groups.slotOf(seriesOf(['s', null, 'x']))
    for (const other of [new Groups(dimensions.slice(0, 2)), groups])
      await expect(
        throughSection(
          (writer) => groups.save(writer),
          (reader) => other.load(reader),
        ),
      ).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  })
})

test('a pane comes back with its cells, sketches, series and bounds', () =>
  fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.record({ slot: fc.nat(9), value, series: fc.nat(100), bound: fc.boolean() })),
      fc.array(fc.nat(9)),
      async (withSketches, samples, later) => {
        const pane = new Pane(-10_000, 5_000, 10, 101, withSketches)
        for (const sample of samples) {
          pane.stats.add(sample.slot, sample.value)
          pane.seen[sample.series >>> 5]! |= 1 << (sample.series & 31)
          pane.lastMs = Math.max(pane.lastMs, sample.series)
          if (sample.bound) {
            pane.boundExtremes ??= new Set()
            pane.boundExtremes.add(sample.slot)
          }
          if (pane.sketches === undefined) continue
          while (pane.sketches.length <= sample.slot) pane.sketches.push(undefined)
          pane.sketches[sample.slot] ??= new ExponentialSketch()
          pane.sketches[sample.slot]!.add(sample.value)
        }
        const copies: Pane[] = []
        await throughSection(
          (writer) => pane.save(writer),
          (reader) => copies.push(Pane.load(reader)),
        )
        const copy = copies[0]!
        const face = (one: Pane) => ({
          times: [one.startMs, one.endMs, one.lastMs],
          seen: one.seen,
          stats: Array.from({ length: 10 }, (_, slot) => [
            one.stats.count(slot),
            one.stats.sum(slot),
            one.stats.min(slot),
          ]),
          sketches: one.sketches?.map((sketch) => sketch && faceOf(sketch)),
          bounds: Array.from({ length: 10 }, (_, slot) => one.hasBoundExtremes(slot)),
        })
        expect(face(copy)).toEqual(face(pane))
        const next = new Pane(5_000, 6_000, 10, 101, withSketches)
        for (const slot of later) next.stats.add(slot, 0.1)
        pane.absorb(next)
        copy.absorb(next)
        expect(face(copy)).toEqual(face(pane))
      },
    ),
  ))
