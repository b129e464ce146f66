import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BucketState, ExponentialState } from '../../src/aggregate/distribution-state.ts'
import { encodeDistribution } from '../../src/aggregate/state-codec.ts'
import { createSampleBatch, type MetricKind, SampleFlag, type SeriesRef } from '../../src/index.ts'
import { BatchDedup } from '../../src/ingest/batch-dedup.ts'
import { CumulativeDistributions } from '../../src/ingest/cumulative-distributions.ts'
import { Screen } from '../../src/ingest/screen.ts'
import { SeenSeconds } from '../../src/registry/seen-seconds.ts'
import { SeriesProgress } from '../../src/registry/series-progress.ts'
import { SeriesRegistry } from '../../src/registry/series-registry.ts'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import { type SectionLoaders, SectionType } from '../../src/snapshot/section-type.ts'
import { SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'
import { throughSection } from './fixture.ts'

const T0 = 1_700_000_000_000
const ANY_TIME = { oldestMs: Number.NEGATIVE_INFINITY, newestMs: Number.MAX_VALUE, progressMs: Number.MAX_VALUE }

async function through(save: (snapshot: SnapshotWriter) => void, loaders: SectionLoaders): Promise<void> {
  const snapshot = new SnapshotWriter({ createdMs: T0 })
  save(snapshot)
  await readSnapshot(snapshot.chunks(), loaders)
}

describe('batch ids', () => {
  const id = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'é', '\udfff'), fc.string({ maxLength: 4 }))
  const steps = fc.array(
    fc.oneof(
      fc.record({ remember: id, atMs: fc.integer({ min: 0, max: 100 }) }),
      fc.record({ expireMs: fc.nat(3_000) }),
    ),
    { maxLength: 40 },
  )
  const play = (
    batches: BatchDedup,
    list: readonly { remember?: string; atMs?: number; expireMs?: number }[],
  ): unknown[] => {
    let nowMs = Number.NEGATIVE_INFINITY
    return list.map(({ remember, atMs = 0, expireMs }) => {
      if (expireMs !== undefined) {
        nowMs = Math.max(nowMs, expireMs)
        batches.expire(nowMs)
      } else if (remember !== undefined) {
        const known = batches.has(remember)
        if (!known) batches.remember(remember, nowMs + atMs)
        return [known, batches.size]
      }
      return batches.size
    })
  }

  test('are known as long as they would have been', () =>
    fc.assert(
      fc.asyncProperty(steps, steps, async (before, after) => {
        const batches = new BatchDedup(1_000, 8)
        play(batches, before)
        const copy = new BatchDedup(1_000, 8)
        await throughSection(
          (writer) => batches.save(writer),
          (reader) => copy.load(reader),
        )
        expect(play(copy, after)).toEqual(play(batches, after))
      }),
    ))

  test('beyond the number there is room for, the oldest are forgotten', async () => {
    const batches = new BatchDedup(1_000)
    for (const known of ['a', 'b', 'c']) batches.remember(known, T0)
    const copy = new BatchDedup(1_000, 2)
    await throughSection(
      (writer) => batches.save(writer),
      (reader) => copy.load(reader),
    )
    expect(['a', 'b', 'c'].map((known) => copy.has(known))).toEqual([false, true, true])
  })
})

