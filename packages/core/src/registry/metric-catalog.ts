import type { MetricKind } from './identity.ts'

/** What a person said about a metric; it wins over what the wire says. */
export interface MetricDeclaration {
  readonly kind?: MetricKind
  /** UCUM, for example `s`, `By`, `1`. */
  readonly unit?: string
  /** What the first sample of a counter series amounts to; see `FirstPolicy`. Default `auto`. */
  readonly first?: FirstPolicy
}

/**
 * Of the first sample of a counter series: `zero` counts its whole value, `baseline` counts nothing, `auto` counts it
 * when its start time says that all of it happened while the query was there.
 */
export type FirstPolicy = 'zero' | 'baseline' | 'auto'

/** What is known of a metric of one tenant. */
export interface MetricInfo {
  readonly tenant: string
  readonly metric: string
  /** Declared, else from the first series that said one, else `gauge`. */
  readonly kind: MetricKind
  /** True while nobody said the kind, neither a declaration nor the wire. */
  readonly kindAssumed: boolean
  readonly unit: string
  readonly declared: MetricDeclaration | undefined
  readonly seriesCount: number
  /** Series whose wire kind differs from `kind`. */
  readonly conflicts: number
}
