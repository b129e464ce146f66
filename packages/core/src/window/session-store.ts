import { extremesOf } from '../aggregate/distribution-extremes.ts'
import type { DistributionState } from '../aggregate/distribution-state.ts'
import { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import { growUint32 } from '../internal/grow.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { SeriesInfo } from '../registry/identity.ts'
import { compileSelector } from '../registry/selector.ts'
import type { MetricEntry } from '../registry/series-registry.ts'
import { ResultRowReader, ResultRowWriter } from '../result/result-state.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { Groups } from './groups.ts'
import { Reporters } from './reporters.ts'
import { loadSeries, saveSeries } from './series-state.ts'
import type { SeriesStore } from './series-store.ts'
import type { SessionEmitter } from './session-emitter.ts'
import type { SessionQuery } from './session-query.ts'
import { Session } from './session-state.ts'
import { SessionTimers } from './session-timers.ts'

/** Timers of sessions that are gone are swept out when there are this many more than sessions. */
const SPARE_TIMERS = 1_024

/** A session that is to be emitted. */
interface Due {
  readonly session: Session
  readonly isEarly: boolean
}

/**
 * The sessions of one query's groups.
 *
 * Invariant: the sessions of a slot are sorted by start, and between two neighbours lie at least `gapMs` from the last
 * sample of one to the first of the next, or a multiple of `maxMs`.
 */
export class SessionStore implements SeriesStore {
  readonly key: string
  readonly metric: MetricEntry
  readonly groups: Groups
  readonly isReading = false
  readonly query: SessionQuery
  seriesMatched = 0
  refs: Uint32Array = new Uint32Array(4)
  matched = 0
  /** All samples are counted by the one query there is. */
  readonly onTime = 0
  excluded = 0
  items = 0
  /** Slot by position. */
  #slots: Uint32Array = new Uint32Array(4)
  readonly #reporters = new Reporters()
  readonly #matches: (series: SeriesInfo) => boolean
  /** By slot. */
  readonly #sessions = new Map<number, Session[]>()
  readonly #timers = new SessionTimers()
  /** Sessions with `isChanged`, each once; and some that were emitted or merged since. */
  #changed: Session[] = []
  /** The plan and lateness that the timers were set by. */
  #timedBy: QueryPlan
  #timedLatenessMs: number

  constructor(metric: MetricEntry, query: SessionQuery) {
    const { selector, groupBy } = query.plan
    this.key = JSON.stringify(['session', query.name, query.version])
    this.metric = metric
    this.query = query
    this.#matches = compileSelector(selector)
    this.groups = new Groups(groupBy)
    this.#timedBy = query.plan
    this.#timedLatenessMs = query.latenessMs
  }

  take(info: SeriesInfo): number {
    if (!this.#matches(info)) return -1
    const position = this.seriesMatched++
    if (position === this.refs.length) {
      this.refs = growUint32(this.refs, position * 2)
      this.#slots = growUint32(this.#slots, position * 2)
    }
    this.refs[position] = info.ref
    this.#slots[position] = this.groups.slotOf(info)
    return position
  }

  reportedBy(position: number, reporter: number): void {
    this.#reporters.add(position, reporter, this.#slots[position]!)
  }

  add(position: number, timeMs: number, value: number): void {
    const session = this.#sessionFor(position, timeMs, value, Number.isNaN(value))
    if (session === undefined) return
    session.stats.add(0, value)
    if (this.query.needsSketch && value - value === 0) sketchOf(session).add(value)
  }

  addWeighted(position: number, timeMs: number, value: number, weight: number): void {
    const session = this.#sessionFor(position, timeMs, value, Number.isNaN(value) || !(weight > 0))
    if (session === undefined) return
    session.stats.addTotals(0, weight, value * weight, value, value)
    if (this.query.needsSketch && Number.isFinite(value)) sketchOf(session).addWeighted(value, weight)
  }

  /** A distribution without events is excluded: it begins no session and keeps none going. */
  addState(position: number, timeMs: number, state: DistributionState): void {
    const session = this.#sessionFor(position, timeMs, state.sum, state.count === 0)
    if (session === undefined) return
    const extremes = extremesOf(state)
    session.stats.addTotals(0, state.count, state.sum, extremes.min, extremes.max)
    if (!extremes.recorded) session.hasBoundExtremes = true
    if (this.query.needsSketch) sketchOf(session).mergeDistribution(state)
  }

  exclude(): void {
    this.matched++
    this.excluded++
  }

  /**
   * Emits the sessions that are due at the watermark, then, with them in one order of ends and groups, those that late
   * samples changed and those still open that are to be shown early; frees what can change no more. `nowMs` paces
   * corrections and early rows. The watermark never goes back. To be called whenever it moves, as what is late goes by
   * it; without anything due that costs nothing.
   */
  advance(watermarkMs: number, nowMs: number, emitter: SessionEmitter): void {
    const { query } = this
    if (this.#isAltered || this.#timers.size > 2 * this.items + SPARE_TIMERS) this.#setTimers()
    const emittedBeforeMs = query.emittedThroughMs
    // First of all, so that samples that readers send while they read count as late, or as too late.
    query.moveTo(watermarkMs)
    const due: Due[] = []
    const sealed: Session[] = []
    for (let session = this.#timers.takeDue(watermarkMs); session !== undefined; ) {
      const isSealed = session.sealedMs(query.gapMs) <= query.closedThroughMs
      const endMs = session.endMs(query.gapMs)
      if (isSealed) sealed.push(session)
      else this.#setTimer(session, watermarkMs)
      const isNew = endMs > emittedBeforeMs && (query.isFinalOnly ? isSealed : endMs <= watermarkMs)
      if (isNew || (isSealed && session.isChanged)) due.push({ session, isEarly: false })
      session = this.#timers.takeDue(watermarkMs)
    }
    for (const { session } of due) session.isChanged = false
    this.#takeChanged(due, nowMs, emitter.source === 'live' && query.takeEarlyPeriod(nowMs))
    for (const { session, isEarly } of this.#inOrder(due)) {
      // A reader's sample may have put it into another session, or opened it again.
      if (!session.isHeld || (!isEarly && session.endMs(query.gapMs) > watermarkMs)) continue
      emitter.emitSession(query, session, this.groups.values(session.slot), nowMs, isEarly)
    }
    for (const session of sealed) this.#free(session)
    if (query.ownsUntilMs !== Number.POSITIVE_INFINITY) query.holdFrom(this.#earliestStartMs)
  }

  /** The watermark at which every session is due. */
  get drainedMs(): number {
    let drainedMs = Number.NEGATIVE_INFINITY
    const { query } = this
    for (const session of this.#all())
      drainedMs = Math.max(drainedMs, query.dueAtMs(session.endMs(query.gapMs), session.sealedMs(query.gapMs)))
    return drainedMs
  }

  /** Writes the store with its query. */
  save(writer: StateWriter): void {
    const { groups, seriesMatched, refs } = this
    saveSeries(writer, { groups, seriesMatched, refs, groupSlots: this.#slots })
    writer.varint(this.matched)
    writer.varint(this.excluded)
    this.query.save(writer)
    const rows = new ResultRowWriter(writer)
    writer.varint(this.#sessions.size)
    for (const [slot, sessions] of this.#sessions) {
      writer.varint(slot)
      writer.varint(sessions.length)
      for (const session of sessions) session.save(writer, rows)
    }
  }

  /** Reads what `save` wrote into a new store, whose query is a new one of the same plan. */
  load(reader: StateReader): void {
    const { seriesMatched, refs, groupSlots } = loadSeries(reader, this.groups)
    this.seriesMatched = seriesMatched
    this.refs = refs
    this.#slots = groupSlots
    this.matched = reader.varint('samples matched')
    this.excluded = reader.varint('samples excluded')
    this.query.load(reader)
    const rows = new ResultRowReader(reader)
    for (let left = reader.count('groups with sessions', 2); left > 0; left--) this.#loadSessions(reader, rows)
    this.#setTimers()
  }

  get bytes(): number {
    let bytes = this.refs.byteLength + this.#slots.byteLength + this.#reporters.bytes + this.#timers.bytes
    for (const session of this.#all()) bytes += session.bytes
    return bytes
  }

  #loadSessions(reader: StateReader, rows: ResultRowReader): void {
    const { offset } = reader
    const slot = reader.index('group', this.groups.count)
    if (this.#sessions.has(slot)) reader.corrupt('group comes twice', offset)
    const sessions: Session[] = []
    for (let left = reader.count('sessions'); left > 0; left--) {
      const session = Session.load(reader, rows, slot, this.query, this.seriesMatched)
      const before = sessions.at(-1)
      if (before !== undefined && !(before.lastMs < session.startMs))
        reader.corrupt('sessions are not in the order of their times', offset)
      sessions.push(session)
      if (session.isChanged) this.#changed.push(session)
    }
    this.#sessions.set(slot, sessions)
    this.items += sessions.length
  }

  /** The session a sample falls into, already reaching over it; undefined when the sample is not taken. */
  #sessionFor(position: number, timeMs: number, value: number, isExcluded: boolean): Session | undefined {
    const { query } = this
    this.matched++
    if (isExcluded) {
      this.excluded++
      return undefined
    }
    const cellEndMs = query.cellEndMs(timeMs)
    const endMs = Math.min(timeMs + query.gapMs, cellEndMs)
    if (endMs <= query.closedThroughMs) {
      query.takeTooLate(timeMs, this.refs[position]!, value)
      return undefined
    }
    const slot = this.#slots[position]!
    let sessions = this.#sessions.get(slot)
    if (sessions === undefined) {
      sessions = []
      this.#sessions.set(slot, sessions)
    }
    const next = firstStartingAfter(sessions, timeMs)
    const before = sessions[next - 1]
    const after = sessions[next]
    const left = before !== undefined && this.#reaches(before, before.lastMs, timeMs, cellEndMs) ? before : undefined
    const right = after !== undefined && this.#reaches(after, timeMs, after.startMs, cellEndMs) ? after : undefined
    const isLate = endMs <= query.emittedThroughMs || this.#isEmitted(left) || this.#isEmitted(right)
    const session = left ?? right ?? new Session(slot, timeMs, cellEndMs)
    if (session === left) {
      session.lastMs = Math.max(session.lastMs, timeMs)
      if (right !== undefined) {
        session.absorb(right)
        sessions.splice(next, 1)
        this.items--
      }
    } else if (session === right) session.startMs = timeMs
    else {
      sessions.splice(next, 0, session)
      this.items++
    }
    query.take(isLate)
    if (isLate) session.late++
    session.series.add(this.#reporters.firsts[position]!)
    this.#noteChange(session)
    return session
  }

  /** Whether a sample at `toMs` goes on with the session from `fromMs`, or the other way round. */
  #reaches(session: Session, fromMs: number, toMs: number, cellEndMs: number): boolean {
    return toMs - fromMs < this.query.gapMs && session.cellEndMs === cellEndMs
  }

  #isEmitted(session: Session | undefined): boolean {
    return session !== undefined && session.endMs(this.query.gapMs) <= this.query.emittedThroughMs
  }

  #noteChange(session: Session): void {
    const isEmitted = this.#isEmitted(session)
    if (!session.isChanged && (isEmitted || this.query.plan.emit?.at === 'every')) {
      session.isChanged = true
      this.#changed.push(session)
    }
    // One that was emitted and is open again is due anew.
    this.#setTimer(session, this.query.emittedThroughMs)
  }

  /** Moves those of the changed sessions that may go out now to `due`. */
  #takeChanged(due: Due[], nowMs: number, isEarlyPeriod: boolean): void {
    const { gapMs, reviseEveryMs, emittedThroughMs, isFinalOnly } = this.query
    const kept: Session[] = []
    for (const session of this.#changed) {
      if (!session.isChanged || !session.isHeld) continue
      const isEarly = session.endMs(gapMs) > emittedThroughMs
      const isPaced = isEarly ? !isEarlyPeriod : isFinalOnly || nowMs - session.emittedAtMs < reviseEveryMs
      if (isPaced) kept.push(session)
      else {
        session.isChanged = false
        due.push({ session, isEarly })
      }
    }
    this.#changed = kept
  }

  /** By end, then group, then start. */
  #inOrder(due: Due[]): Due[] {
    if (due.length < 2) return due
    const ranks = new Uint32Array(this.groups.count)
    for (const [rank, slot] of this.groups.ordered().entries()) ranks[slot] = rank
    const { gapMs } = this.query
    return due.sort(
      ({ session: a }, { session: b }) =>
        a.endMs(gapMs) - b.endMs(gapMs) || ranks[a.slot]! - ranks[b.slot]! || a.startMs - b.startMs,
    )
  }

  get #isAltered(): boolean {
    return this.#timedBy !== this.query.plan || this.#timedLatenessMs !== this.query.latenessMs
  }

  #setTimers(): void {
    this.#timedBy = this.query.plan
    this.#timedLatenessMs = this.query.latenessMs
    this.#timers.clear()
    for (const session of this.#all()) this.#setTimer(session, this.query.emittedThroughMs)
  }

  /** Has the session looked at when it is due, or, when it was emitted, when it can change no more. */
  #setTimer(session: Session, emittedThroughMs: number): void {
    const { gapMs, latenessMs } = this.query
    const endMs = session.endMs(gapMs)
    const sealedMs = session.sealedMs(gapMs)
    const atMs = endMs > emittedThroughMs ? this.query.dueAtMs(endMs, sealedMs) : sealedMs + latenessMs
    this.#timers.wake(session, atMs)
  }

  #free(session: Session): void {
    const sessions = this.#sessions.get(session.slot)!
    sessions.splice(sessions.indexOf(session), 1)
    if (sessions.length === 0) this.#sessions.delete(session.slot)
    session.isHeld = false
    this.items--
  }

  get #earliestStartMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const [first] of this.#sessions.values())
      if (first !== undefined) earliestMs = Math.min(earliestMs, first.startMs)
    return earliestMs
  }

  *#all(): Generator<Session> {
    for (const sessions of this.#sessions.values()) yield* sessions
  }
}

function sketchOf(session: Session): ExponentialSketch {
  session.sketch ??= new ExponentialSketch()
  return session.sketch
}

/** Index of the first of sorted sessions that starts after `timeMs`; most samples are for the last one. */
function firstStartingAfter(sessions: readonly Session[], timeMs: number): number {
  let low = 0
  let high = sessions.length
  if (high > 0 && sessions[high - 1]!.startMs <= timeMs) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sessions[middle]!.startMs > timeMs) high = middle
    else low = middle + 1
  }
  return low
}
