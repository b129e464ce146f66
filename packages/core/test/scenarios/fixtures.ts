import { expect } from 'vitest'
import type { ColumnPlan, Engine, EngineOptions, Query, QueryPlan, WindowResult } from '../../src/index.ts'
import { type NaiveSample, naiveWindows } from '../../src/testing/index.ts'
import { fixedWindow, manualEngine, newest, type Point, send } from '../engine/fixtures.ts'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000

/** What may be asked of a gauge. */
export const LEVELS: readonly ColumnPlan[] = [
  { name: 'count', aggregate: { fn: 'count' } },
  { name: 'min', aggregate: { fn: 'min' } },
  { name: 'max', aggregate: { fn: 'max' } },
  { name: 'avg', aggregate: { fn: 'avg' } },
]

/** A sample on its way to the engine. */
export interface Arrival extends Point {
  readonly arrivesMs: number
  /** Default `gateway`. */
  readonly source?: string
}

/** A row, and what time it was when it came. */
export interface TimedRow {
  readonly row: WindowResult
  readonly atMs: number
}

/** An engine whose clock a test moves, with the limits on the future that a system clock has. */
export function scenarioEngine(options: EngineOptions = {}): Engine {
  return manualEngine({ maxFutureMs: 300_000, futureHoldMs: 10_000, ...options })
}

export function collectTimed(engine: Engine, query: Query): TimedRow[] {
  const rows: TimedRow[] = []
  query.subscribe((row) => rows.push({ row, atMs: engine.nowMs() }))
  return rows
}

/** A whole number that looks random: sums of them are exact. */
export function valueAt(timeMs: number, which = 0): number {
  return ((timeMs / SECOND_MS) * 7_919 + which * 104_729) % 1_000
}

export interface PlayOptions {
  /** The first moment. */
  readonly fromMs: number
  /** The last moment. */
  readonly untilMs: number
  /** Default 1 s. */
  readonly stepMs?: number
  /** Called at each moment, before what arrives then. */
  readonly at?: (nowMs: number) => void
}

/** Moves the clock step by step; what arrived since the last step comes in one batch from each source. */
export function play(engine: Engine, arrivals: readonly Arrival[], options: PlayOptions): void {
  const { fromMs, untilMs, stepMs = SECOND_MS, at } = options
  const inOrder = [...arrivals].sort((a, b) => a.arrivesMs - b.arrivesMs)
  let next = 0
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += stepMs) {
    engine.advanceTo(nowMs)
    at?.(nowMs)
    const bySource = new Map<string, Arrival[]>()
    for (; next < inOrder.length && inOrder[next]!.arrivesMs <= nowMs; next++) {
      const arrival = inOrder[next]!
      const { source = 'gateway' } = arrival
      const batch = bySource.get(source)
      if (batch === undefined) bySource.set(source, [arrival])
      else batch.push(arrival)
    }
    for (const [source, points] of bySource) send(engine, points, source)
    engine.advanceTo(nowMs)
  }
}

/** Holds the newest row of every window against the naive reference. Values are whole numbers, so all is exact. */
export function expectOracle(rows: readonly WindowResult[], samples: readonly Point[], plan: QueryPlan): void {
  expect(shapeOf(newest(rows), plan)).toEqual(oracleOf(samples, plan))
}

type Shape = readonly [startMs: number, group: string, count: number, ...values: unknown[]]

export function oracleOf(samples: readonly Point[], plan: QueryPlan): Shape[] {
  const grouped = plan.groupBy.length > 0
  const naive: NaiveSample[] = samples.map(({ server = '', timeMs, value }) => ({
    group: grouped ? server : '',
    timeMs,
    value,
  }))
  return naiveWindows(naive, fixedWindow(plan)).map((row) => [
    row.startMs,
    row.group,
    row.count,
    ...plan.columns.map((column) => row[column.name as 'count' | 'sum' | 'min' | 'max' | 'avg']),
  ])
}

export function shapeOf(rows: readonly WindowResult[], plan: QueryPlan): Shape[] {
  return rows
    .filter((row) => row.retracted !== true)
    .map((row) => [
      row.startMs,
      row.group['server'] ?? '',
      row.count,
      ...plan.columns.map((column) => row.values[column.name]),
    ])
}

/** How long after its end each window was first told, in ms. */
export function delaysOf(rows: readonly TimedRow[]): number[] {
  const first = new Map<number, number>()
  for (const { row, atMs } of rows) if (!first.has(row.startMs)) first.set(row.startMs, atMs - row.endMs)
  return [...first.values()]
}