describe('progress of series', () => {
  const step = fc.record({
    ref: fc.nat(4),
    timeMs: fc.integer({ min: 0, max: 60 }).map((s) => T0 + s * 1_000),
    what: fc.constantFrom('sample', 'sample', 'sample', 'end'),
  })
  const play = (progress: SeriesProgress, list: readonly { ref: number; timeMs: number; what: string }[]) => {
    for (const { ref, timeMs, what } of list) {
      progress.ensure(ref + 1)
      if (what === 'end') progress.end(ref, timeMs)
      else if (timeMs > progress.lastMs[ref]!) {
        progress.advance(ref, timeMs, timeMs / 3)
        progress.lastStartMs[ref] = timeMs - 7
      } else progress.takeOlder(ref, timeMs)
    }
    return [0, 1, 2, 3, 4].map((ref) => [
      progress.firstMs[ref],
      progress.lastMs[ref],
      progress.lastValue[ref],
      progress.lastStartMs[ref],
      progress.intervalMs(ref),
    ])
  }

  test('goes on as it would have', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.array(step, { maxLength: 80 }), async (before, after) => {
        const progress = new SeriesProgress()
        play(progress, before)
        const copy = new SeriesProgress()
        await through((snapshot) => progress.save(snapshot, 5), copy.loaders())
        expect(play(copy, [])).toEqual(play(progress, []))
        expect(play(copy, after)).toEqual(play(progress, after))
      }),
    ))

  test('of many series comes in several sections', async () => {
    const progress = new SeriesProgress()
    progress.ensure(140_000)
    for (const ref of [0, 65_535, 65_536, 139_999]) progress.advance(ref, T0 + ref, ref)
    progress.end(139_999, T0 * 2)
    const copy = new SeriesProgress()
    await through((snapshot) => progress.save(snapshot, 140_000), copy.loaders())
    for (const column of ['firstMs', 'lastMs', 'lastValue'] as const)
      expect(
        Buffer.from(copy[column].buffer, 0, 140_000 * 8).equals(Buffer.from(progress[column].buffer, 0, 140_000 * 8)),
      ).toBe(true)
    copy.advance(139_999, T0 * 2 - 1, 1)
    expect(copy.firstMs[139_999]).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('seconds seen', () => {
  const PHASE_MS = [0, 250.5, 996]
  const sample = fc.record({
    ref: fc.nat(2),
    second: fc.integer({ min: -400, max: 400 }),
    jitterMs: fc.constantFrom(0, 0, 0, 0, 0, 0, 3),
  })
  /** Of the third series: amounts, in intervals of one length but for some. */
  const startOf = (ref: number, timeMs: number, jitterMs: number): number => (ref < 2 ? 0 : timeMs - 1_000 - jitterMs)
  type Sample = { readonly ref: number; readonly second: number; readonly jitterMs: number }

  /** What a screen with these bitmaps does; the verdicts on older samples. */
  const play = (seen: SeenSeconds, lastMs: number[], samples: readonly Sample[]): unknown[] =>
    samples.map(({ ref, second, jitterMs }) => {
      const timeMs = second * 1_000 + PHASE_MS[ref]! + jitterMs
      if (timeMs === lastMs[ref]) return 'duplicate'
      const startMs = startOf(ref, timeMs, jitterMs)
      if (timeMs < lastMs[ref]!) return seen.takeOlder(ref, lastMs[ref]!, timeMs, startMs)
      seen.advance(ref, lastMs[ref]!, timeMs, startMs)
      lastMs[ref] = timeMs
      return 'newer'
    })
  const fresh = (horizonMs: number): SeenSeconds => {
    const seen = new SeenSeconds(horizonMs)
    seen.ensure(3)
    return seen
  }
  const none = () => [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]

  test('tell repeats as they would have', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(sample, { maxLength: 100 }),
        fc.array(sample, { maxLength: 100 }),
        async (before, after) => {
          const seen = fresh(100_000)
          const lastMs = none()
          play(seen, lastMs, before)
          const copy = new SeenSeconds(100_000)
          const copyLastMs = lastMs.slice()
          await through((snapshot) => seen.save(snapshot, 3), {
            [SectionType.seenSeconds]: copy.loader((ref) => copyLastMs[ref]!),
          })
          expect(play(copy, copyLastMs, after)).toEqual(play(seen, lastMs, after))
        },
      ),
    ))

  test('are kept when the horizon changes, as far as both reach', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(sample, { maxLength: 100 }),
        fc.constantFrom([100_000, 300_000], [300_000, 100_000], [30_000, 40_000]),
        async (samples, [beforeMs, afterMs]) => {
          const seen = fresh(beforeMs!)
          const lastMs = none()
          // At fractions of a millisecond only the beat is kept.
          const kept = samples.map((one) => (one.ref === 1 ? { ...one, jitterMs: 0 } : one))
          play(seen, lastMs, kept)
          const copy = new SeenSeconds(afterMs!)
          await through((snapshot) => seen.save(snapshot, 3), {
            [SectionType.seenSeconds]: copy.loader((ref) => lastMs[ref]!),
          })
          const bothMs = Math.min(beforeMs!, afterMs!)
          for (const { ref, second, jitterMs } of kept) {
            const timeMs = second * 1_000 + PHASE_MS[ref]! + jitterMs
            const isWithin = timeMs < lastMs[ref]! && lastMs[ref]! - timeMs <= bothMs
            if (isWithin && seen.has(ref, lastMs[ref]!, timeMs, startOf(ref, timeMs, jitterMs)))
              expect(copy.takeOlder(ref, lastMs[ref]!, timeMs, startOf(ref, timeMs, jitterMs))).toBe(true)
          }
        },
      ),
    ))

  test('of many series come in several sections', async () => {
    const seen = new SeenSeconds(31_000)
    seen.ensure(40_000)
    for (const ref of [0, 1_023, 1_024, 32_767, 32_768, 39_999]) {
      seen.advance(ref, Number.NEGATIVE_INFINITY, 5_000 + ref / 64, 0)
      seen.advance(ref, 5_000 + ref / 64, 9_000 + ref / 64, 0)
    }
    for (const ref of [5, 32_769]) {
      seen.advance(ref, Number.NEGATIVE_INFINITY, 5_000, 0)
      seen.advance(ref, 5_000, 9_007, 0)
    }
    const copy = new SeenSeconds(31_000)
    await through((snapshot) => seen.save(snapshot, 40_000), { [SectionType.seenSeconds]: copy.loader(() => 9_007) })
    for (const ref of [0, 1_023, 1_024, 32_767, 32_768, 39_999])
      expect([5_000, 6_000].map((timeMs) => copy.takeOlder(ref, 9_000 + ref / 64, timeMs + ref / 64, 0))).toEqual([
        true,
        false,
      ])
    for (const ref of [5, 32_769])
      expect([5_000, 5_007, 9_007].map((timeMs) => copy.takeOlder(ref, 9_007, timeMs, 0))).toEqual([true, false, true])
  })
})

