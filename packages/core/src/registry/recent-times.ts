import { growUint8, growUint32 } from '../internal/grow.ts'

/** Beyond this, rings do not grow any more and keep the newest times alone. */
const MAX_BYTES: number = 256 * 1024 * 1024
const PAGE_WORDS = 65_536
/** A region of 2^4 words has room for 14 times: one a minute over the usual horizon. */
const LEAST_ORDER = 4
/** Words before the entries of a region: where the oldest is, and how many there are. */
const HEADER = 2
/** What a series may report in a second at least, on the average over the horizon. */
const MOST_PER_SECOND = 1.25
const WIDE = 0x80
const ORDER: number = WIDE - 1

/** What became of a time: it is kept now, it was there before, or there is no room for the series any more. */
export type Entry = 'new' | 'seen' | 'no-room'

/**
 * The times of the samples of a series over a horizon, to the millisecond: for series that keep to no beat. Four
 * bytes a time, in a ring that doubles when it is full; eight where samples also differ by the interval they are for
 * (`span`, 0 for none). A time that is no whole millisecond is not kept.
 *
 * Rings lie in pages of one size each, so that neither a million of them nor their growth are of note to the collector.
 */
export class RecentTimes {
  readonly #horizonMs: number
  readonly #mostEntries: number
  readonly #pageWords: number
  readonly #mostPages: number
  readonly #pages: Uint32Array[] = []
  /** By page: rings in use. */
  readonly #used: number[] = []
  /** Pages without a ring, for rings of any size. */
  readonly #empty: number[] = []
  /** By order: addresses + 1 given back, and the next address in the newest page of that size. */
  readonly #free: number[][] = []
  readonly #next: number[] = []
  /** By series: address + 1 of its ring, 0 for none; order of its size and `WIDE`. */
  #places: Uint32Array = new Uint32Array(0)
  #shapes: Uint8Array = new Uint8Array(0)

  /** `horizonMs` is at most 2^31 - 1. */
  constructor(horizonMs: number, maxBytes: number = MAX_BYTES) {
    this.#horizonMs = horizonMs
    this.#mostEntries = Math.ceil((horizonMs / 1_000) * MOST_PER_SECOND) + 2
    this.#pageWords = Math.max(PAGE_WORDS, 2 ** orderFor(this.#mostEntries, true))
    this.#mostPages = Math.floor(maxBytes / 4 / this.#pageWords)
  }

  get bytes(): number {
    return this.#pages.length * this.#pageWords * 4 + this.#places.length * 5
  }

  /** Times kept of a series. */
  count(ref: number): number {
    const place = this.#places[ref] ?? 0
    return place === 0 ? 0 : this.#pageOf(place)[this.#offsetOf(place) + 1]!
  }

  /** Enters the newest time of a series; `lastMs` is the one before, -Infinity for the first. A span of -1 is not kept. */
  append(ref: number, lastMs: number, timeMs: number, span: number): Entry {
    this.#forget(ref, lastMs, timeMs)
    if (span < 0 || !Number.isInteger(timeMs)) return 'new'
    return this.#insert(ref, this.count(ref), timeMs, span) ? 'new' : 'no-room'
  }

  /** Enters a time that is not after `lastMs`, the newest of the series, and within the horizon of it. */
  take(ref: number, lastMs: number, timeMs: number, span: number): Entry {
    if (span < 0 || !Number.isInteger(timeMs)) return 'new'
    const index = this.#find(ref, lastMs, timeMs, span)
    if (index < 0) return 'seen'
    return this.#insert(ref, index, timeMs, span) ? 'new' : 'no-room'
  }

  has(ref: number, lastMs: number, timeMs: number, span: number): boolean {
    return span >= 0 && Number.isInteger(timeMs) && this.#find(ref, lastMs, timeMs, span) < 0
  }

