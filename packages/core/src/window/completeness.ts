import { KIND_CODES } from '../registry/canonical.ts'
import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { PaneStore } from './pane-store.ts'
import type { GroupSeries, RowView } from './row.ts'

/** What has no known interval is expected for this long after its last sample. */
const EXPECT_AT_LEAST_MS = 60_000
const EXPECT_INTERVALS = 3
const DISTRIBUTION = KIND_CODES.distribution

/**
 * Counts, per slot, what was seen in the window and what periodic was alive and should have been: reporters, a server
 * with its point attributes each, whose series count as one. A reporter is as far as its newest series, and reports at
 * the interval of its newest one that has an interval yet (of two equally new ones the shorter).
 *
 * Events have no rhythm, so distributions are never expected. What reports less often than the window is long counts
 * as seen while it keeps its own rhythm. `progress` undefined (history): nothing is expected.
 */
export function countSeries(
  store: PaneStore,
  view: RowView,
  endMs: number,
  sizeMs: number,
  registry: SeriesRegistry,
  progress: SeriesProgress | undefined,
): GroupSeries[] {
  const groups: GroupSeries[] = Array.from({ length: store.groups.count }, () => ({
    seen: 0,
    expected: 0,
    present: 0,
    intervalLonger: false,
  }))
  const { refs, groupSlots, seriesMatched } = store
  const { firsts, nexts } = store.reporters
  const { kindCodes } = registry
  for (let first = 0; first < seriesMatched; first++) {
    if (firsts[first] !== first) continue
    let seen = false
    let lastMs = Number.NEGATIVE_INFINITY
    let intervalMs = Number.NaN
    let intervalOfMs = Number.NEGATIVE_INFINITY
    for (let position = first; position >= 0; position = nexts[position]!) {
      if (view.hasSeen(position)) seen = true
      if (progress === undefined) continue
      const ref = refs[position]!
      if (kindCodes[ref] === DISTRIBUTION || progress.firstMs[ref]! >= endMs) continue
      const ownLastMs = progress.lastMs[ref]!
      if (ownLastMs > lastMs) lastMs = ownLastMs
      const ownMs = progress.intervalMs(ref)
      if (ownLastMs > intervalOfMs ? ownMs > 0 : ownLastMs === intervalOfMs && ownMs < intervalMs) {
        intervalMs = ownMs
        intervalOfMs = ownLastMs
      }
    }
    const group = groups[groupSlots[first]!]!
    if (seen) group.seen++
    const expectForMs = Number.isNaN(intervalMs)
      ? EXPECT_AT_LEAST_MS
      : Math.max(EXPECT_AT_LEAST_MS, EXPECT_INTERVALS * intervalMs)
    if (lastMs + expectForMs <= endMs) continue
    group.expected++
    if (intervalMs > sizeMs) group.intervalLonger = true
    if (seen || (intervalMs > sizeMs / 2 && lastMs >= endMs - 2 * intervalMs)) group.present++
  }
  return groups
}
