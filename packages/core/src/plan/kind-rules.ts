import type { MetricKind } from '../registry/identity.ts'
import type { AggregatePlan, QueryPlan } from './query-plan.ts'

/** Whether a function means something for a kind: `refuse` always, `refuse-when-known` only warns while the kind is assumed. */
export type KindVerdict =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'refuse' | 'refuse-when-known'; readonly message: string; readonly hint: string }

const ALLOW: KindVerdict = { verdict: 'allow' }

/** Why a kind has no increase; undefined for those that have one. */
const NO_INCREASE: Readonly<Record<MetricKind, string | undefined>> = {
  gauge: 'declare the metric COUNTER if its samples are running totals, or DELTA if they are amounts; else use avg',
  counter: undefined,
  delta: undefined,
  distribution: 'its samples are events: SELECT the metric itself and COMPUTE count or sum',
}

/**
 * The table of (kind, function) of `docs/language.md`. `reading` is what the function is computed over: of an
 * increase or a rate, which only counters and deltas have, every function means something.
 */
export function kindRule(
  kind: MetricKind,
  fn: AggregatePlan['fn'],
  reading: NonNullable<QueryPlan['reading']> = 'samples',
): KindVerdict {
  if (reading !== 'samples') {
    const hint = NO_INCREASE[kind]
    return hint === undefined ? ALLOW : { verdict: 'refuse', message: `a ${kind} has no ${reading}`, hint }
  }
  if (kind === 'gauge' && fn === 'sum')
    return {
      verdict: 'refuse-when-known',
      message: 'sum of a gauge adds the same level once per sample, so it grows with the reporting rate',
      hint: 'use avg, or declare the metric DELTA if each sample is an amount',
    }
  if (kind === 'counter' && fn !== 'count')
    return {
      verdict: 'refuse',
      message: `${fn} of a counter has no meaning: it is a running total`,
      hint: 'read its growth: SELECT increase(m) for amounts, SELECT rate(m) for amounts per second',
    }
  return ALLOW
}
