import type { HrTime } from '@opentelemetry/api'

/** A 64-bit time in nanoseconds since the epoch, in two unsigned halves. */
export interface NanoHalves {
  readonly high: number
  readonly low: number
}

const NANOS_PER_SECOND = 1_000_000_000n

/** `[seconds, nanoseconds]` without going through a double; times before the epoch and not whole numbers are 0, no time. */
export function hrTimeHalves([seconds, nanos]: HrTime): NanoHalves {
  if (!Number.isSafeInteger(seconds) || !Number.isSafeInteger(nanos)) return { high: 0, low: 0 }
  const total = BigInt(seconds) * NANOS_PER_SECOND + BigInt(nanos)
  if (total < 0n || total >= 2n ** 64n) return { high: 0, low: 0 }
  return { high: Number(total >> 32n), low: Number(total & 0xffff_ffffn) }
}
