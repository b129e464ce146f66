import { CounterPairs } from '../../src/counter/counter-pairs.ts'
import type { FirstPolicy } from '../../src/registry/metric-catalog.ts'

export interface Released {
  readonly ref: number
  readonly timeMs: number
  readonly amount: number | undefined
}

/** Pairs for one policy, all series watched that are named. */
export function pairsOf(policy: FirstPolicy, refs: readonly number[] = [0]): CounterPairs {
  const pairs = new CounterPairs({ firstPolicy: () => policy })
  for (const ref of refs) pairs.watch(ref)
  return pairs
}

/** What a reader takes that knows all that happened from `coversFromMs` on. */
export function releasedBy(pairs: CounterPairs, watermarkMs: number, coversFromMs = 0): Released[] {
  const released: Released[] = []
  pairs.release(watermarkMs, (ref, timeMs, amount, sinceMs) =>
    released.push({ ref, timeMs, amount: coversFromMs <= sinceMs ? amount : undefined }),
  )
  return released
}

/** Amounts of series 0 that samples `[timeMs, value, startMs]` give, taken in this order and released at once. */
export function amountsOf(
  pairs: CounterPairs,
  samples: readonly (readonly [timeMs: number, value: number, startMs?: number])[],
): (number | undefined)[] {
  for (const [timeMs, value, startMs = 0] of samples) pairs.take(0, timeMs, value, startMs)
  return releasedBy(pairs, Number.POSITIVE_INFINITY).map((released) => released.amount)
}
