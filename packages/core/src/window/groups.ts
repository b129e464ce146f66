import type { GroupDimension } from '../plan/query-plan.ts'
import type { SeriesInfo } from '../registry/identity.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

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
    return this.#slotOf(
      this.#dimensions.map(({ kind, name }) =>
        kind === 'topology' ? series.server : (series.labels.find(([key]) => key === name)?.[1] ?? null),
      ),
    )
  }

  /** The slot of a group that was seen. */
  find(group: GroupValues): number | undefined {
    return this.#slots.get(keyOf(this.#dimensions.map(({ name }) => group[name] ?? null)))
  }

  /** Writes the first `count` groups; those never change, so that it may also be done later. */
  save(writer: StateWriter, count: number = this.count): void {
    writer.varint(this.#dimensions.length)
    writer.varint(count)
    for (let slot = 0; slot < count; slot++)
      for (const { name } of this.#dimensions) {
        const value = this.#values[slot]![name] ?? null
        writer.boolean(value !== null)
        if (value !== null) writer.symbol(value)
      }
  }

  /** Reads groups of the same dimensions back; each gets the slot it had. */
  load(reader: StateReader): void {
    const { offset } = reader
    const dimensions = reader.varint('dimensions')
    if (dimensions !== this.#dimensions.length || this.count > 0)
      reader.corrupt(`groups of ${dimensions} dimensions do not go with ${this.#dimensions.length}`, offset)
    // Without a dimension there is one group, which takes no bytes.
    const count = dimensions === 0 ? reader.index('groups', 2) : reader.count('groups', dimensions)
    for (let slot = 0; slot < count; slot++) {
      const values = this.#dimensions.map(() =>
        reader.boolean('whether a group has a value') ? reader.symbol('value of a group') : null,
      )
      if (this.#slotOf(values) !== slot) reader.corrupt('group comes twice', offset)
    }
  }

  /** Of one value a dimension. */
  #slotOf(values: readonly (string | null)[]): number {
    const key = keyOf(values)
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const slot = this.#values.length
    const named: Record<string, string | null> = Object.create(null)
    for (const [i, { name }] of this.#dimensions.entries()) named[name] = values[i]!
    this.#slots.set(key, slot)
    this.#values.push(named)
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

function keyOf(values: readonly (string | null)[]): string {
  return values.map((value) => (value === null ? '-' : `${value.length}:${value}`)).join('')
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
