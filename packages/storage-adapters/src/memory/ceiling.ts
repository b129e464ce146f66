/** What is held, as columns: when each thing ends and what it weighs. */
export interface HeldBytes {
  readonly endsMs: number[]
  readonly bytes: number[]
}

/**
 * The end time up to which things have to go so that at least `neededBytes` are free: the smallest of
 * `endsMs` such that everything that ends at or before it weighs that much. O(n log n), no objects.
 */
export function dropCutoffMs(endsMs: Float64Array, bytes: Float64Array, neededBytes: number): number {
  const sorted = endsMs.slice().sort()
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (bytesUpTo(sorted[middle]!) >= neededBytes) high = middle
    else low = middle + 1
  }
  return sorted[low] ?? Number.NEGATIVE_INFINITY

  function bytesUpTo(cutoffMs: number): number {
    let sum = 0
    for (let i = 0; i < endsMs.length; i++) if (endsMs[i]! <= cutoffMs) sum += bytes[i]!
    return sum
  }
}
