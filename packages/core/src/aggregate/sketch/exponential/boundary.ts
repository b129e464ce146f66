/**
 * Exact boundaries of the base-2 exponential mapping. For scale s > 0 the boundaries inside one octave are
 * 2^(k / 2^s), 0 <= k < 2^s; all but k = 0 are irrational, so no double lies on them, and "the largest double at or
 * below" says everything a comparison needs.
 */

const FRACTION_BITS = 160n
const MAX_ROOTS = 20

/** roots[i] = 2^(2^-(i + 1)) in fixed point, rounded down; the error of a product of 20 is far below 2^-150. */
const roots: readonly bigint[] = squareRootsOfTwo()

/**
 * The significand of the largest double at or below 2^(k / 2^scale), as an integer in [2^52, 2^53).
 *
 * @param k position in the octave, 0 <= k < 2^scale
 * @param scale 0 to 20
 */
export function boundarySignificand(k: number, scale: number): number {
  let product = 1n << FRACTION_BITS
  for (let bit = 0; bit < scale; bit++) {
    // Bit `bit` of k weighs 2^bit / 2^scale = 2^-(scale - bit).
    if ((k >> bit) & 1) product = (product * roots[scale - bit - 1]!) >> FRACTION_BITS
  }
  return Number(product >> (FRACTION_BITS - 52n))
}

function squareRootsOfTwo(): bigint[] {
  const found: bigint[] = []
  let square = 2n << FRACTION_BITS
  for (let i = 0; i < MAX_ROOTS; i++) {
    square = integerSquareRoot(square << FRACTION_BITS)
    found.push(square)
  }
  return found
}

/** Newton's iteration from above: falls until it stands at floor(sqrt(n)). */
function integerSquareRoot(n: bigint): bigint {
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (x + n / x) >> 1n
    if (next >= x) return x
    x = next
  }
}
