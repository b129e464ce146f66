/**
 * The naive reference for increases of counters: sorts all samples of one series and looks at each beside those
 * before it. It shares no code with the engine and is slow on purpose.
 */
export interface NaiveCounterSample {
  readonly timeMs: number
  readonly value: number
  /** When the counter began; 0 = unknown. */
  readonly startMs: number
}

export interface NaiveFirst {
  readonly policy: 'zero' | 'baseline' | 'auto'
  /** Under `auto`, a counter that began then or later counts from zero. */
  readonly coversFromMs: number
}

export interface NaiveIncrease {
  readonly timeMs: number
  /** Undefined when the sample is only a base line, or left out. */
  readonly amount: number | undefined
  /** Why there is none, or what the amount is; the first sample's is `first`. */
  readonly why: 'first' | 'difference' | 'reset' | 'overlap'
}

/** One entry a sample, in time order. Times are distinct. */
export function naiveIncreases(samples: readonly NaiveCounterSample[], first: NaiveFirst): NaiveIncrease[] {
  const inOrder = [...samples].sort((a, b) => a.timeMs - b.timeMs)
  let base: NaiveCounterSample | undefined
  let skipped: NaiveCounterSample[] = []
  return inOrder.map((sample, index): NaiveIncrease => {
    const { timeMs } = sample
    const before = base
    if (before === undefined) {
      base = sample
      const { policy, coversFromMs } = first
      const proven = hasKnownStart(sample) && sample.startMs > 0 && sample.startMs >= coversFromMs
      const counts = policy === 'zero' || (policy === 'auto' && proven)
      return { timeMs, amount: counts ? amountOf(0, sample.value) : undefined, why: 'first' }
    }
    const tellsRun = hasKnownStart(sample) && before.startMs !== 0 && sample.startMs !== before.startMs
    const beganInBetween = tellsRun && sample.startMs >= inOrder[index - 1]!.timeMs
    if (tellsRun && !beganInBetween) {
      const isOlder = sample.startMs < before.startMs
      const youngest = skipped.length === 0 ? undefined : Math.max(...skipped.map((other) => other.startMs))
      if (isOlder && sample.startMs !== youngest && skipped.length < 16) skipped.push(sample)
      else {
        base = sample
        skipped = []
      }
      return { timeMs, amount: undefined, why: 'overlap' }
    }
    base = sample
    skipped = []
    if (beganInBetween || sample.value < before.value)
      return { timeMs, amount: amountOf(0, sample.value), why: 'reset' }
    return { timeMs, amount: amountOf(before.value, sample.value), why: 'difference' }
  })
}

function hasKnownStart({ startMs, timeMs }: NaiveCounterSample): boolean {
  return startMs !== 0 && startMs < timeMs
}

function amountOf(from: number, to: number): number | undefined {
  if (from === Number.NEGATIVE_INFINITY || to < from || (from === to && !Number.isFinite(to))) return undefined
  return to - from
}
