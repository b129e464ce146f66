import { createEngine, type Engine, type EngineOptions, type Query, type WindowResult } from '@windrow/core'

/** Long enough for every window of a script to become final and be repaired, and groups to be filled no more. */
const UNTIL_ALL_IS_SAID_MS = 30 * 60_000
const REPAIRED_WITHIN_MS = 60_000

/** What live windows and a run over history say of one row, where they do not agree. */
export interface Disagreement {
  readonly query: string
  readonly live: string
  readonly history: string
}

export interface LiveAndHistory {
  readonly createEngine: (options: EngineOptions) => Engine
  /** Queries that were compared. */
  readonly compared: () => number
  readonly disagreements: readonly Disagreement[]
}

/**
 * Makes engines that, before they are closed, run the text of every query over what is stored and compare the rows with
 * those that were emitted. Queries that left samples out, or say that they are out of date, are not compared, nor are
 * rows of windows that a query was there for only in part.
 */
export function liveAndHistory(): LiveAndHistory {
  const disagreements: Disagreement[] = []
  let compared = 0
  const make = (options: EngineOptions): Engine => {
    const engine = createEngine(options)
    const rowsOf = new Map<Query, WindowResult[]>()
    const [addQuery, close] = [engine.addQuery.bind(engine), engine.close.bind(engine)]
    return Object.assign(engine, {
      addQuery: (...args: Parameters<Engine['addQuery']>) => {
        const query = addQuery(...args)
        const rows: WindowResult[] = []
        rowsOf.set(query, rows)
        query.subscribe((row) => rows.push(row))
        return query
      },
      close: async () => {
        await sayAll(engine)
        for (const [query, rows] of rowsOf) {
          const newest = newestRows(rows)
          if (newest.length === 0 || !saysAll(query, newest)) continue
          compared++
          disagreements.push(...(await compare(engine, query, newest)))
        }
        await close()
      },
    })
  }
  return { createEngine: make, compared: () => compared, disagreements }
}

async function sayAll(engine: Engine): Promise<void> {
  for (const ms of [UNTIL_ALL_IS_SAID_MS, REPAIRED_WITHIN_MS, REPAIRED_WITHIN_MS]) {
    engine.advanceTo(engine.nowMs() + ms)
    await engine.settled()
  }
}

function saysAll({ state, counters }: Query, rows: readonly WindowResult[]): boolean {
  const leftOut = counters.lateDropped + counters.toSide > 0
  return state === 'running' && !leftOut && rows.every((row) => row.quality?.stale !== true)
}

/** The rows that hold, by window and group. */
function newestRows(rows: readonly WindowResult[]): readonly WindowResult[] {
  const newest = new Map(rows.map((row) => [identityOf(row), row]))
  return [...newest.values()].filter((row) => row.retracted !== true)
}

async function compare(engine: Engine, query: Query, live: readonly WindowResult[]): Promise<Disagreement[]> {
  const starts = live.map((row) => row.startMs)
  const range = { fromMs: Math.min(...starts), toMs: Math.max(...starts) + 1 }
  const history = new Map<string, string>()
  for await (const row of engine.run(query.plan, range)) history.set(identityOf(row), shown(row))
  const found: Disagreement[] = []
  for (const row of live) {
    const text = history.get(identityOf(row)) ?? 'none'
    history.delete(identityOf(row))
    if (!row.partial && text !== shown(row)) found.push({ query: query.plan.text, live: shown(row), history: text })
  }
  for (const text of history.values()) found.push({ query: query.plan.text, live: 'none', history: text })
  return found
}

function identityOf({ group, startMs }: WindowResult): string {
  return JSON.stringify([group, startMs])
}

function shown({ group, startMs, endMs, values, count, early }: WindowResult): string {
  return JSON.stringify([group, startMs, endMs, values, count, early === true])
}
