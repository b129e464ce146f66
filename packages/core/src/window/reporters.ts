import { growInt32, growUint32 } from '../internal/grow.ts'

/** More groups than memory has room for: so that a reporter and a group make one exact number. */
const MOST_GROUPS = 2 ** 26

/**
 * Which series of a store stand for the same reporter: one server with one set of point attributes. Completeness
 * counts reporters, as what only the resource says is another series but not another thing that ought to report: a
 * new version on the same host, a second writer, another unit. A reporter is counted in each group it has series in.
 *
 * The series of one are a chain, so that counting looks at each series once and allocates nothing.
 */
export class Reporters {
  /** By position of a series: the first position of the same reporter and group. */
  firsts: Uint32Array = new Uint32Array(4)
  /** By position: the next one in the chain that begins with the first, or -1. */
  nexts: Int32Array = new Int32Array(4)
  /** First position by reporter and group. */
  readonly #first = new Map<number, number>()

  get bytes(): number {
    return this.firsts.byteLength + this.nexts.byteLength + this.#first.size * 40
  }

  /** Says who reports the series at `position`; `slot` is its group. Once a position. */
  add(position: number, reporter: number, slot: number): void {
    if (position >= this.firsts.length) this.#grow(Math.max(position + 1, this.firsts.length * 2))
    const key = reporter * MOST_GROUPS + slot
    const first = this.#first.get(key)
    this.firsts[position] = first ?? position
    if (first === undefined) {
      this.#first.set(key, position)
      this.nexts[position] = -1
      return
    }
    this.nexts[position] = this.nexts[first]!
    this.nexts[first] = position
  }

  #grow(capacity: number): void {
    this.firsts = growUint32(this.firsts, capacity)
    this.nexts = growInt32(this.nexts, capacity)
  }
}
