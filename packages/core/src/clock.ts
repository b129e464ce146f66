/** Where the engine takes the present from. */
export interface Clock {
  /** Milliseconds since the epoch; never goes back. */
  nowMs(): number
  /**
   * How far the system time is ahead of this clock (negative: behind) since a step that is not followed, in ms;
   * 0 when there is none. As of the last `nowMs()`.
   */
  readonly stepMs: number
}

/** Stands still until it is set; before that the present is unknown and reads as `-Infinity`. */
export class ManualClock implements Clock {
  readonly stepMs = 0
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

/** What a `SystemClock` reads. All in ms. */
export interface TimeReaders {
  /** Since the epoch; may step either way. */
  systemMs(): number
  /** Since any moment; never steps. May stand still while the machine sleeps. */
  monotonicMs(): number
  /** Since any moment, counting sleep, however coarse; left out where `monotonicMs` counts it or no clock does. */
  readonly uptimeMs?: (() => number) | undefined
}

/** At most this share of elapsed time is added or taken to follow the system time: 1 s in 10 s. */
const MAX_SLEW = 0.1
/** A difference that slewing takes longer than 10 s for is a step, and not followed. */
const STEP_MS = 1_000

/**
 * System time at start plus the monotonic clock, slewed towards the system time by at most 1 s in 10 s while the two
 * are within a second. A step of the system time (NTP, an operator) therefore neither closes windows early nor makes
 * time run backwards.
 *
 * A step of more than a second is reported as `stepMs`, not followed: the clock goes on by the monotonic clock alone
 * until the system time comes back. Meanwhile samples stamped with the new system time seem that much ahead or late,
 * and beyond the limits on the future they are refused. Where the new system time is the right one, the remedy is to
 * restart the engine: it starts from what the system time is then.
 *
 * A machine that slept is no step: time did pass, whether the monotonic clock of the platform counts sleep or not, and
 * this clock wakes up at the right time.
 */
export class SystemClock implements Clock {
  readonly #readers: TimeReaders
  #monotonicMs: number
  #nowMs: number
  /** System time less this clock, as of the last reading. */
  #behindMs = 0
  /** Uptime less monotonic time: grows by what the machine slept. */
  #sleepMs: number

  constructor(readers: TimeReaders = machineTime()) {
    this.#readers = readers
    this.#monotonicMs = readers.monotonicMs()
    this.#nowMs = readers.systemMs()
    this.#sleepMs = (readers.uptimeMs?.() ?? 0) - this.#monotonicMs
  }

  nowMs(): number {
    const monotonicMs = this.#readers.monotonicMs()
    const elapsedMs = monotonicMs - this.#monotonicMs
    if (elapsedMs < 1) return this.#nowMs
    this.#monotonicMs = monotonicMs
    this.#nowMs += elapsedMs
    const systemMs = this.#readers.systemMs()
    // The uptime is dear to read, so it is asked only when the system time has run ahead.
    if (systemMs - this.#nowMs - this.#behindMs > STEP_MS) this.#nowMs += this.#sleptMs()
    const errorMs = systemMs - this.#nowMs
    const mostMs = Math.abs(errorMs) <= STEP_MS ? MAX_SLEW * elapsedMs : 0
    const slewMs = Math.max(-mostMs, Math.min(mostMs, errorMs))
    this.#nowMs += slewMs
    this.#behindMs = errorMs - slewMs
    return this.#nowMs
  }

  get stepMs(): number {
    return Math.abs(this.#behindMs) > STEP_MS ? this.#behindMs : 0
  }

  /** How long the machine slept, unseen by the monotonic clock, since this was last asked. */
  #sleptMs(): number {
    if (this.#readers.uptimeMs === undefined) return 0
    const sleepMs = this.#readers.uptimeMs() - this.#monotonicMs
    const sleptMs = sleepMs - this.#sleepMs
    if (sleptMs <= STEP_MS) return 0
    this.#sleepMs = sleepMs
    return sleptMs
  }
}

/** The clocks of this machine. Only on Linux does the monotonic one stop in sleep; there the uptime counts on. */
function machineTime(): TimeReaders {
  const os = globalThis.process?.platform === 'linux' ? globalThis.process.getBuiltinModule('node:os') : undefined
  return {
    systemMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    uptimeMs: os === undefined ? undefined : () => os.uptime() * 1_000,
  }
}
