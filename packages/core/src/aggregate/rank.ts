import type { PercentileRank } from '../plan/query-plan.ts'

/**
 * Nearest rank: the 1-based position, among `n` sorted values, of the least one that has at least the asked fraction
 * of values at or below it: `max(1, ceil(digits * n / 10^scale))`, in exact integer arithmetic. Rank 0 gives 1, the
 * minimum.
 *
 * @param n number of values, an integer from 1 to 2^53
 */
export function nearestRank(rank: PercentileRank, n: number): number {
  const product = rank.digits * n
  // 10^22 is the last power of ten a double holds exactly; a fraction with a larger divisor is for BigInt as well.
  if (product <= Number.MAX_SAFE_INTEGER && rank.scale <= 22) {
    const divisor = 10 ** rank.scale
    // Not ceil(product / divisor): the quotient of two exact integers may still be rounded up to an integer.
    const rest = product % divisor
    return Math.max(1, (product - rest) / divisor + (rest > 0 ? 1 : 0))
  }
  const divisor = 10n ** BigInt(rank.scale)
  return Math.max(1, Number((BigInt(rank.digits) * BigInt(n) + divisor - 1n) / divisor))
}
