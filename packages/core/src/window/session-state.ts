import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { StatsCells } from '../aggregate/stats-cells.ts'
import type { ResultRowReader, ResultRowWriter } from '../result/result-state.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

/** The objects of a session beside its arrays, about. */
const OBJECT_BYTES = 400
const SERIES_BYTES = 24
const ROW_BYTES = 400

/** Where sessions are cut. */
interface Cells {
  cellEndMs(timeMs: number): number
}

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
  /** Reporters that had a sample, by the position of their first series. */
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

  /** Reads what `save` wrote; of a slot of a store with `seriesMatched` series. */
  static load(reader: StateReader, rows: ResultRowReader, slot: number, query: Cells, seriesMatched: number): Session {
    const { offset } = reader
    const startMs = reader.f64('start of a session')
    const lastMs = reader.f64('last time of a session')
    const session = new Session(slot, startMs, query.cellEndMs(startMs))
    if (!(startMs <= lastMs && lastMs < session.cellEndMs))
      reader.corrupt(`session from ${startMs} to ${lastMs} cannot be`, offset)
    session.lastMs = lastMs
    session.stats.load(reader)
    if (session.stats.slots !== 1) reader.corrupt(`session has ${session.stats.slots} states`, offset)
    if (reader.boolean('whether a session has a sketch')) session.sketch = ExponentialSketch.load(reader)
    session.hasBoundExtremes = reader.boolean('whether extremes are bounds')
    for (let left = reader.count('series of a session'); left > 0; left--)
      session.series.add(reader.index('series of a session', seriesMatched))
    session.late = reader.varint('late samples')
    for (let left = reader.count('rows of a session'); left > 0; left--) {
      const row = rows.load()
      session.rows.set(row.startMs, row)
    }
    session.emittedAtMs = reader.f64('time of an emission')
    session.isChanged = reader.boolean('whether a session is changed')
    return session
  }

  /** Writes all but the slot and what is known from the plan. */
  save(writer: StateWriter, rows: ResultRowWriter): void {
    writer.f64(this.startMs)
    writer.f64(this.lastMs)
    this.stats.save(writer)
    writer.boolean(this.sketch !== undefined)
    this.sketch?.save(writer)
    writer.boolean(this.hasBoundExtremes)
    writer.varint(this.series.size)
    for (const position of this.series) writer.varint(position)
    writer.varint(this.late)
    writer.varint(this.rows.size)
    for (const row of this.rows.values()) rows.save(row)
    writer.f64(this.emittedAtMs)
    writer.boolean(this.isChanged)
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
