/** Counts of a row of neighbouring bins: `counts[i]` is the count of bin `offset + i`. */
export interface BinCounts {
  readonly offset: number
  readonly counts: ArrayLike<number>
}

/** Bins in use, both ends inclusive. */
export interface BinRange {
  readonly low: number
  readonly high: number
}

/** The most bins one sign of a sketch keeps. */
export const MAX_BINS = 2048

const NO_COUNTS = new Uint32Array(0)
const LEAST_CAPACITY = 64

/**
 * The bins of one sign, dense. Counts are u32 until `widen` is called and f64 from then on: the caller widens before
 * the total count could pass 2^32 - 1, so no addition here has to look for overflow.
 *
 * `counts` and `offset` are open to the tight loop of the sketch, which counts in place where a bin has room already.
 * At either end there may be room that is not in use.
 */
export class Bins implements BinCounts {
  counts: Uint32Array | Float64Array = NO_COUNTS
  offset = 0

  /** The bins that hold something, or null. */
  range(): BinRange | null {
    return usedRange(this)
  }

  /** Whether bin `index` has room already. */
  has(index: number): boolean {
    return index >= this.offset && index < this.offset + this.counts.length
  }

  /** Whether all of a range has room already. */
  hasAll(range: BinRange | null): boolean {
    return range === null || (this.has(range.low) && this.has(range.high))
  }

  /** Adds 1 to a bin that has room; false where there is none. */
  increment(index: number): boolean {
    const position = index - this.offset
    if (position < 0 || position >= this.counts.length) return false
    this.counts[position] = this.counts[position]! + 1
    return true
  }

  /** Adds to a bin; makes room where there is none. The bins in use, with this one, must span at most `MAX_BINS`. */
  add(index: number, count: number): void {
    let position = index - this.offset
    if (position < 0 || position >= this.counts.length) {
      this.reserve(index, index)
      position = index - this.offset
    }
    this.counts[position] = this.counts[position]! + count
  }

  /** Adds the bins `range` of `source`, whose scale is finer by `shift` halvings. */
  absorb(source: BinCounts, range: BinRange, shift: number): void {
    this.reserve(range.low >> shift, range.high >> shift)
    const from = range.low - source.offset
    const to = range.high - source.offset
    if (shift === 0) addRow(this.counts, range.low - this.offset, source.counts, from, to)
    else {
      for (let i = from; i <= to; i++) {
        const position = ((source.offset + i) >> shift) - this.offset
        this.counts[position] = this.counts[position]! + source.counts[i]!
      }
    }
  }

  /** Halves the resolution `shift` times, in place. */
  downscale(shift: number): void {
    const { counts, offset } = this
    const newOffset = offset >> shift
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i]!
      if (count === 0) continue
      // The new position is never right of the old one, so nothing is overwritten before it is read.
      counts[i] = 0
      const position = ((offset + i) >> shift) - newOffset
      counts[position] = counts[position]! + count
    }
    this.offset = newOffset
  }

  /** Takes out every bin up to `index`; returns what they held. */
  takeUpTo(index: number): number {
    let taken = 0
    const end = Math.min(index - this.offset + 1, this.counts.length)
    for (let i = 0; i < end; i++) {
      taken += this.counts[i]!
      this.counts[i] = 0
    }
    return taken
  }

  widen(): void {
    if (this.counts instanceof Uint32Array) this.counts = new Float64Array(this.counts)
  }

  /** Empties the bins. Keeps their memory, but if they are wide: what follows is counted in u32 again. */
  clear(): void {
    if (this.counts instanceof Uint32Array) this.counts.fill(0)
    else this.counts = NO_COUNTS
  }

  /** Makes room for the bins `low` to `high` beside those in use. */
  reserve(low: number, high: number): void {
    const { counts, offset } = this
    if (low >= offset && high < offset + counts.length) return
    const used = this.range()
    const least = used === null ? low : Math.min(low, used.low)
    const greatest = used === null ? high : Math.max(high, used.high)
    const span = greatest - least + 1
    const wanted = Math.max(LEAST_CAPACITY, Math.ceil((span * 1.5) / LEAST_CAPACITY) * LEAST_CAPACITY)
    const capacity = Math.max(span, Math.min(wanted, MAX_BINS))
    // New values tend to fall near those that made the row grow, so the spare room is on both sides.
    const newOffset = least - ((capacity - span) >> 1)
    if (used === null && capacity <= counts.length) {
      this.offset = least - ((counts.length - span) >> 1)
      return
    }
    const grown = counts instanceof Uint32Array ? new Uint32Array(capacity) : new Float64Array(capacity)
    if (used !== null) grown.set(counts.subarray(used.low - offset, used.high - offset + 1), used.low - newOffset)
    this.counts = grown
    this.offset = newOffset
  }
}

/** The bins of any row, from bin `least` on, that hold something, or null. */
export function usedRange({ offset, counts }: BinCounts, least: number = -Infinity): BinRange | null {
  let first = Math.max(0, least - offset)
  let last = counts.length - 1
  while (first <= last && counts[first] === 0) first++
  if (first > last) return null
  while (counts[last] === 0) last--
  return { low: offset + first, high: offset + last }
}

function addRow(
  into: Uint32Array | Float64Array,
  start: number,
  from: ArrayLike<number>,
  first: number,
  last: number,
): void {
  // Each loop meets one kind of array, so it is compiled for that kind.
  if (into instanceof Uint32Array && from instanceof Uint32Array) addNarrowRow(into, start, from, first, last)
  else for (let i = first, j = start; i <= last; i++, j++) into[j] = into[j]! + from[i]!
}

function addNarrowRow(into: Uint32Array, start: number, from: Uint32Array, first: number, last: number): void {
  const shift = start - first
  for (let i = first; i <= last; i++) into[i + shift] = into[i + shift]! + from[i]!
}
