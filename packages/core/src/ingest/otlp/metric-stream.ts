import type { AttributeValue, MetricKind, SeriesDescriptor, Temporality } from '../../registry/identity.ts'
import type { PointProblem } from './attribute-list.ts'

/** The form of a metric's points, as OTLP's `Metric.data` names them. */
export type PointForm = 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary'

/** OTLP's enumeration `AggregationTemporality`; every other number counts as unspecified. */
export const OtlpTemporality = { unspecified: 0, delta: 1, cumulative: 2 } as const

/** A resource or a scope as part of a series' identity. `problem` refuses every point below it. */
export interface SeriesContext {
  readonly resource: readonly (readonly [string, AttributeValue])[]
  readonly scope: {
    readonly name: string
    readonly version: string
    readonly attributes: readonly (readonly [string, AttributeValue])[]
  }
  readonly problem: PointProblem | undefined
}

/** One metric of one scope: all that its points have in common. */
export interface MetricStream {
  readonly descriptor: SeriesDescriptor & { readonly kind: MetricKind }
  readonly kind: MetricKind
  readonly cumulative: boolean
  /** Amounts belong to the interval that ends at their time; levels to the instant. */
  readonly interval: 'always' | 'with-start' | 'never'
  /** The start of the interval is worth keeping. */
  readonly hasStart: boolean
  readonly problem: PointProblem | undefined
}

export interface MetricHeader {
  readonly tenant: string
  readonly name: string
  readonly unit: string
  readonly form: PointForm
  /** `OtlpTemporality`; no matter for gauges and summaries. */
  readonly temporality: number
  /** Sums only. */
  readonly monotonic: boolean
}

/**
 * What the points of a metric mean. Cumulative sums are counters when monotonic and levels when not;
 * delta sums are amounts either way.
 */
export function metricStream(header: MetricHeader, context: SeriesContext, problem?: PointProblem): MetricStream {
  const { form } = header
  const aggregated = form !== 'gauge' && form !== 'summary'
  const cumulative = aggregated && header.temporality === OtlpTemporality.cumulative
  const kind = kindOf(header)
  const temporality: Temporality = !aggregated ? 'unspecified' : cumulative ? 'cumulative' : 'delta'
  return {
    descriptor: {
      tenant: header.tenant,
      metric: header.name,
      kind,
      temporality,
      unit: header.unit,
      resource: context.resource,
      scope: context.scope,
    },
    kind,
    cumulative,
    interval: kind === 'counter' ? 'always' : kind === 'gauge' ? 'never' : 'with-start',
    hasStart: kind !== 'gauge',
    problem: formProblem(header) ?? context.problem ?? problem,
  }
}

function kindOf(header: MetricHeader): MetricKind {
  if (header.form === 'gauge') return 'gauge'
  if (header.form !== 'sum') return 'distribution'
  if (header.temporality === OtlpTemporality.delta) return 'delta'
  return header.monotonic ? 'counter' : 'gauge'
}

function formProblem({ form, temporality }: MetricHeader): PointProblem | undefined {
  if (form === 'summary')
    return { reason: 'unsupported', detail: 'summaries cannot be merged over servers; send histograms instead' }
  if (form === 'gauge' || temporality === OtlpTemporality.delta || temporality === OtlpTemporality.cumulative)
    return undefined
  return {
    reason: 'temporality',
    detail: `aggregation temporality ${temporality} is neither delta (1) nor cumulative (2)`,
  }
}
