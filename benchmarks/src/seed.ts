/** A seeded source of numbers: the same seed gives the same data on every machine. */
export interface SeededRandom {
  /** Uniform 32-bit integer. */
  uint32(): number
  /** Uniform in [0, 1). */
  float(): number
  /** Uniform integer in [0, end). */
  below(end: number): number
  /** Standard normal deviate. */
  normal(): number
  /** exp(mu + sigma * normal). */
  lognormal(mu: number, sigma: number): number
}

/** Small fast counter generator (sfc32, Doty-Humphrey, PractRand), 128 bits of state, warmed up with 12 rounds. */
export function createRandom(seed: number): SeededRandom {
  let a = seed | 0
  let b = 0x9e3779b9 | 0
  let c = 0x243f6a88 | 0
  let counter = 1

  const uint32 = (): number => {
    const next = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + next) | 0
    return next >>> 0
  }
  for (let round = 0; round < 12; round++) uint32()

  const float = (): number => uint32() / 0x1_0000_0000
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float())
  return {
    uint32,
    float,
    below: (end) => Math.floor(float() * end),
    normal,
    lognormal: (mu, sigma) => Math.exp(mu + sigma * normal()),
  }
}

/** `length` log-normal values, the shape of request latencies. */
export function lognormalValues(length: number, { seed = 1, mu = 0, sigma = 1 } = {}): Float64Array<ArrayBuffer> {
  const random = createRandom(seed)
  return Float64Array.from({ length }, () => random.lognormal(mu, sigma))
}
