import {
  createEngine,
  createSampleBatch,
  type Engine,
  type QueryPlan,
  type StorageAdapter,
  type WindowResult,
} from '@windrow/core'
import { naiveWindows } from '@windrow/core/testing'
import { expect, test } from 'vitest'
import { memoryAdapter } from '../src/memory/index.ts'

const T0 = Date.UTC(2026, 2, 1, 12)
const SECOND_MS = 1_000

const WINDOW = { type: 'fixed', sizeMs: 10_000, stepMs: 10_000, offsetMs: 0 } as const

function planOf(more: Partial<QueryPlan> = {}): QueryPlan {
  return {
    planVersion: 1,
    text: JSON.stringify(more),
    selector: { metric: 'm', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
    window: WINDOW,
    columns: [
      { name: 'count', aggregate: { fn: 'count' } },
      { name: 'max', aggregate: { fn: 'max' } },
    ],
    groupBy: [],
    ...more,
  }
}

/** The rows that hold: the greatest revision of each window. */
function newest(rows: readonly WindowResult[]): WindowResult[] {
  const byStart = new Map<number, WindowResult>()
  for (const row of rows) if (row.revision > (byStart.get(row.startMs)?.revision ?? 0)) byStart.set(row.startMs, row)
  return [...byStart.values()].sort((a, b) => a.startMs - b.startMs)
}

function send(engine: Engine, servers: readonly string[], timeMs: number, value: number, batchId: string): number {
  const batch = createSampleBatch(servers.length)
  for (const server of servers)
    batch.push(engine.registry.register({ server, metric: 'm', kind: 'gauge' }), timeMs, value)
  return engine.ingest(batch, { source: 'gateway', batchId }).shed
}

test('FILL PREVIOUS at the start of a range', async () => {
  await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
  engine.advanceTo(T0 - 600_000)
  const plan = planOf({ fill: { with: 'previous', within: { windows: 3 } } })
  const live: WindowResult[] = []
  engine.addQuery('q', plan).subscribe((row) => live.push(row))
  for (const [second, value] of [
    [-25, 4],
    [22, 7],
  ] as const) {
    engine.advanceTo(T0 + second * SECOND_MS)
    send(engine, ['a'], T0 + second * SECOND_MS, value, `${second}`)
  }
  engine.advanceTo(T0 + 80 * SECOND_MS)
  const rows: WindowResult[] = []
  for await (const row of engine.run(plan, { fromMs: T0, toMs: T0 + 60 * SECOND_MS })) rows.push(row)
  // The window of the first sample starts three before the range; what is filled from it reaches its first window.
  expect(rows.map(({ startMs, values }) => [(startMs - T0) / SECOND_MS, values['count'], values['max']])).toEqual([
    [0, 0, 4],
    [10, 0, null],
    [20, 1, 7],
    [30, 0, 7],
    [40, 0, 7],
    [50, 0, 7],
  ])
  const shape = ({ startMs, values, count }: WindowResult): unknown[] => [startMs, { ...values }, count]
  expect(rows.map(shape)).toEqual(
    newest(live)
      .filter(({ startMs }) => startMs >= T0 && startMs < T0 + 60 * SECOND_MS)
      .map(shape),
  )
})

/** A storage whose writes can be held up. */
function stallable(inner: StorageAdapter): { readonly storage: StorageAdapter; stall(): void; resume(): void } {
  let running: Promise<void> = Promise.resolve()
  let resume = (): void => undefined
  return {
    storage: {
      name: inner.name,
      capabilities: inner.capabilities,
      open: (directory) => inner.open(directory),
      writeRaw: async (batch, context) => {
        await running
        await inner.writeRaw(batch, context)
      },
      writeResults: async (rows) => {
        await running
        await inner.writeResults(rows)
      },
      scanRaw: (request) => inner.scanRaw(request),
      scanResults: (request) => inner.scanResults(request),
      catalog: (tenant) => inner.catalog(tenant),
      deleteBefore: (tenant, beforeMs) => inner.deleteBefore(tenant, beforeMs),
      close: () => inner.close(),
    },
    stall: () => {
      running = new Promise((resolve) => {
        resume = resolve
      })
    },
    resume: () => resume(),
  }
}

test('ingest is refused for five minutes', async () => {
  const { storage, stall, resume } = stallable(memoryAdapter())
  await using engine = createEngine({ clock: 'manual', storage, maxQueuedRows: 50 })
  engine.advanceTo(T0 - 600_000)
  const query = engine.addQuery('q', planOf())
  const rows: WindowResult[] = []
  const firstToldMs = new Map<number, number>()
  query.subscribe((row) => {
    rows.push(row)
    if (!firstToldMs.has(row.startMs)) firstToldMs.set(row.startMs, engine.nowMs() - row.endMs)
  })
  const servers = Array.from({ length: 10 }, (_, server) => `s${server}`)
  const samples: { group: string; timeMs: number; value: number }[] = []
  /** What the sender holds until it is taken, oldest first. */
  const buffer: number[] = []
  const refusedMs = T0 + 60 * SECOND_MS
  const resumedMs = refusedMs + 300 * SECOND_MS
  const endMs = resumedMs + 120 * SECOND_MS
  let refused = 0
  for (let nowMs = T0; nowMs <= endMs; nowMs += SECOND_MS) {
    engine.advanceTo(nowMs)
    if (nowMs === refusedMs) stall()
    if (nowMs === resumedMs) {
      expect(newest(rows).filter(({ startMs }) => startMs > refusedMs)).toEqual([])
      resume()
    }
    const isStalled = nowMs >= refusedMs && nowMs < resumedMs
    for (const server of servers) samples.push({ group: '', timeMs: nowMs, value: loadAt(nowMs) + server.length })
    buffer.push(nowMs)
    for (let sent = 0; sent < 30 && buffer.length > 0; sent++) {
      const timeMs = buffer[0]!
      if (!isStalled) await engine.flush()
      const shed = send(engine, servers, timeMs, loadAt(timeMs) + 2, `${timeMs}`)
      refused += shed
      if (shed > 0) break
      buffer.shift()
    }
    if (!isStalled) await engine.settled()
    if (nowMs === resumedMs + 60 * SECOND_MS) expectOracle(nowMs - 20 * SECOND_MS)
  }
  expect(refused).toBeGreaterThan(2_900)
  expect(engine.stats().tenants[0]!.points).toMatchObject({ shed: refused, accepted: samples.length, duplicate: 0 })
  expectOracle(endMs - 20 * SECOND_MS)
  const { matched, applied, lateApplied, toRepair, lateDropped } = query.counters
  expect(lateDropped).toBe(0)
  expect(toRepair).toBeGreaterThan(2_500)
  expect(applied + lateApplied + toRepair).toBe(matched)
  const outage = newest(rows).filter(({ startMs }) => startMs > refusedMs && startMs < resumedMs - 30 * SECOND_MS)
  expect(new Set(outage.map(({ source }) => source))).toEqual(new Set(['backfill']))
  // What lies before and after the outage is told when it always is.
  for (const [startMs, delayMs] of firstToldMs)
    if (startMs < refusedMs - 20 * SECOND_MS || startMs >= resumedMs)
      expect([startMs, delayMs <= 10_000]).toEqual([startMs, true])

  function expectOracle(untilMs: number): void {
    const whole = naiveWindows(samples, WINDOW).filter((row) => row.endMs <= untilMs)
    expect(
      newest(rows)
        .filter((row) => row.endMs <= untilMs)
        .map(({ startMs, values }) => [startMs, values['count'], values['max']]),
    ).toEqual(whole.map(({ startMs, count, max }) => [startMs, count, max]))
  }
})

function loadAt(timeMs: number): number {
  return ((timeMs / SECOND_MS) * 7_919) % 1_000
}