describe('running histograms', () => {
  const buckets: fc.Arbitrary<BucketState> = fc
    .tuple(
      fc.array(fc.nat(5), { minLength: 3, maxLength: 3 }),
      fc.constantFrom([1, 2], [1, 3]),
      fc.double({ min: 0, max: 9, noNaN: true }),
    )
    .map(([counts, bounds, sum]) => ({
      type: 'buckets',
      counts,
      bounds,
      sum,
      count: counts[0]! + counts[1]! + counts[2]!,
      min: Number.NaN,
      max: Number.NaN,
      cumulative: true,
    }))
  const exponential: fc.Arbitrary<ExponentialState> = fc
    .tuple(
      fc.array(fc.nat(5), { maxLength: 4 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: -2, max: 2 }),
      fc.nat(3),
    )
    .map(([counts, scale, offset, zeroCount]) => ({
      type: 'exponential',
      scale,
      zeroThreshold: 0,
      zeroCount,
      positive: { offset, counts },
      negative: { offset: 0, counts: [0.5, 0.25] },
      count: counts.reduce((total, count) => total + count, zeroCount + 0.75),
      sum: 1,
      min: Number.NaN,
      max: 3,
      cumulative: true,
    }))
  const report = fc.record({
    ref: fc.nat(3),
    timeMs: fc.nat(20),
    startMs: fc.constantFrom(0, 500, 1_500),
    state: fc.oneof(buckets, exponential),
  })
  const plain = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, inner) => (ArrayBuffer.isView(inner) ? Array.from(inner as Float64Array) : inner)),
    )

  test('are differenced as they would have been', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(report, { maxLength: 30 }),
        fc.array(report, { maxLength: 30 }),
        async (before, after) => {
          const running = new CumulativeDistributions(1_000)
          for (const { ref, timeMs, startMs, state } of before) running.difference(ref, timeMs, startMs, state)
          const copy = new CumulativeDistributions(7_000)
          await through((snapshot) => running.save(snapshot), {
            [SectionType.cumulativeStart]: copy.loadStart,
            [SectionType.cumulativeDistributions]: copy.loadDistributions,
          })
          expect(copy.size).toBe(running.size)
          for (const { ref, timeMs, startMs, state } of after)
            expect(plain(copy.difference(ref, timeMs, startMs, state))).toEqual(
              plain(running.difference(ref, timeMs, startMs, state)),
            )
        },
      ),
    ))

  test('are saved as they were when the snapshot was taken', async () => {
    const running = new CumulativeDistributions(0)
    const at = (count: number): BucketState => ({
      type: 'buckets',
      bounds: [],
      counts: [count],
      count,
      sum: count,
      min: Number.NaN,
      max: Number.NaN,
      cumulative: true,
    })
    for (let ref = 0; ref < 3_000; ref++) running.difference(ref, 1, 1, at(ref))
    const snapshot = new SnapshotWriter({ createdMs: 0 })
    running.save(snapshot)
    for (let ref = 0; ref < 4_000; ref++) running.difference(ref, 2, 1, at(ref + 10))
    const copy = new CumulativeDistributions(0)
    await readSnapshot(snapshot.chunks(), {
      [SectionType.cumulativeStart]: copy.loadStart,
      [SectionType.cumulativeDistributions]: copy.loadDistributions,
    })
    expect(copy.size).toBe(3_000)
    expect(copy.difference(2_999, 2, 1, at(3_001))).toMatchObject({ count: 2 })
  })
})

