/** Numbers that depend on the seed alone. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** Whole number in `[from, to]`. */
  integer(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** Mean 1, never negative, most of it small. */
  exponential(): number
  /** A stream of its own, so that what one part of a world draws changes nothing in another. */
  fork(): Random
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for a world of some thousand draws. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (list) => list[integer(0, list.length - 1)]!,
    exponential: () => -Math.log(1 - next()),
    fork: () => createRandom(Math.floor(next() * 0x1_0000_0000)),
  }
}
