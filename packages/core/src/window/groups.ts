import type { GroupDimension } from '../plan/query-plan.ts'
import type { SeriesInfo } from '../registry/identity.ts'

export type GroupValues = Readonly<Record<string, string | null>>

/** The groups of a store: GROUP BY values <-> slot. */
export class Groups {
  readonly #dimensions: readonly GroupDimension[]
  readonly #slots = new Map<string, number>()
  readonly #values: GroupValues[] = []
  #ordered: Uint32Array | undefined

  constructor(dimensions: readonly GroupDimension[]) {
    this.#dimensions = dimensions
  }

  get count(): number {
    return this.#values.length
  }

  values(slot: number): GroupValues {
    return this.#values[slot]!
  }

  /** The slot of a series' group, made on first sight. */
  slotOf(series: SeriesInfo): number {
    const values: Record<string, string | null> = Object.create(null)
    const parts: string[] = []
    for (const { kind, name } of this.#dimensions) {
      const value = kind === 'topology' ? series.server : (series.labels.find(([key]) => key === name)?.[1] ?? null)
      values[name] = value
      parts.push(value === null ? '-' : `${value.length}:${value}`)
    }
    const key = parts.join('')
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const slot = this.#values.length
    this.#slots.set(key, slot)
    this.#values.push(values)
    this.#ordered = undefined
    return slot
  }

  /** All slots in group order. */
  ordered(): Uint32Array {
    if (this.#ordered === undefined) {
      const dimensions = this.#dimensions.map((dimension) => dimension.name)
      this.#ordered = Uint32Array.from(this.#values.keys()).sort((a, b) =>
        compareGroups(this.#values[a]!, this.#values[b]!, dimensions),
      )
    }
    return this.#ordered
  }
}

function compareGroups(a: GroupValues, b: GroupValues, dimensions: readonly string[]): number {
  for (const name of dimensions) {
    const left = a[name] ?? null
    const right = b[name] ?? null
    if (left === right) continue
    if (left === null) return 1
    if (right === null) return -1
    return left < right ? -1 : 1
  }
  return 0
}