describe('a screen', () => {
  const kinds: readonly MetricKind[] = ['gauge', 'counter', 'delta', 'distribution']
  const row = fc.record({
    ref: fc.nat(3),
    second: fc.nat(30),
    value: fc.integer({ min: 0, max: 3 }),
    startMs: fc.nat(2),
    isGap: fc.constantFrom(false, false, false, true),
  })
  type Row = {
    readonly ref: number
    readonly second: number
    readonly value: number
    readonly startMs: number
    readonly isGap: boolean
  }
  const stage = (dedupHorizonMs: number | undefined) => {
    const registry = new SeriesRegistry()
    const progress = new SeriesProgress()
    return { registry, progress, screen: new Screen(registry, progress, 0, dedupHorizonMs) }
  }
  const screened = ({ screen }: ReturnType<typeof stage>, rows: readonly Row[]) => {
    const batch = createSampleBatch(8)
    for (const { ref, second, value, startMs, isGap } of rows) {
      const at = batch.push(ref as SeriesRef, T0 + second * 1_000, value)
      batch.setStartTime(at, startMs)
      if (isGap) batch.setFlags(at, SampleFlag.noRecordedValue)
      else if (ref === 3)
        batch.setState(
          at,
          encodeDistribution({
            type: 'buckets',
            bounds: [1],
            counts: [second, value],
            count: second + value,
            sum: second,
            min: Number.NaN,
            max: Number.NaN,
            cumulative: true,
          }),
        )
    }
    const { batch: kept, ...verdict } = screen.screen(batch, 0, ANY_TIME)
    return [
      verdict,
      kept.values.slice(0, kept.length),
      Array.from(kept.states?.bytes.subarray(0, kept.states.offsets[kept.states.count]) ?? []),
    ]
  }
  const restoredInto = async (from: ReturnType<typeof stage>, to: ReturnType<typeof stage>) =>
    through(
      (snapshot) => {
        from.registry.save(snapshot)
        from.progress.save(snapshot, from.registry.size)
        from.screen.save(snapshot)
      },
      { ...to.registry.loaders(), ...to.progress.loaders(), ...to.screen.loaders() },
    )
  const withSeries = (dedupHorizonMs: number | undefined) => {
    const made = stage(dedupHorizonMs)
    for (const kind of kinds)
      made.registry.register({
        metric: kind,
        kind,
        temporality: kind === 'distribution' ? 'cumulative' : 'unspecified',
      })
    return made
  }

  test.each([
    ['exact', 10_000],
    ['last', undefined],
  ] as const)('gives the verdicts it would have (%s)', (_, horizonMs) =>
    fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.array(row, { maxLength: 60 }), async (before, after) => {
        const made = withSeries(horizonMs)
        screened(made, before)
        const copy = stage(horizonMs)
        await restoredInto(made, copy)
        expect(screened(copy, after)).toEqual(screened(made, after))
      }),
    ),
  )

  test('that comes to remember seconds, or ceases to, counts no sample as a repeat that is none', async () => {
    const plain = { ref: 0, value: 1, startMs: 0, isGap: false }
    for (const [before, after] of [
      [10_000, undefined],
      [undefined, 10_000],
    ]) {
      const made = withSeries(before)
      screened(made, [
        { ...plain, second: 0 },
        { ...plain, second: 5.25 },
      ])
      const copy = stage(after)
      await restoredInto(made, copy)
      // A repeat of 5.25; older ones that are new, and one that no longer can be told; and what comes next.
      const rows = [5.25, 3.25, 1.25, 8.25, 6.25].map((second) => ({ ...plain, second }))
      expect(screened(copy, rows)).toMatchObject([{ accepted: 4, duplicates: 1 }, {}, []])
      const again = screened(copy, [{ ...plain, second: 6.25 }])
      expect(again).toMatchObject([{ duplicates: after === undefined ? 0 : 1 }, {}, []])
    }
  })
})
