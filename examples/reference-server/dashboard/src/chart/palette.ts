/** Dashes of the second and later rounds through the colours; empty is a solid line. */
export const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 2, 2, 2]]

export const COLOUR_COUNT = 8

/** Looks of a line: which colour of the theme, which dash. */
export interface LineLook {
  readonly colour: number
  readonly dash: number
}

export function lookAt(slot: number): LineLook {
  return { colour: slot % COLOUR_COUNT, dash: Math.floor(slot / COLOUR_COUNT) % DASHES.length }
}

/** FNV-1a over UTF-16 units: the same group gets the same preferred colour on every page and day. */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/**
 * Gives each group the slot its hash prefers and, where another one on the same card has it, the next free one.
 * A slot once given stays, so that colours do not move when groups come and go.
 */
export class LookBook {
  readonly #slots = new Map<string, number>()

  lookOf(key: string): LineLook {
    const known = this.#slots.get(key)
    if (known !== undefined) return lookAt(known)
    const taken = new Set(this.#slots.values())
    const total = COLOUR_COUNT * DASHES.length
    const round = Math.floor(taken.size / COLOUR_COUNT) * COLOUR_COUNT
    const preferred = stableHash(key) % COLOUR_COUNT
    let slot = (round % total) + preferred
    for (let step = 1; taken.has(slot) && step < COLOUR_COUNT; step += 1) {
      slot = (round % total) + ((preferred + step) % COLOUR_COUNT)
    }
    this.#slots.set(key, slot)
    return lookAt(slot)
  }
}
