/**
 * The naive reference: keeps every sample and computes each window from its start, its end and the samples alone.
 * It shares no code with the engine and is slow on purpose.
 */
export interface NaiveSample {
  readonly group: string
  readonly timeMs: number
  readonly value: number
}

export interface NaiveWindow {
  readonly sizeMs: number
  readonly stepMs: number
  readonly offsetMs: number
}

export interface NaiveRow {
  readonly group: string
  readonly startMs: number
  readonly endMs: number
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly avg: number
  /** Sum of |x|: what the error of `sum` is measured against. */
  readonly magnitude: number
  /** Values in rising order. */
  readonly sorted: readonly number[]
}

/** Every window that holds a sample, by start, then group. */
export function naiveWindows(samples: readonly NaiveSample[], window: NaiveWindow): NaiveRow[] {
  const cells = new Map<string, { group: string; startMs: number; values: number[] }>()
  for (const { group, timeMs, value } of samples) {
    if (Number.isNaN(value)) continue
    let startMs = timeMs - ((timeMs - window.offsetMs) % window.stepMs)
    if (startMs > timeMs) startMs -= window.stepMs
    for (; startMs + window.sizeMs > timeMs; startMs -= window.stepMs) {
      const key = `${startMs}|${group}`
      const cell = cells.get(key) ?? { group, startMs, values: [] }
      cell.values.push(value)
      cells.set(key, cell)
    }
  }
  return [...cells.values()]
    .map(({ group, startMs, values }) => {
      const sorted = values.map((value) => value + 0).sort((a, b) => a - b)
      const sum = exactSum(sorted)
      return {
        group,
        startMs,
        endMs: startMs + window.sizeMs,
        count: sorted.length,
        sum,
        min: sorted[0]!,
        max: sorted[sorted.length - 1]!,
        avg: sum / sorted.length,
        magnitude: sorted.reduce((total, value) => total + Math.abs(value), 0),
        sorted,
      }
    })
    .sort((a, b) => a.startMs - b.startMs || (a.group < b.group ? -1 : a.group > b.group ? 1 : 0))
}

/** The nearest-rank percentile of sorted values, for `p` as it is written: `"99.9"`. */
export function naivePercentile(sorted: readonly number[], p: string): number {
  const [whole = '0', fraction = ''] = p.split('.')
  const scale = 10n ** BigInt(fraction.length + 2)
  const product = BigInt(whole + fraction) * BigInt(sorted.length)
  const rank = (product + scale - 1n) / scale
  return sorted[Number(rank < 1n ? 1n : rank) - 1]!
}

/** Shewchuk's exact partial sums, rounded once at the end. */
function exactSum(values: readonly number[]): number {
  const partials: number[] = []
  for (const value of values) {
    let x = value
    let used = 0
    for (const partial of partials) {
      const [high, low] = Math.abs(x) < Math.abs(partial) ? [partial, x] : [x, partial]
      const sum = high + low
      const rest = low - (sum - high)
      if (rest !== 0) partials[used++] = rest
      x = sum
    }
    partials.length = used
    partials.push(x)
  }
  return partials.reduceRight((total, partial) => total + partial, 0)
}
