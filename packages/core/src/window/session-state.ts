import type { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../aggregate/stats-cells.ts'
import type { WindowResult } from '../result/window-result.ts'

/** The objects of a session beside its arrays, about. */
const OBJECT_BYTES = 400
const SERIES_BYTES = 24
const ROW_BYTES = 400

/** One session of one group: what its samples add up to, and what readers were told of it. */
export class Session {
  readonly slot: number
  /** Time of the first sample. */
  startMs: number
  /** Time of the last sample. */
  lastMs: number
  /** Where every session is cut, exclusive. */
  readonly cellEndMs: number
  readonly stats: StatsCells = new StatsCells(1)
  /** Undefined until a finite value comes, or when no column asks for percentiles. */
  sketch: ExponentialSketch | undefined
  /** Extremes are bucket bounds, not recorded values. */
  hasBoundExtremes = false
  /** Positions of the series that had a sample. */
  readonly series: Set<number> = new Set()
  /** Samples that changed what had been emitted. */
  late = 0
  /** Newest row by its start, shown or taken back: the session's own, and those of sessions it took in. */
  readonly rows: Map<number, WindowResult> = new Map()
  /** Wall clock at the last emission. */
  emittedAtMs: number = Number.NEGATIVE_INFINITY
  /** A sample came that readers are to be told of before the session is due. */
  isChanged = false
  /** The watermark at which the session is looked at next. */
  wakeMs: number = Number.POSITIVE_INFINITY
  /** False once it was taken into another session, or freed. */
  isHeld = true

  constructor(slot: number, timeMs: number, cellEndMs: number) {
    this.slot = slot
    this.startMs = timeMs
    this.lastMs = timeMs
    this.cellEndMs = cellEndMs
  }

  /** Exclusive. */
  endMs(gapMs: number): number {
    return Math.min(this.lastMs + gapMs, this.cellEndMs)
  }

  /** Once samples that end at or before this are too late, no sample can reach the session any more. */
  sealedMs(gapMs: number): number {
    return Math.min(this.lastMs + 2 * gapMs, this.cellEndMs)
  }

  /** Takes in a later session of the group, once a sample stands between the two. */
  absorb(later: Session): void {
    this.lastMs = later.lastMs
    this.stats.merge(0, later.stats, 0)
    if (this.sketch === undefined) this.sketch = later.sketch
    else if (later.sketch !== undefined) this.sketch.merge(later.sketch)
    this.hasBoundExtremes ||= later.hasBoundExtremes
    for (const position of later.series) this.series.add(position)
    this.late += later.late
    for (const [startMs, row] of later.rows) this.rows.set(startMs, row)
    this.emittedAtMs = Math.max(this.emittedAtMs, later.emittedAtMs)
    // Timers may still know it for a while.
    later.isHeld = false
    later.sketch = undefined
    later.series.clear()
    later.rows.clear()
  }

  get bytes(): number {
    const arrays = this.stats.bytes + (this.sketch?.stateBytes ?? 0)
    return OBJECT_BYTES + arrays + this.series.size * SERIES_BYTES + this.rows.size * ROW_BYTES
  }
}
