import { runOverHistory } from '../../src/engine/history-run.ts'
import {
  createSampleBatch,
  type QueryPlan,
  type SampleBatch,
  type SeriesRef,
  type StorageAdapter,
  type WindowResult,
} from '../../src/index.ts'
import { compileSelector } from '../../src/registry/selector.ts'
import { SeriesRegistry } from '../../src/registry/series-registry.ts'
import type { RepairKey } from '../../src/repair/dirty-windows.ts'
import type { RecomputeRange, RepairHost } from '../../src/repair/repair-host.ts'
import { Repairer, type RepairerOptions } from '../../src/repair/repairer.ts'

export const T0: number = Date.UTC(2026, 0, 5, 12, 0, 0)
export const KEY: RepairKey = { tenant: 'default', query: 'q', queryVersion: 3 }

export function planOf(more: Partial<QueryPlan> = {}): QueryPlan {
  return {
    planVersion: 1,
    text: 'q',
    selector: { metric: 'm', from: [{ dimension: 'server', pattern: { kind: 'any' } }], except: [], where: [] },
    window: { type: 'fixed', sizeMs: 10_000, stepMs: 10_000, offsetMs: 0 },
    columns: [
      { name: 'count', aggregate: { fn: 'count' } },
      { name: 'sum', aggregate: { fn: 'sum' } },
      { name: 'max', aggregate: { fn: 'max' } },
    ],
    groupBy: [{ kind: 'topology', name: 'server' }],
    ...more,
  }
}

export interface Sample {
  readonly server: string
  /** Seconds after T0. */
  readonly at: number
  readonly value: number
}

interface StoredSample extends Sample {
  readonly ref: SeriesRef
  readonly timeMs: number
}

/** Keeps samples and rows in arrays, and does what a test says before a scan goes on. */
export class ArrayStorage implements StorageAdapter {
  readonly name = 'array'
  readonly capabilities: StorageAdapter['capabilities']
  readonly registry: SeriesRegistry = new SeriesRegistry(1_000)
  samples: StoredSample[] = []
  readonly rows: Map<string, WindowResult> = new Map()
  batchRows = 4
  rawScans = 0
  rawRowsRead = 0
  beforeBatch: (row: number) => Promise<void> | void = () => {}

  constructor(visibleAfterMs?: number) {
    this.capabilities = {
      durability: 'memory',
      replacesResults: true,
      storesStates: false,
      resolutionMs: 1,
      ...(visibleAfterMs === undefined ? {} : { visibleAfterMs }),
    }
  }

  async open(): Promise<void> {}
  async writeRaw(): Promise<void> {}
  async close(): Promise<void> {}

  add(...samples: readonly Sample[]): void {
    for (const sample of samples) {
      const ref = this.registry.register({ server: sample.server, metric: 'm', kind: 'distribution' })
      this.samples.push({ ...sample, ref, timeMs: T0 + sample.at * 1_000 })
    }
    this.samples.sort((a, b) => a.timeMs - b.timeMs)
  }

  async *scanRaw({ selector, fromMs, toMs }: Parameters<StorageAdapter['scanRaw']>[0]): AsyncGenerator<SampleBatch> {
    this.rawScans++
    const matches = compileSelector(selector)
    const found = this.samples.filter(
      ({ ref, timeMs }) => timeMs >= fromMs && timeMs < toMs && matches(this.registry.describe(ref)),
    )
    for (let start = 0; start < found.length; start += this.batchRows) {
      await this.beforeBatch(start)
      const batch = createSampleBatch(this.batchRows)
      for (const { ref, timeMs, value } of found.slice(start, start + this.batchRows)) batch.push(ref, timeMs, value)
      this.rawRowsRead += batch.length
      yield batch
    }
  }

  async writeResults(rows: readonly WindowResult[]): Promise<void> {
    for (const row of rows) {
      const key = JSON.stringify([row.query, row.queryVersion, row.startMs, Object.entries(row.group)])
      if ((this.rows.get(key)?.revision ?? -1) < row.revision) this.rows.set(key, row)
    }
  }

  async *scanResults({
    query,
    queryVersion,
    fromMs,
    toMs,
  }: Parameters<StorageAdapter['scanResults']>[0]): AsyncGenerator<WindowResult> {
    yield* [...this.rows.values()]
      .filter((row) => row.query === query && row.queryVersion === queryVersion && row.retracted !== true)
      .filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
      .sort((a, b) => a.startMs - b.startMs || (JSON.stringify(a.group) < JSON.stringify(b.group) ? -1 : 1))
  }

