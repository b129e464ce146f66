import { ExponentialSketch } from '../../src/aggregate/sketch/exponential/sketch.ts'
import { encodeDistribution } from '../../src/aggregate/state-codec.ts'
import { StatsCells } from '../../src/aggregate/stats-cells.ts'
import { createSampleBatch } from '../../src/index.ts'
import { BatchDedup } from '../../src/ingest/batch-dedup.ts'
import { Screen } from '../../src/ingest/screen.ts'
import { SeriesProgress } from '../../src/registry/series-progress.ts'
import { SeriesRegistry } from '../../src/registry/series-registry.ts'
import type { SectionLoaders } from '../../src/snapshot/section-type.ts'
import type { SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'
import { Groups } from '../../src/window/groups.ts'
import { Pane } from '../../src/window/pane.ts'
import { randomOf } from './fixture.ts'

/** Sections of what has no section of its own. */
export const DEDUP = 901
export const GROUPS = 902
export const PANE = 903
export const SKETCH = 904
export const STATS = 905

const T0 = 1_700_000_000_000

/** One of everything that writes and reads itself. */
export interface LeafState {
  readonly registry: SeriesRegistry
  readonly progress: SeriesProgress
  readonly screen: Screen
  readonly batches: BatchDedup
  readonly groups: Groups
  readonly stats: StatsCells
  panes: Pane[]
  sketches: ExponentialSketch[]
  readonly save: (snapshot: SnapshotWriter) => void
  readonly loaders: SectionLoaders
}

export function freshState(dedupHorizonMs: number = 62_000): LeafState {
  const registry = new SeriesRegistry()
  const progress = new SeriesProgress()
  const screen = new Screen(registry, progress, T0, dedupHorizonMs)
  const batches = new BatchDedup(600_000)
  const groups = new Groups([
    { kind: 'topology', name: 'server' },
    { kind: 'label', name: 'route' },
  ])
  const stats = new StatsCells(0)
  const state: LeafState = {
    registry,
    progress,
    screen,
    batches,
    groups,
    stats,
    panes: [],
    sketches: [],
    save: (snapshot) => {
      registry.save(snapshot)
      progress.save(snapshot, registry.size)
      screen.save(snapshot)
      snapshot.section(DEDUP, (writer) => batches.save(writer))
      snapshot.section(GROUPS, (writer) => groups.save(writer))
      for (const pane of state.panes) snapshot.section(PANE, (writer) => pane.save(writer))
      for (const sketch of state.sketches) snapshot.section(SKETCH, (writer) => sketch.save(writer))
      snapshot.section(STATS, (writer) => stats.save(writer))
    },
    loaders: {
      ...registry.loaders(),
      ...progress.loaders(),
      ...screen.loaders(),
      [DEDUP]: (reader) => batches.load(reader),
      [GROUPS]: (reader) => groups.load(reader),
      [PANE]: (reader) => state.panes.push(Pane.load(reader)),
      [SKETCH]: (reader) => state.sketches.push(ExponentialSketch.load(reader)),
      [STATS]: (reader) => stats.load(reader),
    },
  }
  return state
}

/** The same state on every run and every machine. */
export function populatedState(): LeafState {
  const state = freshState()
  const { registry, progress, screen, batches, groups, stats, panes, sketches } = state
  const random = randomOf(11)
  registry.declare(registry.tenantId('team-ä'), 'requests', { kind: 'counter', unit: '1', first: 'zero' })
  for (let i = 0; i < 12; i++) {
    const isHistogram = i % 4 === 3
    const ref = registry.register({
      tenant: i % 2 === 0 ? 'default' : 'team-ä',
      metric: isHistogram ? 'latency' : 'requests',
      ...(i % 4 === 1 ? {} : { kind: isHistogram ? 'distribution' : 'counter' }),
      temporality: isHistogram ? 'cumulative' : 'unspecified',
      unit: isHistogram ? 'ms' : '',
      server: `web-${i % 3}`,
      scope: { name: 'lib', version: `${i % 2}`, attributes: { stable: true } },
      labels: { route: `/r${i}`, code: 200 + i, big: 2n ** 60n, list: ['a', 1, [false]], odd: '\ud800' },
    })
    groups.slotOf(registry.describe(ref))
  }
  for (let second = 0; second < 60; second += 5) {
    const batch = createSampleBatch(16)
    for (let ref = 0; ref < registry.size; ref++) {
      // One of them keeps to no beat.
      const at = batch.push(ref as never, T0 + second * 1_000 + (ref === 4 ? second : 0), second * ref)
      if (ref % 4 !== 3) continue
      batch.setState(
        at,
        encodeDistribution({
          type: 'buckets',
          bounds: [1, 10],
          counts: [second, 2 * second, ref],
          count: 3 * second + ref,
          sum: second,
          min: Number.NaN,
          max: Number.NaN,
          cumulative: true,
        }),
      )
    }
    for (let tenant = 0; tenant < 2; tenant++)
      screen.screen(batch, tenant, { oldestMs: 0, newestMs: Number.MAX_VALUE, progressMs: Number.MAX_VALUE })
    batches.remember(`batch ${second}`, T0 + second * 1_000)
  }
  progress.end(2, T0 + 70_000)
  const pane = new Pane(T0, T0 + 60_000, groups.count, registry.size, true)
  for (let i = 0; i < 40; i++) {
    const slot = Math.floor(random(groups.count))
    const value = random(1_000)
    pane.stats.add(slot, value)
    pane.seen[0]! |= 1 << slot
    while (pane.sketches!.length <= slot) pane.sketches!.push(undefined)
    pane.sketches![slot] ??= new ExponentialSketch()
    pane.sketches![slot].add(value)
  }
  pane.lastMs = T0 + 55_000
  pane.boundExtremes = new Set([3, 7])
  panes.push(pane)
  const sketch = new ExponentialSketch({ scale: 4, zeroThreshold: 1e-3 })
  for (let i = 0; i < 200; i++) {
    const x = random(4) - 1
    sketch.add(x * x * x)
  }
  sketch.addWeighted(7, 0.1)
  sketches.push(sketch)
  stats.grow(3)
  for (const value of [1, 1e308, 1e308, -0, 0.1]) stats.add(1, value)
  stats.add(2, Number.POSITIVE_INFINITY)
  return state
}