  /** Forgets a series. */
  drop(ref: number): void {
    const place = this.#places[ref] ?? 0
    if (place === 0) return
    this.#giveBack(place, this.#shapes[ref]! & ORDER)
    this.#places[ref] = 0
  }

  /** Calls `visit` with the times of a series, the oldest first: the low 32 bits of each, and its span. */
  forEach(ref: number, visit: (low: number, span: number) => void): void {
    const place = this.#places[ref] ?? 0
    if (place === 0) return
    const page = this.#pageOf(place)
    const base = this.#offsetOf(place)
    const capacity = this.#capacityOf(ref)
    const isWide = (this.#shapes[ref]! & WIDE) !== 0
    for (let i = 0, at = page[base]!; i < page[base + 1]!; i++, at = at + 1 === capacity ? 0 : at + 1)
      visit(page[base + HEADER + at]!, isWide ? page[base + HEADER + capacity + at]! : 0)
  }

  /** Forgets what is out of the horizon once `timeMs` is the newest. */
  #forget(ref: number, lastMs: number, timeMs: number): void {
    const place = this.#places[ref] ?? 0
    if (place === 0) return
    const page = this.#pageOf(place)
    const base = this.#offsetOf(place)
    if (timeMs - lastMs > this.#horizonMs) {
      page[base + 1] = 0
      return
    }
    const capacity = this.#capacityOf(ref)
    const nowLow = lowOf(timeMs)
    let head = page[base]!
    let count = page[base + 1]!
    while (count > 0 && (nowLow - page[base + HEADER + head]!) >>> 0 > this.#horizonMs) {
      head = head + 1 === capacity ? 0 : head + 1
      count--
    }
    page[base] = head
    page[base + 1] = count
  }

