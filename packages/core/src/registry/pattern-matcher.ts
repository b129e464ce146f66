import type { Pattern, PatternMatcher } from './pattern.ts'

/** UTF-16 units in one glob; what keeps a match linear in the name, with a small constant. */
const MAX_GLOB_LENGTH = 256

/** Inclusive ranges of code points, or with `negated` everything outside them. */
interface CharacterClass {
  readonly ranges: readonly (readonly [number, number])[]
  readonly negated: boolean
}

const ANY_CHARACTER: CharacterClass = { ranges: [], negated: true }

function classContains(cell: CharacterClass, codePoint: number): boolean {
  for (const [low, high] of cell.ranges) if (codePoint >= low && codePoint <= high) return !cell.negated
  return cell.negated
}

/**
 * The automaton of a glob: states `0 .. cells.length`, the last one accepting. Every edge leads forward, so one
 * pass in state order closes a set over the empty edges.
 */
interface Automaton {
  /** What state `i` reads on its way to `i + 1`; undefined for a state that reads nothing. */
  readonly cells: (CharacterClass | undefined)[]
  /** States of `*`: they stay on any character and lead to the next state for nothing. */
  readonly stars: Set<number>
  /** Empty edges of braces: into each alternative, and from the end of each past the brace. */
  readonly jumps: Map<number, number[]>
}

class GlobCompiler {
  readonly automaton: Automaton = { cells: [], stars: new Set(), jumps: new Map() }
  readonly #glob: string
  #at = 0

  constructor(glob: string) {
    this.#glob = glob
  }

  compile(): Automaton {
    this.#sequence(0)
    return this.automaton
  }

