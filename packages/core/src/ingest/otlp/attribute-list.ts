import type { AttributeValue } from '../../registry/identity.ts'
import type { RejectReason } from '../decode-result.ts'
import { type AttributeNode, attributeValue, nodeJson } from './attribute-node.ts'
import type { OtlpLimits } from './limits.ts'

/** Why points cannot be taken: one reason for all points of a metric, or of a set of attributes. */
export interface PointProblem {
  readonly reason: RejectReason
  readonly detail: string
}

/** `node` undefined: nested deeper than the limit, so it was not read. */
export type AttributeEntry = readonly [key: string, node: AttributeNode | undefined]

export type CheckedAttributes =
  | { readonly ok: true; readonly entries: readonly (readonly [string, AttributeValue])[] }
  | { readonly ok: false; readonly problem: PointProblem }

/** Attributes within the limits and with unique keys, or what is wrong with them. `of` names them in messages. */
export function checkAttributes(entries: readonly AttributeEntry[], of: string, limits: OtlpLimits): CheckedAttributes {
  if (entries.length > limits.attributes)
    return refused('too-large', `${entries.length} attributes of the ${of}; at most ${limits.attributes} are taken`)
  const keys = new Set<string>()
  const checked: (readonly [string, AttributeValue])[] = []
  for (const [key, node] of entries) {
    if (exceedsUtf8(key, limits.attributeKeyBytes))
      return refused('too-large', `an attribute key of the ${of} is longer than ${limits.attributeKeyBytes} bytes`)
    if (keys.has(key)) return refused('invalid', `attribute ${quoted(key)} of the ${of} is there twice`)
    keys.add(key)
    if (node === undefined)
      return refused('invalid', `attribute ${quoted(key)} of the ${of} is nested deeper than ${limits.nestingDepth}`)
    const text = typeof node === 'string' ? node : typeof node === 'object' ? nodeJson(node) : ''
    if (exceedsUtf8(text, limits.attributeValueBytes))
      return refused(
        'too-large',
        `the value of attribute ${quoted(key)} of the ${of} is longer than ${limits.attributeValueBytes} bytes`,
      )
    checked.push([key, attributeValue(node)])
  }
  // Frozen, so that the registry knows a resource again without reading it.
  return { ok: true, entries: Object.freeze(checked) }
}

/** A metric's name within the limit, or what is wrong with it. */
export function checkMetricName(name: string, limits: OtlpLimits): PointProblem | undefined {
  if (name === '') return { reason: 'invalid', detail: 'the metric has no name' }
  if (exceedsUtf8(name, limits.metricNameBytes))
    return { reason: 'too-large', detail: `the metric name is longer than ${limits.metricNameBytes} bytes` }
  return undefined
}

/** Names in messages: short, and without characters that a log or a terminal would act on. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    '?',
  )
}

function refused(reason: RejectReason, detail: string): CheckedAttributes {
  return { ok: false, problem: { reason, detail } }
}

/** Whether the text takes more than `limit` bytes in UTF-8. */
function exceedsUtf8(text: string, limit: number): boolean {
  if (text.length * 3 <= limit) return false
  if (text.length > limit) return true
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // Each half of a surrogate pair counts for two of its four bytes; a lone one is written as three.
    if (unit < 0x80) bytes++
    else if (unit < 0x800 || isPaired(text, at, unit)) bytes += 2
    else bytes += 3
  }
  return bytes > limit
}

function isPaired(text: string, at: number, unit: number): boolean {
  if (unit >= 0xd800 && unit < 0xdc00) return (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
  return unit >= 0xdc00 && unit < 0xe000 && at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800
}
