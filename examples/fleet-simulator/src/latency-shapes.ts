import { normal, type Random } from './random.ts'

/** Base-2 exponential buckets: bucket `i` holds `(2^(i / 16), 2^((i + 1) / 16)]` seconds; relative error 2.2 %. */
export const LATENCY_SCALE = 4
const BUCKETS_PER_OCTAVE = 2 ** LATENCY_SCALE
const SMALLEST_OCTAVE = -11
const LARGEST_OCTAVE = 4
/** Index of the first bucket of every shape: 2^-11 s (0.5 ms). */
export const LATENCY_OFFSET = SMALLEST_OCTAVE * BUCKETS_PER_OCTAVE
/** Buckets of every shape, up to 2^4 s. */
export const LATENCY_BUCKETS = (LARGEST_OCTAVE - SMALLEST_OCTAVE) * BUCKETS_PER_OCTAVE

/** A bucket count must fit one varint byte, so that a shape can be copied over a template; hence so must the sum. */
const MAX_EVENTS = 127
const VARIANTS = 32
const RATES = [2, 4, 8, 16, 32, 64] as const

/** How calls go at the moment: as a factor on the median, and the spread of the logarithm. */
export const LATENCY_MOODS = {
  normal: { slowdown: 1, sigma: 0.5 },
  busy: { slowdown: 2, sigma: 0.6 },
  slow: { slowdown: 8, sigma: 0.8 },
} as const
export type LatencyMood = keyof typeof LATENCY_MOODS

/** One second of calls, ready to be copied into a payload. */
export interface LatencyShape {
  readonly count: number
  /** Seconds, as are `min` and `max`. */
  readonly sum: number
  readonly min: number
  readonly max: number
  /** One byte a bucket, `LATENCY_BUCKETS` of them. */
  readonly counts: Uint8Array
}

/** Shapes of one route. */
export interface LatencyLibrary {
  /** A second with about `callsPerSecond` calls. */
  pick(mood: LatencyMood, callsPerSecond: number, random: Random): LatencyShape
}

/**
 * Draws real lognormal events once and keeps the histograms they make: 32 variants for each mood and rate.
 * A server then costs one copy a second however many calls it has, and counts and sums stay exact.
 */
export function createLatencyLibrary(medianSeconds: number, random: Random): LatencyLibrary {
  const shapes = new Map<LatencyMood, LatencyShape[]>()
  for (const mood of ['normal', 'busy', 'slow'] as const) {
    const { slowdown, sigma } = LATENCY_MOODS[mood]
    shapes.set(
      mood,
      RATES.flatMap((rate) =>
        Array.from({ length: VARIANTS }, () => drawShape(medianSeconds * slowdown, sigma, rate, random)),
      ),
    )
  }
  return {
    pick(mood, callsPerSecond, random) {
      const level = Math.max(0, Math.min(RATES.length - 1, Math.round(Math.log2(Math.max(1, callsPerSecond))) - 1))
      return shapes.get(mood)![level * VARIANTS + Math.floor(random() * VARIANTS)]!
    },
  }
}

function drawShape(medianSeconds: number, sigma: number, rate: number, random: Random): LatencyShape {
  const drawn = Math.round(rate + Math.sqrt(rate) * normal(random))
  const count = Math.max(1, Math.min(MAX_EVENTS, drawn))
  const counts = new Uint8Array(LATENCY_BUCKETS)
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = 0
  for (let event = 0; event < count; event++) {
    const seconds = clampToBuckets(medianSeconds * Math.exp(sigma * normal(random)))
    const bucket = Math.ceil(Math.log2(seconds) * BUCKETS_PER_OCTAVE) - 1 - LATENCY_OFFSET
    counts[bucket] = counts[bucket]! + 1
    sum += seconds
    min = Math.min(min, seconds)
    max = Math.max(max, seconds)
  }
  return { count, sum, min, max, counts }
}

/** The lower bound of a bucket belongs to the bucket below, so the smallest value is a little above 2^-11. */
function clampToBuckets(seconds: number): number {
  return Math.min(2 ** LARGEST_OCTAVE, Math.max(2 ** SMALLEST_OCTAVE * 1.001, seconds))
}
