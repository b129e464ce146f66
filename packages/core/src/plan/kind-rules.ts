import type { MetricKind } from '../registry/identity.ts'
import type { AggregatePlan } from './query-plan.ts'

/** Whether a function means something for a kind: `refuse` always, `warn` only while the kind is assumed. */
export type KindVerdict =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'refuse' | 'refuse-when-known'; readonly message: string; readonly hint: string }

const ALLOW: KindVerdict = { verdict: 'allow' }

const COUNTER_HINT =
  'a counter is a running total: let its sender report amounts, in OpenTelemetry with ' +
  'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta, or count its samples'

/** The table of (kind, function) of `docs/language.md`. */
export function kindRule(kind: MetricKind, fn: AggregatePlan['fn']): KindVerdict {
  if (kind === 'gauge' && fn === 'sum')
    return {
      verdict: 'refuse-when-known',
      message: 'sum of a gauge adds the same level once per sample, so it grows with the reporting rate',
      hint: 'use avg, or declare the metric DELTA if each sample is an amount',
    }
  if (kind === 'counter' && fn !== 'count')
    return { verdict: 'refuse', message: `${fn} of a counter has no meaning`, hint: COUNTER_HINT }
  return ALLOW
}
