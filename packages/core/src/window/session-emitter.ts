import type { ResultQuality, ResultSource, WindowResult } from '../result/window-result.ts'
import { computeValues, sameRow } from './row.ts'
import type { RunningQuery } from './running-query.ts'
import type { SessionQuery } from './session-query.ts'
import type { Session } from './session-state.ts'
import { SessionView } from './session-view.ts'
import { type Candidate, choose, nextRevision } from './shown-rows.ts'

export interface SessionEmitterOptions {
  readonly source: ResultSource
  /** Number of this life of the engine; the high part of each revision. */
  readonly generation: () => number
  readonly emit: (row: WindowResult, query: RunningQuery) => void
}

type Group = WindowResult['group']

/** Tells readers what a session is now: takes back rows it has outgrown, then gives its own. */
export class SessionEmitter {
  readonly source: ResultSource
  readonly #generation: () => number
  readonly #emit: (row: WindowResult, query: RunningQuery) => void

  constructor(options: SessionEmitterOptions) {
    this.source = options.source
    this.#generation = options.generation
    this.#emit = options.emit
  }

  emitSession(query: SessionQuery, session: Session, group: Group, nowMs: number, isEarly: boolean): void {
    const rows = this.#outgrown(session)
    const own = this.#own(query, session, group, isEarly)
    if (own !== undefined) {
      session.rows.set(session.startMs, own)
      rows.push(own)
    }
    session.isChanged = false
    session.emittedAtMs = nowMs
    // Last, as readers may send samples while they read.
    for (const row of rows) this.#emit(row, query)
  }

  /** Rows under starts that are none any more. */
  #outgrown(session: Session): WindowResult[] {
    const rows: WindowResult[] = []
    for (const [startMs, before] of session.rows) {
      if (startMs === session.startMs) continue
      session.rows.delete(startMs)
      if (before.retracted !== true) rows.push(this.#retraction(before))
    }
    return rows
  }

  /** The session's new row, or the retraction of its old one; undefined when nothing changed for readers. */
  #own(query: SessionQuery, session: Session, group: Group, isEarly: boolean): WindowResult | undefined {
    const { startMs } = session
    const before = session.rows.get(startMs)
    const [shown] = query.owns(startMs) ? choose([candidateOf(query, session)], query.rules) : []
    if (shown === undefined)
      return before === undefined || before.retracted === true ? undefined : this.#retraction(before)
    const row: WindowResult = {
      tenant: query.tenant,
      query: query.name,
      queryVersion: query.version,
      group,
      startMs,
      endMs: session.endMs(query.gapMs),
      values: shown.values,
      count: shown.count,
      seriesSeen: session.series.size,
      seriesExpected: null,
      completeness: null,
      revision: nextRevision(before, this.#generation(), query.toldAt(startMs)),
      partial: startMs < query.firstWholeStartMs,
      ...(isEarly ? EARLY : undefined),
      lateApplied: session.late,
      source: this.source,
      ...withQuality(shown.quality),
    }
    return before !== undefined && sameRow(before, row) ? undefined : row
  }

  #retraction(before: WindowResult): WindowResult {
    const revision = nextRevision(before, this.#generation(), 0)
    return { ...before, revision, retracted: true, source: this.source }
  }
}

const EARLY = { early: true } as const

function candidateOf(query: SessionQuery, session: Session): Candidate {
  const { slot } = session
  return { slot, ...computeValues(query.plan.columns, new SessionView(session), slot) }
}

function withQuality(quality: ResultQuality | undefined): { readonly quality?: ResultQuality } {
  return quality === undefined ? {} : { quality }
}