  async catalog(): ReturnType<StorageAdapter['catalog']> {
    const times = this.samples.map(({ timeMs }) => timeMs)
    return {
      metrics: [],
      firstMs: times.length === 0 ? null : Math.min(...times),
      lastMs: times.length === 0 ? null : Math.max(...times),
    }
  }

  async deleteBefore(_tenant: string, beforeMs: number): Promise<void> {
    this.samples = this.samples.filter(({ timeMs }) => timeMs >= beforeMs)
  }
}

/** An engine as far as repairs see one: its clock, its writes and its queries are set by the test. */
export class Stage implements RepairHost {
  readonly storage: ArrayStorage
  readonly plans: Map<string, QueryPlan> = new Map()
  readonly emitted: WindowResult[][] = []
  readonly errors: unknown[] = []
  now: number = T0 + 3_600_000
  finalMs: number = T0 + 3_000_000
  wholeMs: number = Number.POSITIVE_INFINITY
  /** Rows the query was told of, to fill from. */
  readonly noted: WindowResult[] = []
  generation = 1
  writes = 0
  writesDone: (writeNumber: number) => Promise<void> = async () => {}

  constructor(plan: QueryPlan, storage: ArrayStorage = new ArrayStorage()) {
    this.storage = storage
    this.plans.set(KEY.query, plan)
  }

  get registry(): SeriesRegistry {
    return this.storage.registry
  }

  nowMs(): number {
    return this.now
  }

  recompute(plan: QueryPlan, { key, ...range }: RecomputeRange): AsyncIterable<WindowResult> {
    const { registry, now } = this
    const { tenant, query } = key
    return runOverHistory(plan, {
      ...{ registry, tenant, tenantId: registry.tenantId(tenant), nowMs: now, query },
      ...range,
    })
  }

  /** A run of the test's own over what is stored by now. */
  history(fromMs: number, toMs: number): AsyncIterable<WindowResult> {
    const { signal } = new AbortController()
    return this.recompute(this.plans.get(KEY.query)!, { key: KEY, storage: this.storage, fromMs, toMs, signal })
  }

  planOf({ query }: RepairKey): QueryPlan | undefined {
    return this.plans.get(query)
  }

  owes(): boolean {
    return true
  }

  wholeFromMs(): number {
    return this.wholeMs
  }

  finalThroughMs(): number {
    return this.finalMs
  }

  lastWriteNumber(): number {
    return this.writes
  }

  async raiseGeneration(): Promise<number> {
    return ++this.generation
  }

  emit(rows: readonly WindowResult[]): void {
    this.emitted.push([...rows])
    this.writes++
    void this.storage.writeResults(rows)
  }

  noteRow(_key: RepairKey, row: WindowResult): void {
    this.noted.push(row)
  }

  onError(error: unknown): void {
    this.errors.push(error)
  }

  /** Stores the rows that live windows would have made of what is stored by now. */
  async storeLiveRows(more: Partial<WindowResult> = {}): Promise<void> {
    const rows: WindowResult[] = []
    for await (const row of this.history(T0 - 86_400_000, this.finalMs))
      rows.push({
        ...row,
        queryVersion: KEY.queryVersion,
        revision: 65_537,
        partial: false,
        seriesExpected: 2,
        completeness: 0.5,
        source: 'live',
        ...more,
      })
    await this.storage.writeResults(rows)
    this.storage.rawScans = 0
    this.storage.rawRowsRead = 0
  }

  /** A sample that came too late, stored by the next write. */
  addLate(...samples: readonly Sample[]): number {
    this.storage.add(...samples)
    return ++this.writes
  }

  repairer(options: RepairerOptions = {}): Repairer {
    return new Repairer(this, options)
  }

  tick(repairer: Repairer, byMs: number): void {
    this.now += byMs
    repairer.tick(this.now)
  }

  /** Lets the time between runs pass and the run come to its end. */
  async run(repairer: Repairer, byMs = 30_000): Promise<WindowResult[]> {
    this.emitted.length = 0
    this.tick(repairer, byMs)
    await repairer.settled()
    return this.emitted.flat()
  }
}

/** A row as tests compare it: start in seconds, group, count, sum, and what was said of it. */
export function shape(rows: readonly WindowResult[]): string[] {
  return rows.map((row) => {
    const marks = [row.retracted && 'retracted', row.quality?.stale && 'stale', row.partial && 'partial']
    const words = marks.filter((word) => typeof word === 'string').join()
    return `${(row.startMs - T0) / 1_000} ${row.group['server']} ${row.count}/${row.values['sum']}${words && ` ${words}`}`
  })
}
