import { PAIRED_WITHIN_MS } from '../counter/pair-rule.ts'
import { WindrowError } from '../errors.ts'
import type { QueryPlan, TimePoint } from '../plan/query-plan.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import { SERIES_TTL_MS } from '../window/gap-fill.ts'
import { windowScheme } from '../window/scheme-of.ts'
import { WindowOperator } from '../window/window-operator.ts'
import type { WindowScheme } from '../window/window-scheme.ts'
import type { RunOptions } from './engine-api.ts'
import { StoredRepeats } from './stored-repeats.ts'

export interface HistoryRunOptions extends RunOptions {
  readonly registry: SeriesRegistry
  readonly storage: StorageAdapter
  readonly tenant: string
  readonly tenantId: number
  readonly nowMs: number
}

/**
 * Computes a plan over stored samples with the operator that also runs live; the scan's own time moves the
 * watermark. Covers every window that starts in `[fromMs rounded down to a window start, toMs)`, whole.
 */
export async function* runOverHistory(plan: QueryPlan, options: HistoryRunOptions): AsyncGenerator<WindowResult> {
  const { registry, storage, tenant, tenantId, nowMs, signal } = options
  const { fromMs, toMs } = rangeOf(plan, options)
  if (!(toMs > fromMs)) return
  const range = rangeOfStarts(plan, fromMs, toMs)

  let rows: WindowResult[] = []
  const operator = new WindowOperator({
    registry,
    tenantId,
    source: 'backfill',
    progress: undefined,
    generation: () => 1,
    emit: (row) => {
      if (row.startMs >= range.firstStartMs && row.startMs <= range.lastStartMs)
        rows.push(row.endMs > nowMs ? { ...row, early: true } : row)
    },
  })
  const query = operator.newQuery({
    name: options.query ?? 'adhoc',
    tenant,
    version: 1,
    plan,
    latenessMs: 0,
    late: 'drop',
    deliver: () => true,
  })
  const { firstMs } = await storage.catalog(tenant)
  operator.addQueryOver(query, range.warmUpStartMs, firstMs ?? Number.NEGATIVE_INFINITY)

  const repeats = new StoredRepeats(registry)
  for await (const stored of storage.scanRaw({
    tenant,
    selector: plan.selector,
    fromMs: range.scanFromMs,
    toMs: range.scanToMs,
    ...(signal === undefined ? {} : { signal }),
  })) {
    const batch = repeats.without(stored)
    if (batch.length === 0) continue
    let maxMs = Number.NEGATIVE_INFINITY
    let minMs = Number.POSITIVE_INFINITY
    for (let row = 0; row < batch.length; row++) {
      maxMs = Math.max(maxMs, batch.timestampsMs[row]!)
      minMs = Math.min(minMs, batch.timestampsMs[row]!)
    }
    operator.apply(batch, minMs, maxMs)
    operator.advance(maxMs, maxMs)
    yield* rows
    rows = []
  }
  if (signal?.aborted === true) throw new WindrowError('ABORTED', 'the run was aborted', { cause: signal.reason })
  operator.advance(range.scanToMs, range.scanToMs)
  yield* rows
}

/** Which windows a run is for, and which samples it has to read for them. */
interface RangeOfStarts {
  readonly firstStartMs: number
  readonly lastStartMs: number
  /** The first window to compute: earlier than `firstStartMs` where rows depend on the rows before. */
  readonly warmUpStartMs: number
  readonly scanFromMs: number
  readonly scanToMs: number
}

function rangeOfStarts(plan: QueryPlan, fromMs: number, toMs: number): RangeOfStarts {
  const { window } = plan
  const readingMs = plan.reading === 'increase' || plan.reading === 'rate' ? PAIRED_WITHIN_MS : 0
  if (window.type === 'session') {
    // No session is longer than that, and none goes over a multiple of it.
    const cellMs = Math.floor(fromMs / window.maxMs) * window.maxMs
    return {
      firstStartMs: fromMs,
      lastStartMs: toMs - 1,
      warmUpStartMs: cellMs,
      scanFromMs: cellMs - readingMs,
      scanToMs: Math.ceil(toMs / window.maxMs) * window.maxMs,
    }
  }
  const scheme = windowScheme(window)
  const firstStartMs = scheme.startAt(fromMs)
  const lastStartMs = scheme.startAt(toMs - 1)
  const warmUpStartMs = beforeFirst(plan, scheme, firstStartMs)
  return {
    firstStartMs,
    lastStartMs,
    warmUpStartMs,
    scanFromMs: warmUpStartMs - readingMs,
    scanToMs: scheme.endOf(lastStartMs),
  }
}

/** Start of the earliest window that `FILL` looks at. */
function beforeFirst({ fill }: QueryPlan, scheme: WindowScheme, firstStartMs: number): number {
  if (fill === undefined) return firstStartMs
  // Groups are filled for a while after their last row, wherever that is.
  const lastRowMs = firstStartMs - SERIES_TTL_MS
  const withinMs = fill.with === 'previous' && 'ms' in fill.within ? fill.within.ms : 0
  let startMs = scheme.startAt(Math.min(scheme.startOf(scheme.firstEndAfter(lastRowMs)), firstStartMs - withinMs))
  if (fill.with === 'previous' && 'windows' in fill.within)
    for (let windows = 0; windows < fill.within.windows; windows++) startMs = scheme.startAt(startMs - 1)
  return startMs
}

function rangeOf(plan: QueryPlan, options: HistoryRunOptions): { fromMs: number; toMs: number } {
  const fromMs = options.fromMs ?? (plan.range === undefined ? undefined : resolveTime(plan.range.since, options.nowMs))
  if (fromMs === undefined)
    throw new WindrowError('PLAN_INVALID', 'a run over history needs a beginning', {
      hint: 'write SINCE in the query or give fromMs',
    })
  const until = plan.range?.until
  const toMs = options.toMs ?? (until === undefined ? options.nowMs : resolveTime(until, options.nowMs))
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs))
    throw new WindrowError('PLAN_INVALID', `the range ${fromMs} to ${toMs} is not finite`, {
      hint: 'give fromMs and toMs, or advance the manual clock first',
    })
  return { fromMs, toMs }
}

function resolveTime(point: TimePoint, nowMs: number): number {
  return point.kind === 'absolute' ? point.epochMs : nowMs + point.offsetMs
}