  #addState(cell: CharacterClass | undefined): number {
    return this.automaton.cells.push(cell) - 1
  }

  /** Reads up to the end, or inside braces up to the `,` or `}` that ends the alternative. */
  #sequence(depth: number): void {
    while (this.#at < this.#glob.length) {
      const character = String.fromCodePoint(this.#glob.codePointAt(this.#at) ?? 0)
      if (depth > 0 && (character === ',' || character === '}')) return
      this.#at += character.length
      if (character === '*') {
        const last = this.automaton.cells.length - 1
        if (!(this.automaton.stars.has(last) && this.#glob[this.#at - 2] === '*'))
          this.automaton.stars.add(this.#addState(undefined))
      } else if (character === '?') this.#addState(ANY_CHARACTER)
      else if (character === '[') this.#addState(this.#class())
      else if (character === '{') this.#braces(depth + 1)
      else {
        const codePoint = character.codePointAt(0) ?? 0
        this.#addState({ ranges: [[codePoint, codePoint]], negated: false })
      }
    }
  }

  #class(): CharacterClass {
    const end = this.#glob.indexOf(']', this.#at)
    if (end < 0) throw new RangeError(`glob ${this.#glob}: [ at ${this.#at - 1} is not closed`)
    const text = this.#glob.slice(this.#at, end)
    const negated = text.startsWith('!') || text.startsWith('^')
    const members = [...(negated ? text.slice(1) : text)]
    if (members.length === 0) throw new RangeError(`glob ${this.#glob}: [${text}] is empty`)
    this.#at = end + 1
    const ranges: [number, number][] = []
    for (let i = 0; i < members.length; i++) {
      const low = members[i]?.codePointAt(0) ?? 0
      if (members[i + 1] === '-' && i + 2 < members.length) {
        const high = members[i + 2]?.codePointAt(0) ?? 0
        if (high < low)
          throw new RangeError(`glob ${this.#glob}: the range ${members.slice(i, i + 3).join('')} runs backwards`)
        ranges.push([low, high])
        i += 2
      } else ranges.push([low, low])
    }
    return { ranges, negated }
  }

  #braces(depth: number): void {
    const openAt = this.#at - 1
    const starts: number[] = []
    const ends: number[] = []
    const open = this.#addState(undefined)
    for (;;) {
      starts.push(this.automaton.cells.length)
      this.#sequence(depth)
      ends.push(this.#addState(undefined))
      const separator = this.#glob[this.#at]
      this.#at += 1
      if (separator === '}') break
      if (separator === undefined) throw new RangeError(`glob ${this.#glob}: { at ${openAt} is not closed`)
    }
    const after = this.automaton.cells.length
    this.automaton.jumps.set(open, starts)
    for (const end of ends) this.automaton.jumps.set(end, [after])
  }
}

/** A set of states that was met, with what it becomes on each character tried so far. */
interface KnownSet {
  readonly states: Int32Array
  readonly accepts: boolean
  /** By code point; null when no state is left. */
  readonly next: Map<number, KnownSet | null>
}

/** Sets and edges remembered by one glob; more sets than a glob has states, so that a growing set is caught. */
const MAX_KNOWN_SETS = 512
const MAX_KNOWN_EDGES = 2_048

/**
 * Runs the automaton over a name with one bit a state, all states at once: there is nothing to go back to, so
 * the time is proportional to the name's length whatever the glob (bit-parallel simulation after Baeza-Yates
 * and Gonnet, with the empty edges of braces added). The first sets met are remembered, so that a step is one
 * look-up; past the limit of that memory steps are computed.
 */
class GlobMatcher {
  readonly #automaton: Automaton
  readonly #words: number
  readonly #starMask: Int32Array
  /** States with empty edges of braces, one bit each. */
  readonly #jumpMask: Int32Array
  readonly #jumpTargets: readonly (readonly number[])[]
  readonly #start: KnownSet
  readonly #known = new Map<string, KnownSet>()
  #edgeCount = 0

  constructor(automaton: Automaton) {
    const stateCount = automaton.cells.length + 1
    this.#automaton = automaton
    this.#words = (stateCount + 31) >>> 5
    this.#starMask = this.#maskOf(automaton.stars)
    this.#jumpMask = this.#maskOf(automaton.jumps.keys())
    this.#jumpTargets = Array.from({ length: stateCount }, (_, state) => automaton.jumps.get(state) ?? [])
    const start = this.#maskOf([0])
    this.#close(start)
    this.#start = { states: start, accepts: this.#accepts(start), next: new Map() }
    this.#known.set(start.join(), this.#start)
  }

  matches(name: string): boolean {
    let set = this.#start
    for (let at = 0; at < name.length; at++) {
      const codePoint = name.codePointAt(at) ?? 0
      let next = set.next.get(codePoint)
      if (next === undefined) {
        if (this.#edgeCount >= MAX_KNOWN_EDGES || this.#known.size >= MAX_KNOWN_SETS)
          return this.#matchesFrom(set.states.slice(), name, at)
        next = this.#remember(set, codePoint)
      }
      if (next === null) return false
      set = next
      if (codePoint > 0xffff) at += 1
    }
    return set.accepts
  }

  #remember(from: KnownSet, codePoint: number): KnownSet | null {
    const states = from.states.slice()
    let to: KnownSet | null = null
    if (this.#step(states, this.#readMask(codePoint))) {
      const key = states.join()
      to = this.#known.get(key) ?? { states, accepts: this.#accepts(states), next: new Map() }
      this.#known.set(key, to)
    }
    from.next.set(codePoint, to)
    this.#edgeCount += 1
    return to
  }

  #matchesFrom(states: Int32Array, name: string, from: number): boolean {
    const masks = new Map<number, Int32Array>()
    for (let at = from; at < name.length; at++) {
      const codePoint = name.codePointAt(at) ?? 0
      if (codePoint > 0xffff) at += 1
      let mask = masks.get(codePoint)
      if (mask === undefined) {
        mask = this.#readMask(codePoint)
        if (masks.size < MAX_KNOWN_EDGES) masks.set(codePoint, mask)
      }
      if (!this.#step(states, mask)) return false
    }
    return this.#accepts(states)
  }

  /** One character further, in place; false when no state is left. */
  #step(states: Int32Array, readMask: Int32Array): boolean {
    let carry = 0
    let alive = 0
    for (let word = 0; word < this.#words; word++) {
      const before = states[word] as number
      const read = before & (readMask[word] as number)
      const next = (read << 1) | carry | (before & (this.#starMask[word] as number))
      carry = read >>> 31
      states[word] = next
      alive |= next
    }
    if (alive === 0) return false
    this.#close(states)
    return true
  }

  #accepts(states: Int32Array): boolean {
    const last = this.#automaton.cells.length
    return ((states[last >>> 5] as number) & (1 << (last & 31))) !== 0
  }

  /** Adds what the empty edges reach. A star leads only to the next state, and a brace only forward. */
  #close(states: Int32Array): void {
    const starMask = this.#starMask
    const jumpMask = this.#jumpMask
    const jumpTargets = this.#jumpTargets
    const words = this.#words
    for (let word = 0; word < words; word++) {
      const passed = (states[word] as number) & (starMask[word] as number)
      states[word] = (states[word] as number) | (passed << 1)
      if (word + 1 < words) states[word + 1] = (states[word + 1] as number) | (passed >>> 31)
      let pending = (states[word] as number) & (jumpMask[word] as number)
      let done = 0
      while (pending !== 0) {
        const bit = pending & -pending
        done |= bit
        const targets = jumpTargets[(word << 5) + (31 - Math.clz32(bit))] as readonly number[]
        for (let i = 0; i < targets.length; i++) {
          // A star leads on at once: its word may be behind.
          let target = targets[i] as number
          let star: number
          do {
            const targetWord = target >>> 5
            const targetBit = 1 << (target & 31)
            states[targetWord] = (states[targetWord] as number) | targetBit
            star = (starMask[targetWord] as number) & targetBit
            target += 1
          } while (star !== 0)
        }
        pending = (states[word] as number) & (jumpMask[word] as number) & ~done
      }
    }
  }

  #maskOf(states: Iterable<number>): Int32Array {
    const mask = new Int32Array(this.#words)
    for (const state of states) mask[state >>> 5] = (mask[state >>> 5] as number) | (1 << (state & 31))
    return mask
  }

  /** The states that read `codePoint`. */
  #readMask(codePoint: number): Int32Array {
    const reading: number[] = []
    this.#automaton.cells.forEach((cell, state) => {
      if (cell !== undefined && classContains(cell, codePoint)) reading.push(state)
    })
    return this.#maskOf(reading)
  }
}

/**
 * Makes a pattern ready to match. A glob matches the whole name, case-sensitively, by code point: `*` any run,
 * `?` one character, `[a-z]` one of a class (`[!..]` or `[^..]` one outside it), `{a,b}` either, globs and
 * further braces inside allowed. There is no escape character: a name with such a character is an `exact` pattern.
 *
 * Matching takes time proportional to the name's length, whatever the glob.
 *
 * @throws RangeError for a glob of more than 256 UTF-16 units, a bracket that is not closed, an empty class or a
 * range that runs backwards.
 */
export function compilePattern(pattern: Pattern): PatternMatcher {
  if (pattern.kind === 'any') return () => true
  if (pattern.kind === 'exact') {
    const value = pattern.value
    return (name) => name === value
  }
  if (pattern.glob.length > MAX_GLOB_LENGTH)
    throw new RangeError(`a glob has at most ${MAX_GLOB_LENGTH} characters, this one has ${pattern.glob.length}`)
  const matcher = new GlobMatcher(new GlobCompiler(pattern.glob).compile())
  return (name) => matcher.matches(name)
}