  /** Where a time belongs among those of its series; negative when it is there. */
  #find(ref: number, lastMs: number, timeMs: number, span: number): number {
    const place = this.#places[ref] ?? 0
    if (place === 0) return 0
    const page = this.#pageOf(place)
    const base = this.#offsetOf(place)
    const capacity = this.#capacityOf(ref)
    const head = page[base]!
    const count = page[base + 1]!
    const lastLow = lowOf(lastMs)
    const ageMs = Math.floor(lastMs) - timeMs
    let from = 0
    let to = count
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((lastLow - page[base + HEADER + wrap(head + middle, capacity)]!) >>> 0 > ageMs) from = middle + 1
      else to = middle
    }
    const isWide = (this.#shapes[ref]! & WIDE) !== 0
    const low = lowOf(timeMs)
    for (; from < count; from++) {
      const at = base + HEADER + wrap(head + from, capacity)
      if (page[at] !== low) break
      if ((isWide ? page[at + capacity]! : 0) === span) return -1
    }
    return from
  }

  /** False when there is no room. */
  #insert(ref: number, index: number, timeMs: number, span: number): boolean {
    let count = this.count(ref)
    let to = index
    const hasRing = (this.#places[ref] ?? 0) !== 0
    const isWide = span !== 0 || (hasRing && (this.#shapes[ref]! & WIDE) !== 0)
    const hasShape = hasRing && isWide === (this.#shapes[ref]! & WIDE) > 0
    if (!(hasShape && count < this.#capacityOf(ref)) && !this.#move(ref, count + 1, isWide)) {
      if (!hasShape || count >= this.#mostEntries) return false
      // No memory to grow: the oldest one goes, which may be the very one that comes.
      if (to === 0) return true
      this.#forgetOldest(ref)
      count--
      to--
    }
    const place = this.#places[ref]!
    const page = this.#pageOf(place)
    const base = this.#offsetOf(place)
    const capacity = this.#capacityOf(ref)
    const head = page[base]!
    let at = base + HEADER + wrap(head + count, capacity)
    for (let i = count; i > to; i--) {
      const before = base + HEADER + wrap(head + i - 1, capacity)
      page[at] = page[before]!
      if (isWide) page[at + capacity] = page[before + capacity]!
      at = before
    }
    page[at] = lowOf(timeMs)
    if (isWide) page[at + capacity] = span
    page[base + 1] = count + 1
    return true
  }

  #forgetOldest(ref: number): void {
    const place = this.#places[ref]!
    const page = this.#pageOf(place)
    const base = this.#offsetOf(place)
    page[base] = wrap(page[base]! + 1, this.#capacityOf(ref))
    page[base + 1]! -= 1
  }

  /** Moves a series to a ring with room for `entries`. False when there is none. */
  #move(ref: number, entries: number, isWide: boolean): boolean {
    if (entries > this.#mostEntries) return false
    const order = orderFor(entries, isWide)
    const place = this.#allocate(order)
    if (place === 0) return false
    const page = this.#pageOf(place)
    const base = this.#offsetOf(place)
    const capacity = capacityFor(order, isWide)
    let count = 0
    this.forEach(ref, (low, span) => {
      page[base + HEADER + count] = low
      if (isWide) page[base + HEADER + capacity + count] = span
      count++
    })
    // A ring given back holds what it held.
    page[base] = 0
    page[base + 1] = count
    this.drop(ref)
    this.#ensure(ref)
    this.#places[ref] = place
    this.#shapes[ref] = isWide ? order | WIDE : order
    return true
  }

  /** Address + 1; 0 when the memory is used up. */
  #allocate(order: number): number {
    while (this.#free.length <= order) {
      this.#free.push([])
      this.#next.push(0)
    }
    let place = this.#free[order]!.pop()
    if (place === undefined) {
      if (this.#next[order]! % this.#pageWords === 0) {
        const page = this.#empty.pop() ?? this.#newPage()
        if (page === undefined) return 0
        this.#next[order] = page * this.#pageWords
      }
      place = this.#next[order]! + 1
      this.#next[order] = place - 1 + 2 ** order
    }
    this.#used[Math.floor((place - 1) / this.#pageWords)]! += 1
    return place
  }

  #newPage(): number | undefined {
    if (this.#pages.length >= this.#mostPages) return undefined
    this.#used.push(0)
    return this.#pages.push(new Uint32Array(this.#pageWords)) - 1
  }

  #giveBack(place: number, order: number): void {
    this.#free[order]!.push(place)
    const page = Math.floor((place - 1) / this.#pageWords)
    this.#used[page]! -= 1
    const next = this.#next[order]!
    const isGivenOut = next % this.#pageWords === 0 || Math.floor(next / this.#pageWords) !== page
    if (this.#used[page]! > 0 || !isGivenOut) return
    this.#free[order] = this.#free[order]!.filter((own) => Math.floor((own - 1) / this.#pageWords) !== page)
    this.#empty.push(page)
  }

  #ensure(ref: number): void {
    if (ref < this.#places.length) return
    const capacity = Math.max(1024, 2 ** Math.ceil(Math.log2(ref + 1)))
    this.#places = growUint32(this.#places, capacity)
    this.#shapes = growUint8(this.#shapes, capacity)
  }

  #capacityOf(ref: number): number {
    const shape = this.#shapes[ref]!
    return capacityFor(shape & ORDER, (shape & WIDE) !== 0)
  }

  #pageOf(place: number): Uint32Array {
    return this.#pages[Math.floor((place - 1) / this.#pageWords)]!
  }

  #offsetOf(place: number): number {
    return (place - 1) % this.#pageWords
  }
}

function capacityFor(order: number, isWide: boolean): number {
  return ((1 << order) - HEADER) >> (isWide ? 1 : 0)
}

function orderFor(entries: number, isWide: boolean): number {
  let order = LEAST_ORDER
  while (capacityFor(order, isWide) < entries) order++
  return order
}

function wrap(index: number, capacity: number): number {
  return index < capacity ? index : index - capacity
}

/** Times within a horizon differ in their low 32 bits. */
function lowOf(timeMs: number): number {
  return Math.floor(timeMs) >>> 0
}
