import type { DistributionState } from '../../src/aggregate/distribution-state.ts'
import type { ColumnPlan, EmitPlan, LatePolicy, QueryPlan } from '../../src/plan/query-plan.ts'
import { createSeriesRegistry } from '../../src/registry/series-registry.ts'
import type { ResultSource, WindowResult } from '../../src/result/window-result.ts'
import type { LateSample } from '../../src/window/running-query.ts'
import { SessionEmitter } from '../../src/window/session-emitter.ts'
import { SessionQuery } from '../../src/window/session-query.ts'
import { SessionStore } from '../../src/window/session-store.ts'

export const STATS: readonly ColumnPlan[] = (['count', 'sum', 'min', 'max', 'avg'] as const).map((fn) => ({
  name: fn,
  aggregate: { fn },
}))
export const P50: ColumnPlan = { name: 'p50', aggregate: { fn: 'percentile', rank: { digits: 50, scale: 2 } } }

export interface SessionSetup {
  readonly gapMs?: number
  readonly maxMs?: number
  readonly latenessMs?: number
  readonly late?: LatePolicy
  readonly emit?: EmitPlan
  readonly columns?: readonly ColumnPlan[]
  readonly having?: QueryPlan['having']
  readonly minSamples?: number
  readonly source?: ResultSource
}

/** Sessions of one query, by server, and all that they told readers. */
export interface Sessions {
  readonly query: SessionQuery
  readonly store: SessionStore
  readonly rows: WindowResult[]
  readonly late: LateSample[]
  /** Called with each row as it goes out. */
  onRow: (row: WindowResult) => void
  generation: number
  add(server: string, timeMs: number, value: number, series?: string): void
  addWeighted(server: string, timeMs: number, value: number, weight: number): void
  addState(server: string, timeMs: number, state: DistributionState): void
  /** Moves the watermark, and the wall clock: by default by itself far enough for any pace. Returns the new rows. */
  advance(watermarkMs: number, nowMs?: number): WindowResult[]
}

export function planOf(setup: SessionSetup): QueryPlan {
  const { gapMs = 10, maxMs = 1_000, emit, having, minSamples } = setup
  return {
    planVersion: 1,
    text: 'sessions',
    selector: { metric: 'm', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
    window: { type: 'session', gapMs, maxMs },
    columns: setup.columns ?? STATS,
    groupBy: [{ kind: 'topology', name: 'server' }],
    ...(emit === undefined ? {} : { emit }),
    ...(having === undefined ? {} : { having }),
    ...(minSamples === undefined ? {} : { minSamples }),
  }
}

export function createSessions(setup: SessionSetup = {}): Sessions {
  const { gapMs = 10, maxMs = 1_000, latenessMs = 100, late = 'drop', source = 'live' } = setup
  const registry = createSeriesRegistry()
  const rows: WindowResult[] = []
  const lateSamples: LateSample[] = []
  const query = new SessionQuery(
    {
      name: 'q',
      tenant: 'default',
      version: 1,
      plan: planOf(setup),
      latenessMs,
      late,
      deliver: () => true,
      onTooLate: (sample) =>
        (sample.policy === 'side' || sample.query.holds(sample.timeMs)) && lateSamples.push(sample) > 0,
    },
    { type: 'session', gapMs, maxMs },
  )
  const store = new SessionStore(registry.metricEntry(0, 'm'), query)
  const emitter = new SessionEmitter({
    source,
    generation: () => sessions.generation,
    emit: (row) => {
      rows.push(row)
      sessions.onRow(row)
    },
  })
  const positions = new Map<string, number>()
  const positionOf = (server: string, series = ''): number => {
    const key = `${server}|${series}`
    const known = positions.get(key)
    if (known !== undefined) return known
    const ref = registry.register({ metric: 'm', server, kind: 'gauge', labels: { series } })
    const position = store.take(registry.describe(ref))
    store.reportedBy(position, ref)
    positions.set(key, position)
    return position
  }
  let clockMs = 0
  const sessions: Sessions = {
    query,
    store,
    rows,
    late: lateSamples,
    onRow: () => {},
    generation: 1,
    add: (server, timeMs, value, series) => store.add(positionOf(server, series), timeMs, value),
    addWeighted: (server, timeMs, value, weight) => store.addWeighted(positionOf(server), timeMs, value, weight),
    addState: (server, timeMs, state) => store.addState(positionOf(server), timeMs, state),
    advance: (watermarkMs, nowMs = clockMs + 60_000) => {
      clockMs = nowMs
      const before = rows.length
      store.advance(watermarkMs, nowMs, emitter)
      return rows.slice(before)
    },
  }
  return sessions
}

/** A row in short: `s [0, 19) x2`, with what is to be known about it. */
export function inShort(row: WindowResult): string {
  const words = [`${row.group['server']} [${row.startMs}, ${row.endMs}) x${row.count} r${row.revision % 65_536}`]
  if (row.retracted === true) words.push('retracted')
  if (row.early === true) words.push('early')
  if (row.partial) words.push('partial')
  return words.join(' ')
}
