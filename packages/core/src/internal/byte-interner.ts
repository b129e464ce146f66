import { growInt32, growUint32 } from './grow.ts'

const INITIAL_ENTRIES = 256
const INITIAL_BYTES = 16_384

/**
 * Byte strings -> dense integers, equal bytes of one context always giving the same id. Lookups read the
 * bytes where they lie (a hash, then a comparison), so that nothing is built for bytes seen before.
 *
 * Senders repeat themselves: every entry remembers the one found after it, and a lookup tries that one
 * first, by comparison alone.
 */
export class ByteInterner {
  #arena = new Uint8Array(INITIAL_BYTES)
  /** The arena by words; entries start at multiples of 4. */
  #words = new Int32Array(this.#arena.buffer)
  #used = 0
  #starts: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  #lengths: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  #contexts: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  #hashes: Int32Array = new Int32Array(INITIAL_ENTRIES)
  /** The id found after this one; -1 = none yet. */
  #next: Int32Array = new Int32Array(INITIAL_ENTRIES).fill(-1)
  /** Open addressing, at most half full; -1 = free. */
  #slots: Int32Array = new Int32Array(INITIAL_ENTRIES * 2).fill(-1)
  #size = 0
  #previous = 0
  /** Not the same in two processes, so that nobody can prepare bytes that collide. */
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0

  get size(): number {
    return this.#size
  }

  /** Memory of the entries and of the look-up tables. */
  get sizeBytes(): number {
    return this.#arena.length + this.#starts.length * 20 + this.#slots.length * 4
  }

  /** The id of bytes `[start, end)` of `view` in `context` (an unsigned 32-bit number), or -1. */
  find(context: number, view: DataView, start: number, end: number): number {
    const length = end - start
    if (this.#size !== 0) {
      const expected = this.#next[this.#previous]!
      if (expected >= 0 && this.#equals(expected, context, view, start, length)) {
        this.#previous = expected
        return expected
      }
    }
    const hash = this.#hash(context, view, start, length)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]!
      if (id < 0) return -1
      if (this.#hashes[id] === hash && this.#equals(id, context, view, start, length)) {
        this.#follow(id)
        return id
      }
    }
  }

  /** Adds bytes that `find` does not know and returns their id, `size` before the call. The bytes are copied. */
  add(context: number, view: DataView, start: number, end: number): number {
    const length = end - start
    const id = this.#size
    if (id === this.#starts.length) this.#growEntries(id * 2)
    this.#reserve(length)
    this.#arena.set(new Uint8Array(view.buffer, view.byteOffset + start, length), this.#used)
    const hash = this.#hash(context, view, start, length)
    this.#starts[id] = this.#used
    this.#lengths[id] = length
    this.#contexts[id] = context
    this.#hashes[id] = hash
    this.#next[id] = -1
    this.#used += (length + 3) & ~3
    this.#size = id + 1
    if (this.#size * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2)
    else this.#place(id, hash)
    this.#follow(id)
    return id
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#arena = new Uint8Array(INITIAL_BYTES)
    this.#words = new Int32Array(this.#arena.buffer)
    this.#used = 0
    this.#starts = new Uint32Array(INITIAL_ENTRIES)
    this.#lengths = new Uint32Array(INITIAL_ENTRIES)
    this.#contexts = new Uint32Array(INITIAL_ENTRIES)
    this.#hashes = new Int32Array(INITIAL_ENTRIES)
    this.#next = new Int32Array(INITIAL_ENTRIES).fill(-1)
    this.#slots = new Int32Array(INITIAL_ENTRIES * 2).fill(-1)
    this.#size = 0
    this.#previous = 0
  }

  #follow(id: number): void {
    this.#next[this.#previous] = id
    this.#previous = id
  }

  #equals(id: number, context: number, view: DataView, start: number, length: number): boolean {
    if (this.#lengths[id] !== length || this.#contexts[id] !== context) return false
    const at = this.#starts[id]!
    const words = this.#words
    const wholeEnd = start + (length & ~3)
    let word = at >>> 2
    let pos = start
    for (; pos < wholeEnd; pos += 4) if (view.getInt32(pos, true) !== words[word++]) return false
    const arena = this.#arena
    for (let byte = word << 2; pos < start + length; pos++) if (view.getUint8(pos) !== arena[byte++]) return false
    return true
  }

  #hash(context: number, view: DataView, start: number, length: number): number {
    let hash = this.#seed ^ Math.imul(context, 0x9e3779b1) ^ length
    const wholeEnd = start + (length & ~3)
    let pos = start
    for (; pos < wholeEnd; pos += 4) {
      hash = Math.imul(hash ^ view.getInt32(pos, true), 0x85ebca6b)
      hash ^= hash >>> 15
    }
    for (; pos < start + length; pos++) hash = Math.imul(hash ^ view.getUint8(pos), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
    return hash ^ (hash >>> 13)
  }

  #place(id: number, hash: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask
    this.#slots[slot] = id
  }

  #rehash(capacity: number): void {
    this.#slots = new Int32Array(capacity).fill(-1)
    for (let id = 0; id < this.#size; id++) this.#place(id, this.#hashes[id]!)
  }

  #reserve(length: number): void {
    const needed = this.#used + length + 3
    if (needed <= this.#arena.length) return
    const grown = new Uint8Array((Math.max(this.#arena.length * 2, needed) + 3) & ~3)
    grown.set(this.#arena.subarray(0, this.#used))
    this.#arena = grown
    this.#words = new Int32Array(grown.buffer)
  }

  #growEntries(capacity: number): void {
    this.#starts = growUint32(this.#starts, capacity)
    this.#lengths = growUint32(this.#lengths, capacity)
    this.#contexts = growUint32(this.#contexts, capacity)
    this.#hashes = growInt32(this.#hashes, capacity)
    this.#next = growInt32(this.#next, capacity, -1)
  }
}
