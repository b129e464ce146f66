import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DistributionState } from '../../src/aggregate/distribution-state.ts'
import { encodeDistribution } from '../../src/aggregate/state-codec.ts'
import { createSampleBatch, type QueryPlan } from '../../src/index.ts'
import { createSeriesRegistry, type SeriesRegistry } from '../../src/registry/series-registry.ts'
import type { PaneStore } from '../../src/window/pane-store.ts'
import { QueryWindows } from '../../src/window/query-windows.ts'
import { windowScheme } from '../../src/window/scheme-of.ts'
import { WindowOperator } from '../../src/window/window-operator.ts'
import { WindowView } from '../../src/window/window-view.ts'
import { BY_SERVER, fixedWindow, P99, planOf, STATS, T0 } from '../engine/fixtures.ts'

/**
 * Laws: whatever parts a store makes a window of, they say what its panes say when merged one by one (count, min, max,
 * bins, series seen, kind of extremes to the bit; sums within 1e-12 of sum of |x|); panes that no window tells apart
 * are one, and none stays that no window can read.
 */

interface Sent {
  readonly timeMs: number
  readonly magnitude: number
}

/** A generator of its own for long streams: shrinking them sample by sample would find nothing. */
function queryOf(name: string, plan: QueryPlan, latenessMs: number): QueryWindows {
  return new QueryWindows(
    { name, tenant: 'default', version: 1, plan, latenessMs, late: 'drop', deliver: () => true },
    windowScheme(fixedWindow(plan)),
  )
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const buckets: DistributionState = {
  type: 'buckets',
  count: 5,
  sum: 40,
  min: Number.NaN,
  max: Number.NaN,
  cumulative: false,
  bounds: [1, 4, 16],
  counts: [0, 3, 2, 0],
}

const windowArbitrary = fc
  .record({
    stepS: fc.constantFrom(1, 1, 2, 3, 10),
    times: fc.constantFrom(1, 3, 8, 20, 64, 200),
    extraS: fc.constantFrom(0, 0, 1),
    offsetMs: fc.constantFrom(0, 0, 500),
    latenessMs: fc.constantFrom(0, 5_000, 40_000),
  })
  .map(({ stepS, times, extraS, offsetMs, latenessMs }) => ({
    sizeMs: (stepS * times + (stepS > 1 ? extraS : 0)) * 1_000,
    stepMs: stepS * 1_000,
    offsetMs,
    latenessMs,
  }))

interface Stream {
  readonly seed: number
  readonly baseMs: number
  readonly samplesASecond: number
  readonly lateShare: number
  readonly gaps: number
  readonly odd: boolean
}

const streamArbitrary: fc.Arbitrary<Stream> = fc.record({
  seed: fc.integer(),
  baseMs: fc.constantFrom(T0, -200_000),
  samplesASecond: fc.constantFrom(0.1, 1, 3, 30),
  lateShare: fc.constantFrom(0, 0.02, 0.3),
  /** Share of seconds in which nothing is sent. */
  gaps: fc.constantFrom(0, 0.1, 0.9),
  odd: fc.boolean(),
})

function send(
  operator: WindowOperator,
  registry: SeriesRegistry,
  second: number,
  stream: Stream,
  random: () => number,
) {
  const batch = createSampleBatch(64)
  const sent: Sent[] = []
  const nowMs = stream.baseMs + second * 1_000
  const count = random() < stream.gaps ? 0 : Math.floor(stream.samplesASecond + random())
  for (let i = 0; i < count; i++) {
    // Later seconds know more series, and so more groups.
    const series = Math.floor(random() * Math.min(80, 2 + second / 4))
    const ref = registry.register({
      server: `s${series % 5}`,
      metric: 'm',
      kind: 'distribution',
      labels: { n: `${series}` },
    })
    const ageMs = random() < stream.lateShare ? (random() < 0.8 ? 8_000 : 150_000) * random() : 500 * random()
    const timeMs = Math.floor(nowMs - ageMs)
    const odd = stream.odd ? random() : 1
    const value =
      odd < 0.01 ? Number.POSITIVE_INFINITY : odd < 0.02 ? -1e300 : odd < 0.03 ? 0 : Math.exp(8 * random() - 4)
    const row = batch.push(ref, timeMs, value)
    let magnitude = Number.isFinite(value) ? Math.abs(value) : 0
    if (odd > 0.03 && odd < 0.06) {
      batch.setWeight(row, 3)
      magnitude *= 3
    } else if (odd > 0.06 && odd < 0.08) {
      batch.setState(row, encodeDistribution(buckets, 0))
      magnitude = buckets.sum
    }
    sent.push({ timeMs, magnitude })
  }
  const times = sent.map(({ timeMs }) => timeMs)
  operator.apply(batch, Math.min(...times, Number.POSITIVE_INFINITY), Math.max(...times, Number.NEGATIVE_INFINITY))
  return sent
}

const merged = new WindowView()
const direct = new WindowView()

function expectSame(store: PaneStore, startMs: number, endMs: number, magnitude: number): void {
  direct.open(store.panes.filter((pane) => pane.startMs >= startMs && pane.endMs <= endMs))
  expect(exactOf(merged, store)).toBe(exactOf(direct, store))
  for (let slot = 0; slot < store.groups.count; slot++) {
    const sum = merged.stats(slot).sum(0)
    const wanted = direct.stats(slot).sum(0)
    if (wanted === null || sum === null || !Number.isFinite(wanted)) expect(sum).toBe(wanted)
    else if (!(Math.abs(sum - wanted) <= 1e-12 * magnitude)) expect.fail(`sum ${sum}, wanted ${wanted}`)
  }
}

/** All of a view that does not depend on the order of merging. */
function exactOf(view: WindowView, store: PaneStore): string {
  const groups = Array.from({ length: store.groups.count }, (_, slot) => {
    const count = view.count(slot)
    const stats = view.stats(slot)
    return [
      count,
      stats.count(0),
      stats.min(0),
      stats.max(0),
      view.hasBoundExtremes(slot),
      view.sketch(slot)?.toState(),
    ]
  })
  const seen = Array.from({ length: store.seriesMatched }, (_, position) => (view.hasSeen(position) ? 1 : 0)).join('')
  return JSON.stringify([view.isEmpty, groups, seen], (_, value: unknown) =>
    ArrayBuffer.isView(value)
      ? String(value)
      : typeof value === 'number' && !Number.isFinite(value)
        ? String(value)
        : value,
  )
}

function expectTidy(store: PaneStore): void {
  for (const [i, pane] of store.panes.entries()) {
    expect(store.queries.some((query) => query.needsPane(pane))).toBe(true)
    const before = store.panes[i - 1]
    if (before === undefined) continue
    expect(before.endMs).toBeLessThanOrEqual(pane.startMs)
    expect(store.queries.some((query) => query.hasLiveEdge(before.endMs, pane.startMs))).toBe(true)
  }
}

describe('windows made of merged parts equal the merge of their panes', () => {
  test('with late samples, gaps, new groups, and queries that come and go', () => {
    let mergedWindows = 0
    fc.assert(
      fc.property(
        fc.array(windowArbitrary, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ window: windowArbitrary, fromS: fc.nat(300), forS: fc.nat(200) }), { maxLength: 2 }),
        streamArbitrary,
        (windows, visitors, stream) => {
          const random = randomFrom(stream.seed)
          const registry = createSeriesRegistry()
          const operator = new WindowOperator({
            registry,
            tenantId: 0,
            source: 'live',
            progress: undefined,
            startMs: stream.baseMs,
            generation: () => 1,
            emit: (row, query) => {
              // While the row goes out, a listener may send samples for its window.
              if (random() < 0.01) {
                all.push(...send(operator, registry, second, { ...stream, lateShare: 1 }, random))
                sentWhileEmitting = true
              }
              expect(row.endMs).toBeLessThanOrEqual(operator.watermarkMs)
              expect((query as QueryWindows).emitted.has(row.startMs)).toBe(true)
            },
          })
          let second = 0
          let sentWhileEmitting = false
          const all: Sent[] = []
          const live = new Map<string, QueryWindows>()
          const add = (name: string, { latenessMs, ...window }: (typeof windows)[number]): void => {
            const columns = random() < 0.7 ? [...STATS, P99] : STATS
            const plan = planOf({ ...window, columns, groupBy: BY_SERVER })
            const query = queryOf(name, plan, latenessMs)
            live.set(name, query)
            operator.addQuery(query, stream.baseMs + second * 1_000)
          }
          for (const [i, window] of windows.entries()) add(`q${i}`, window)
          for (; second < 420; second++) {
            for (const [i, { window, fromS, forS }] of visitors.entries()) {
              if (fromS === second) add(`v${i}`, window)
              if (fromS + forS + 1 === second) {
                operator.removeQuery(live.get(`v${i}`)!)
                live.delete(`v${i}`)
              }
            }
            all.push(...send(operator, registry, second, stream, random))
            sentWhileEmitting = false
            const finalBefore = [...live.values()].map(({ finalThroughMs }) => finalThroughMs)
            operator.advance(stream.baseMs + second * 1_000 - 1_000, stream.baseMs + second * 1_000)
            if (second % 7 !== 0) continue
            for (const [i, query] of [...live.values()].entries()) {
              const store = operator.storeOf(query)!
              // Panes of other stores that come then are joined the next time.
              if (query.finalThroughMs !== finalBefore[i] && !sentWhileEmitting) expectTidy(store)
              const { sizeMs, stepMs } = fixedWindow(query.plan)
              const newestMs = query.onTimeFromMs
              const back = Math.floor((random() * (newestMs - query.finalThroughMs)) / stepMs)
              for (const endMs of [newestMs, newestMs - back * stepMs]) {
                if (endMs <= query.finalThroughMs || !Number.isFinite(endMs)) continue
                const startMs = endMs - sizeMs
                const magnitude = all
                  .filter(({ timeMs }) => timeMs >= startMs && timeMs < endMs)
                  .reduce((total, sample) => total + sample.magnitude, 0)
                const parts = store.partsOf(query, startMs, endMs)
                if (parts.some((part) => !store.panes.some((pane) => pane === part))) mergedWindows++
                merged.open(parts)
                expectSame(store, startMs, endMs, magnitude)
                if (endMs !== newestMs) continue
                merged.open(store.partsOfDue(query, startMs, endMs))
                expectSame(store, startMs, endMs, magnitude)
              }
            }
          }
        },
      ),
      { numRuns: 12 },
    )
    expect(mergedWindows).toBeGreaterThan(100)
  }, 60_000)

  test('without the pane that reaches over the end of a window of a query added meanwhile', () => {
    const registry = createSeriesRegistry()
    const ends: number[] = []
    const operator = new WindowOperator({
      registry,
      tenantId: 0,
      source: 'live',
      progress: undefined,
      generation: () => 1,
      emit: ({ startMs, endMs, count }, { name }) => {
        if (name !== 'added') return
        const inside = store.panes.filter((pane) => pane.startMs >= startMs && pane.endMs <= endMs)
        expect(count).toBe(inside.reduce((total, pane) => total + pane.stats.count(0), 0))
        if (store.panes.some((pane) => pane.startMs < endMs && pane.endMs > endMs)) ends.push(inside.length)
      },
    })
    const add = (name: string, sizeMs: number, stepMs: number): QueryWindows => {
      const plan = planOf({ sizeMs, stepMs })
      const query = queryOf(name, plan, 10_000)
      operator.addQuery(query, T0 + 1_000_000)
      return query
    }
    const store = operator.storeOf(add('first', 400_000, 10_000))!
    const random = randomFrom(1)
    const stream = { seed: 1, baseMs: T0, samplesASecond: 5, lateShare: 0, gaps: 0, odd: false }
    for (let second = 0; second < 450; second++) {
      if (second === 417) add('added', 300_000, 1_000)
      send(operator, registry, second, stream, random)
      operator.advance(T0 + second * 1_000 - 4_000, T0 + second * 1_000)
    }
    expect(Math.max(...ends)).toBeGreaterThan(20)
  })

  test('at no more than twice the memory of the panes, however long the windows slide', () => {
    const registry = createSeriesRegistry()
    const operator = new WindowOperator({
      registry,
      tenantId: 0,
      source: 'live',
      progress: undefined,
      generation: () => 1,
      emit: () => {},
    })
    const random = randomFrom(1)
    const plan = planOf({ sizeMs: 300_000, stepMs: 1_000, columns: [...STATS, P99], groupBy: BY_SERVER })
    const query = queryOf('q', plan, 10_000)
    operator.addQuery(query, T0)
    const stream = { seed: 1, baseMs: T0, samplesASecond: 20, lateShare: 0.02, gaps: 0.02, odd: false }
    const store = operator.storeOf(query)!
    let most = 0
    for (let second = 0; second < 2_000; second++) {
      send(operator, registry, second, stream, random)
      operator.advance(T0 + second * 1_000 - 1_000, T0 + second * 1_000)
      if (second < 300 || second % 37 !== 0) continue
      most = Math.max(most, store.bytes / store.panes.reduce((bytes, pane) => bytes + pane.bytes, 0))
    }
    expect(store.panes.length).toBeGreaterThan(250)
    expect(most).toBeGreaterThan(1.05)
    expect(most).toBeLessThan(2)
  })
})
