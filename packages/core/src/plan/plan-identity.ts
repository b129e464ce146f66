import type { QueryPlan } from './query-plan.ts'

/** What makes two plans the same windows; the rest may change without a new version. */
export function planIdentity(plan: QueryPlan): string {
  return JSON.stringify([plan.selector, plan.reading ?? 'samples', plan.window, plan.columns, plan.groupBy])
}
