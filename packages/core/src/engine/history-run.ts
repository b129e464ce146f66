import { WindrowError } from '../errors.ts'
import type { QueryPlan, TimePoint } from '../plan/query-plan.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import { windowStartAt } from '../window/edges.ts'
import { QueryWindows } from '../window/query-windows.ts'
import { WindowOperator } from '../window/window-operator.ts'
import type { RunOptions } from './engine-api.ts'

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
  const { window } = plan
  const { fromMs, toMs } = rangeOf(plan, options)
  if (!(toMs > fromMs)) return
  const firstStartMs = windowStartAt(window, fromMs)
  const lastStartMs = windowStartAt(window, toMs - 1)
  const lastEndMs = lastStartMs + window.sizeMs

  let rows: WindowResult[] = []
  const operator = new WindowOperator({
    registry,
    tenantId,
    source: 'backfill',
    progress: undefined,
    generation: 1,
    emit: (row) => rows.push(row.endMs > nowMs ? { ...row, early: true } : row),
  })
  const query = new QueryWindows({
    name: options.query ?? 'adhoc',
    tenant,
    version: 1,
    plan,
    latenessMs: 0,
    deliver: () => true,
  })
  const { firstMs } = await storage.catalog(tenant)
  operator.addQueryOver(query, firstStartMs, firstMs ?? Number.NEGATIVE_INFINITY)

  for await (const batch of storage.scanRaw({
    tenant,
    selector: plan.selector,
    fromMs: firstStartMs,
    toMs: lastEndMs,
    ...(signal === undefined ? {} : { signal }),
  })) {
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
  operator.advance(lastEndMs, lastEndMs)
  yield* rows
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
