import type { AttributeValue, MetricKind, Temporality } from '../../registry/identity.ts'
import type { RejectReason } from '../decode-result.ts'
import { checkAttributes, checkMetricName, type PointProblem, quoted } from '../otlp/attribute-list.ts'
import type { OtlpLimits } from '../otlp/limits.ts'

/** One entry of `metrics`, checked. */
export interface JsonPoint {
  readonly name: string
  readonly kind: MetricKind | undefined
  readonly temporality: Temporality
  readonly unit: string
  readonly labels: readonly (readonly [string, AttributeValue])[]
  /** Attribution time. */
  readonly timestampMs: number
  readonly value: number
  readonly precisionLost: boolean
}

export type JsonPointResult =
  | { readonly ok: true; readonly point: JsonPoint }
  | { readonly ok: false; readonly problem: PointProblem }

type Fields = Partial<Record<'name' | 'value' | 'timestamp' | 'kind' | 'unit' | 'labels', unknown>>

const TEMPORALITIES: Readonly<Record<MetricKind, Temporality>> = {
  gauge: 'unspecified',
  counter: 'cumulative',
  delta: 'delta',
  distribution: 'unspecified',
}
const WORDS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])
/** Integers that a double may not hold arrive as decimal text. */
const LONG_INTEGER = /^-?\d{16,308}$/

/** Checks one entry; `nowMs` is the time of entries that have none. */
export function readJsonPoint(entry: unknown, nowMs: number, limits: OtlpLimits): JsonPointResult {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return refused('invalid', 'the point is not an object')
  const { name, value, timestamp, kind, unit = '', labels = {} }: Fields = entry
  if (typeof name !== 'string') return refused('invalid', '"name" is not a string')
  const nameProblem = checkMetricName(name, limits)
  if (nameProblem !== undefined) return { ok: false, problem: nameProblem }
  if (kind !== undefined && !isKind(kind))
    return refused('invalid', `"kind" is not one of ${Object.keys(TEMPORALITIES).join(', ')}`)
  if (typeof unit !== 'string') return refused('invalid', '"unit" is not a string')
  const number = readValue(value)
  if (number === undefined) return refused('invalid', '"value" is not a number, "NaN", "Infinity" or "-Infinity"')
  const timeMs = timestamp === undefined ? nowMs : timestamp
  if (typeof timeMs !== 'number' || !(timeMs > 0 && timeMs <= Number.MAX_SAFE_INTEGER))
    return refused('bad-time', '"timestamp" is not a time in milliseconds since the epoch')
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
    return refused('invalid', '"labels" is not an object')
  const entries = Object.entries(labels)
  const odd = entries.find(([, label]) => !isScalar(label))
  if (odd !== undefined) return refused('invalid', `label ${quoted(odd[0])} is not a string, number or boolean`)
  const checked = checkAttributes(entries as [string, string | number | boolean][], 'point', limits)
  if (!checked.ok) return checked
  return {
    ok: true,
    point: {
      name,
      kind,
      temporality: kind === undefined ? 'unspecified' : TEMPORALITIES[kind],
      unit,
      labels: checked.entries,
      // A running total belongs to the interval that ends at its time, everything else to the instant.
      timestampMs: kind === 'counter' ? Math.ceil(timeMs) - 1 : Math.floor(timeMs),
      value: number,
      precisionLost: typeof value === 'string' && LONG_INTEGER.test(value) && isBeyondExact(BigInt(value)),
    },
  }
}

function readValue(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'string' && LONG_INTEGER.test(value)) return Number(value)
  return WORDS.get(value)
}

function isBeyondExact(value: bigint): boolean {
  return value > 2n ** 53n || value < -(2n ** 53n)
}

function isKind(kind: unknown): kind is MetricKind {
  return typeof kind === 'string' && Object.hasOwn(TEMPORALITIES, kind)
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function refused(reason: RejectReason, detail: string): JsonPointResult {
  return { ok: false, problem: { reason, detail } }
}
