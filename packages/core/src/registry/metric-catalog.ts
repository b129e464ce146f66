import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { KIND_CODES } from './canonical.ts'
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

const KINDS = Object.keys(KIND_CODES) as MetricKind[]
const FIRST_POLICIES: readonly FirstPolicy[] = ['auto', 'zero', 'baseline']
/** Bits: which parts of a declaration are there, and whether there is one at all. */
const DECLARED = 1
const WITH_KIND = 2
const WITH_UNIT = 4
const WITH_FIRST = 8

export function saveDeclaration(writer: StateWriter, declared: MetricDeclaration | undefined): void {
  const { kind, unit, first } = declared ?? {}
  writer.u8(
    (declared === undefined ? 0 : DECLARED) |
      (kind === undefined ? 0 : WITH_KIND) |
      (unit === undefined ? 0 : WITH_UNIT) |
      (first === undefined ? 0 : WITH_FIRST),
  )
  if (kind !== undefined) writer.u8(KIND_CODES[kind])
  if (unit !== undefined) writer.text(unit)
  if (first !== undefined) writer.u8(FIRST_POLICIES.indexOf(first))
}

export function loadDeclaration(reader: StateReader): MetricDeclaration | undefined {
  const parts = reader.index('parts of a declaration', 16)
  const declared: MetricDeclaration = {
    ...((parts & WITH_KIND) !== 0 && { kind: KINDS[reader.index('kind of a metric', KINDS.length)]! }),
    ...((parts & WITH_UNIT) !== 0 && { unit: reader.text('unit of a metric') }),
    ...((parts & WITH_FIRST) !== 0 && { first: FIRST_POLICIES[reader.index('first sample', FIRST_POLICIES.length)]! }),
  }
  return (parts & DECLARED) === 0 ? undefined : declared
}
