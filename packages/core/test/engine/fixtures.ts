import {
  type ColumnPlan,
  createEngine,
  createSampleBatch,
  type Engine,
  type EngineOptions,
  type FixedWindowPlan,
  type GroupDimension,
  type IngestResult,
  type MetricKind,
  type QueryPlan,
  type WindowResult,
} from '../../src/index.ts'

export const T0: number = Date.UTC(2026, 0, 5, 12, 0, 0)

export interface PlanOptions {
  readonly metric?: string
  readonly sizeMs?: number
  readonly stepMs?: number
  readonly offsetMs?: number
  readonly columns?: readonly ColumnPlan[]
  readonly groupBy?: readonly GroupDimension[]
  readonly latenessMs?: number
  readonly servers?: readonly string[]
}

export const STATS: readonly ColumnPlan[] = [
  { name: 'count', aggregate: { fn: 'count' } },
  { name: 'sum', aggregate: { fn: 'sum' } },
  { name: 'min', aggregate: { fn: 'min' } },
  { name: 'max', aggregate: { fn: 'max' } },
  { name: 'avg', aggregate: { fn: 'avg' } },
]
export const P50: ColumnPlan = { name: 'p50', aggregate: { fn: 'percentile', rank: { digits: 50, scale: 2 } } }
export const P99: ColumnPlan = { name: 'p99', aggregate: { fn: 'percentile', rank: { digits: 99, scale: 2 } } }
export const BY_SERVER: readonly GroupDimension[] = [{ kind: 'topology', name: 'server' }]

/** The windows of a plan that `planOf` made. */
export function fixedWindow({ window }: QueryPlan): FixedWindowPlan {
  if (window.type !== 'fixed') throw new TypeError(`${window.type} windows are not fixed`)
  return window
}

export function planOf(options: PlanOptions = {}, more: Partial<QueryPlan> = {}): QueryPlan {
  const sizeMs = options.sizeMs ?? 5_000
  const plan: QueryPlan = {
    planVersion: 1,
    text: JSON.stringify([options, more]),
    selector: {
      metric: options.metric ?? 'm',
      from:
        (options.servers ?? []).length === 0
          ? [{ dimension: 'server', pattern: { kind: 'any' } }]
          : options.servers!.map((value) => ({
              dimension: 'server' as const,
              pattern: { kind: 'exact' as const, value },
            })),
      except: [],
      where: [],
    },
    window: { type: 'fixed', sizeMs, stepMs: options.stepMs ?? sizeMs, offsetMs: options.offsetMs ?? 0 },
    columns: options.columns ?? STATS,
    groupBy: options.groupBy ?? [],
    ...(options.latenessMs === undefined ? {} : { latenessMs: options.latenessMs }),
    ...more,
  }
  return plan
}

export interface Point {
  readonly server?: string
  readonly metric?: string
  readonly kind?: MetricKind
  /** Of the service, which only the resource says. */
  readonly version?: string
  readonly timeMs: number
  readonly value: number
}

export function manualEngine(options: EngineOptions = {}): Engine {
  return createEngine({ clock: 'manual', ...options })
}

/** Sends points as one batch. Points without a kind are events, which are never taken for repeats. */
export function send(engine: Engine, points: readonly Point[], source = 'test', batchId?: string): IngestResult {
  const batch = createSampleBatch(Math.max(1, points.length))
  for (const { server = 's1', metric = 'm', kind = 'distribution', version, timeMs, value } of points) {
    const resource = version === undefined ? {} : { 'service.version': version }
    batch.push(engine.registry.register({ server, metric, kind, resource }), timeMs, value)
  }
  return engine.ingest(batch, batchId === undefined ? { source } : { source, batchId })
}

/** Keeps every row of a query. */
export function collect(query: { subscribe(listener: (row: WindowResult) => void): () => void }): WindowResult[] {
  const rows: WindowResult[] = []
  query.subscribe((row) => rows.push(row))
  return rows
}

/** The rows that hold: the greatest revision of each window and group, by start, then group. */
export function newest(rows: readonly WindowResult[]): WindowResult[] {
  const byKey = new Map<string, WindowResult>()
  for (const row of rows) {
    const key = `${row.startMs}|${JSON.stringify(row.group)}`
    const known = byKey.get(key)
    if (known === undefined || row.revision > known.revision) byKey.set(key, row)
  }
  return [...byKey.values()].sort(
    (a, b) => a.startMs - b.startMs || (JSON.stringify(a.group) < JSON.stringify(b.group) ? -1 : 1),
  )
}
