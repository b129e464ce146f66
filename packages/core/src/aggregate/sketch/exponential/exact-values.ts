/** A group of fewer values than this keeps them as they are. */
export const EXACT_LIMIT = 64

const LEAST_CAPACITY = 4

/** The values of a small group, in a buffer that doubles from 4 to 64. The order of arrival has no meaning. */
export class ExactValues {
  #buffer = new Float64Array(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  get byteLength(): number {
    return this.#buffer.byteLength
  }

  /** The caller keeps the length below `EXACT_LIMIT`. */
  push(value: number): void {
    if (this.#length === this.#buffer.length) {
      const grown = new Float64Array(Math.max(LEAST_CAPACITY, this.#length * 2))
      grown.set(this.#buffer)
      this.#buffer = grown
    }
    // Adding 0 turns -0 into 0.
    this.#buffer[this.#length++] = value + 0
  }

  /** A view of the values, good until the next change. */
  view(): Float64Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** A copy in ascending order, the same for the same values whatever their order of arrival. */
  sorted(): Float64Array {
    return this.#buffer.slice(0, this.#length).sort()
  }

  clear(): void {
    this.#length = 0
  }
}
