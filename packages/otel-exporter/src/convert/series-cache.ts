import type { Attributes } from '@opentelemetry/api'
import type { SeriesRef } from '@windrow/core'

/** Series that are remembered; beyond it all are forgotten and learnt anew. */
const MAX_SERIES = 100_000

/** Series of points seen before, by text that is quicker to make than the registry's own key. */
export class SeriesCache {
  readonly #streams = new Map<string, Map<string, SeriesRef>>()
  #size = 0

  /** The series of a metric; `key` says which metric, of which scope and resource. */
  stream(key: string): Map<string, SeriesRef> {
    if (this.#size > MAX_SERIES) {
      this.#streams.clear()
      this.#size = 0
    }
    const known = this.#streams.get(key)
    if (known !== undefined) return known
    const series = new Map<string, SeriesRef>()
    this.#streams.set(key, series)
    return series
  }

  add(stream: Map<string, SeriesRef>, key: string, ref: SeriesRef): void {
    stream.set(key, ref)
    this.#size++
  }
}

/**
 * Text that is equal only for equal attributes: every part is preceded by its length, every value by its
 * type. The same attributes in another order have another text. Undefined when a value is not a scalar.
 */
export function attributesKey(attributes: Attributes): string | undefined {
  let text = ''
  for (const key of Object.keys(attributes)) {
    const value: unknown = attributes[key]
    const type = typeof value
    if (type !== 'string' && type !== 'number' && type !== 'boolean') return undefined
    const valueText = String(value)
    text += `${key.length}:${key}${type[0]}${valueText.length}:${valueText}`
  }
  return text
}

/** Texts put together so that no two lists give the same. */
export function joinKey(...parts: readonly (string | number | boolean)[]): string {
  return parts.map((part) => `${String(part).length}:${part}`).join('')
}
