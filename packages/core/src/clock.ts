/** Where the engine takes the present from. */
export interface Clock {
  /** Milliseconds since the epoch; never goes back. */
  nowMs(): number
}

/** Stands still until it is set; before that the present is unknown and reads as `-Infinity`. */
export class ManualClock implements Clock {
  #nowMs = Number.NEGATIVE_INFINITY

  nowMs(): number {
    return this.#nowMs
  }

  /** Moves on to `epochMs`; an earlier time changes nothing. */
  advanceTo(epochMs: number): void {
    if (Number.isNaN(epochMs)) throw new RangeError('a clock cannot be set to NaN')
    if (epochMs > this.#nowMs) this.#nowMs = epochMs
  }
}

/** At most this share of elapsed time is added or taken to follow the system time: 1 s in 10 s. */
const MAX_SLEW = 0.1

/**
 * System time at start plus the monotonic clock, slewed slowly towards the system time. A step of the
 * system time (NTP, a suspended laptop, an operator) therefore neither closes windows early nor
 * makes time run backwards.
 */
export class SystemClock implements Clock {
  #monotonicMs = performance.now()
  #nowMs = Date.now()

  nowMs(): number {
    const monotonicMs = performance.now()
    const elapsedMs = monotonicMs - this.#monotonicMs
    if (elapsedMs < 1) return this.#nowMs
    const errorMs = Date.now() - (this.#nowMs + elapsedMs)
    const slewMs = Math.max(-MAX_SLEW * elapsedMs, Math.min(MAX_SLEW * elapsedMs, errorMs))
    this.#monotonicMs = monotonicMs
    this.#nowMs += elapsedMs + slewMs
    return this.#nowMs
  }
}
