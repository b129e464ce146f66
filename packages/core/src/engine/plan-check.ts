import { WindrowError } from '../errors.ts'
import { kindRule } from '../plan/kind-rules.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { MetricInfo } from '../registry/metric-catalog.ts'
import type { ColumnSchema } from '../result/window-result.ts'
import { gcd } from '../window/edges.ts'

/** Most panes one query may need at a time. */
const MAX_PANES = 4_096

/** Throws `PLAN_INVALID` or `TOO_MANY_PANES` for a plan that no engine could run, however it was made. */
export function checkPlan(plan: QueryPlan, minWindowMs: number, latenessMs: number): void {
  const { sizeMs, stepMs, offsetMs } = plan.window
  if (![sizeMs, stepMs, offsetMs].every(Number.isSafeInteger))
    throw invalid('window sizes are whole milliseconds', 'round the durations')
  if (sizeMs < minWindowMs)
    throw invalid(`the window of ${sizeMs} ms is under the least of ${minWindowMs} ms`, `use WINDOW ${minWindowMs}ms`)
  if (stepMs < 1 || stepMs > sizeMs)
    throw invalid(`the step of ${stepMs} ms is not between 1 ms and the window's ${sizeMs} ms`, 'make EVERY smaller')
  if (offsetMs < 0 || offsetMs >= stepMs)
    throw invalid(`the offset of ${offsetMs} ms is not in [0, ${stepMs})`, 'take it modulo the step')
  for (const allowedMs of [latenessMs, plan.latenessMs ?? 0])
    if (!Number.isSafeInteger(allowedMs) || allowedMs < 0)
      throw invalid(`the lateness of ${allowedMs} ms is not a whole number of at least 0`, 'use LATENESS 0s for none')
  if (plan.columns.length === 0) throw invalid('a query computes at least one column', 'add one to COMPUTE')
  const names = new Set(plan.columns.map((column) => column.name))
  if (names.size !== plan.columns.length) throw invalid('two columns have the same name', 'rename one with AS')
  for (const { aggregate } of plan.columns)
    if (aggregate.fn === 'percentile') {
      const { digits, scale } = aggregate.rank
      if (!Number.isSafeInteger(digits) || !Number.isSafeInteger(scale) || digits < 0 || digits > 10 ** scale)
        throw invalid(`the rank ${digits}/10^${scale} is not between 0 and 1`, 'percentile takes 0 to 100')
    }
  const paneMs = gcd(sizeMs, stepMs)
  const panes = (sizeMs + latenessMs) / paneMs
  if (panes > MAX_PANES)
    throw new WindrowError('TOO_MANY_PANES', `the window needs ${Math.ceil(panes)} panes of ${paneMs} ms`, {
      hint: `at most ${MAX_PANES} are kept: use a step of at least ${Math.ceil((sizeMs + latenessMs) / MAX_PANES)} ms that divides the window`,
      details: { panes: Math.ceil(panes) },
    })
}

/** Why the plan's functions mean nothing for the metric, or undefined. */
export function kindProblem(plan: QueryPlan, metric: MetricInfo | undefined): string | undefined {
  if (metric === undefined) return undefined
  for (const { aggregate, name } of plan.columns) {
    const rule = kindRule(metric.kind, aggregate.fn)
    if (rule.verdict === 'allow') continue
    if (metric.kindAssumed) continue
    return `column ${name}: ${rule.message} (${metric.metric} is a ${metric.kind}); ${rule.hint}`
  }
  return undefined
}

/** Units travel with the columns: counts have none, everything else has the metric's. */
export function columnSchemas(plan: Pick<QueryPlan, 'columns'>, unit: string): ColumnSchema[] {
  return plan.columns.map(({ name, aggregate }) => ({
    name,
    unit: aggregate.fn === 'count' ? '1' : unit,
    type: 'number',
  }))
}

function invalid(message: string, hint: string): WindrowError {
  return new WindrowError('PLAN_INVALID', message, { hint })
}
