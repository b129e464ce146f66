import { KIND_CODES } from '../registry/canonical.ts'
import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { PaneStore } from './pane-store.ts'
import type { GroupSeries, RowView } from './row.ts'

/** A series without a known interval is expected for this long after its last sample. */
const EXPECT_AT_LEAST_MS = 60_000
const EXPECT_INTERVALS = 3
const DISTRIBUTION = KIND_CODES.distribution

/**
 * Counts, per slot, the series seen in the window and the periodic series that were alive and should have been.
 * Events have no rhythm, so distributions are never expected. A series that reports less often than the window
 * is long counts as seen while it keeps its own rhythm. `progress` undefined (history): nothing is expected.
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
  for (let position = 0; position < store.seriesMatched; position++) {
    const group = groups[store.groupSlots[position]!]!
    const seen = view.hasSeen(position)
    if (seen) group.seen++
    if (progress === undefined) continue
    const ref = store.refs[position]!
    if (registry.kindCodes[ref] === DISTRIBUTION || progress.firstMs[ref]! >= endMs) continue
    const intervalMs = progress.intervalMs(ref)
    const expectForMs = Number.isNaN(intervalMs)
      ? EXPECT_AT_LEAST_MS
      : Math.max(EXPECT_AT_LEAST_MS, EXPECT_INTERVALS * intervalMs)
    const lastMs = progress.lastMs[ref]!
    if (lastMs + expectForMs <= endMs) continue
    group.expected++
    if (intervalMs > sizeMs) group.intervalLonger = true
    if (seen || (intervalMs > sizeMs / 2 && lastMs >= endMs - 2 * intervalMs)) group.present++
  }
  return groups
}
