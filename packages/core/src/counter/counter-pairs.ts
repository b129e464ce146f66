import { growInt32, growUint8, growUint32 } from '../internal/grow.ts'
import type { FirstPolicy } from '../registry/metric-catalog.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { HeldSamples } from './held-samples.ts'
import { LastSamples } from './last-samples.ts'
import { firstCountsFrom } from './pair-rule.ts'
import { amountOrNone, type EmitAmount, PendingAmounts } from './pending-amounts.ts'

/** Most samples of one series that wait for the watermark. */
export const MAX_HELD = 16

const UNWATCHED = -1

/** What pairing has come upon. */
export type PairCounts = Pick<CounterPairs, 'resets' | 'overlaps' | 'indeterminate' | 'pairedEarly'>

export interface CounterPairsOptions {
  /** What the first sample of a series amounts to. Asked once a series. */
  readonly firstPolicy: (ref: number) => FirstPolicy
}

/**
 * Turns the running totals of counters into amounts: what a series grew by between two neighbouring samples, at the
 * time of the later one. Samples wait until the watermark passes them, so that neighbours are neighbours in time,
 * not in arrival. A reset counts from zero; a gap between two samples does not matter.
 *
 * Only watched series take room. State is in columns over slots, one for each watched series.
 */
export class CounterPairs {
  readonly #firstPolicy: (ref: number) => FirstPolicy
  /** By `SeriesRef`. */
  #slots: Int32Array = new Int32Array(0)
  /** By slot. */
  #refs: Uint32Array = new Uint32Array(0)
  #slotsUsed = 0
  readonly #freeSlots: number[] = []
  readonly #last = new LastSamples()
  readonly #held = new HeldSamples()
  readonly #pending = new PendingAmounts()
  /** Slots that hold samples, and for a while some that held one. */
  #holding: Uint32Array = new Uint32Array(0)
  #holdingCount = 0
  /** By slot: 1 when it stands in `#holding`. */
  #isListed: Uint8Array = new Uint8Array(0)
  /** Who the amount paired last is for; see `EmitAmount`. */
  #sinceMs = Number.POSITIVE_INFINITY
  /** Samples paired before the watermark, as their series held more than `MAX_HELD`. */
  pairedEarly = 0

  constructor(options: CounterPairsOptions) {
    this.#firstPolicy = options.firstPolicy
  }

  /** Series watched. */
  get size(): number {
    return this.#slotsUsed - this.#freeSlots.length
  }

  /** Series that held samples after the last release, or came to hold one since: what the next release looks at. */
  get holding(): number {
    return this.#holdingCount
  }

  /** Samples that showed that their counter began anew. */
  get resets(): number {
    return this.#last.resets
  }

  /** Samples without an amount because two writers of one series overlap. */
  get overlaps(): number {
    return this.#last.overlaps
  }

  /** Samples without an amount because none can be told from the values: at infinity, or below zero after a reset. */
  get indeterminate(): number {
    return this.#last.indeterminate
  }

  get bytes(): number {
    const columns =
      this.#slots.byteLength + this.#refs.byteLength + this.#holding.byteLength + this.#isListed.byteLength
    return columns + this.#freeSlots.length * 8 + this.#last.bytes + this.#held.bytes + this.#pending.bytes
  }

  isWatched(ref: number): boolean {
    return (this.#slots[ref] ?? UNWATCHED) !== UNWATCHED
  }

  /** Begins to pair a series; nothing changes when it is watched already. */
  watch(ref: number): void {
    if (this.isWatched(ref)) return
    if (ref >= this.#slots.length)
      this.#slots = growInt32(this.#slots, Math.max(64, ref + 1, this.#slots.length * 2), UNWATCHED)
    const slot = this.#freeSlots.pop() ?? this.#slotsUsed++
    if (slot === this.#refs.length) this.#growSlots(Math.max(16, slot * 2))
    this.#slots[ref] = slot
    this.#refs[slot] = ref
  }

  /** Forgets a series, with what it holds: watched again, it begins with a first sample. */
  unwatch(ref: number): void {
    const slot = this.#slots[ref] ?? UNWATCHED
    if (slot === UNWATCHED) return
    this.#held.dropAll(slot)
    this.#last.clear(slot)
    this.#pending.drop(ref)
    this.#slots[ref] = UNWATCHED
    this.#freeSlots.push(slot)
  }

  /**
   * Takes a sample of a watched series. `value` is not NaN; `startMs` is when the counter began, 0 = unknown. `late`:
   * it changes no amount, as it is not later than the last sample paired, or has the time of one that is held (the
   * first one of a time wins).
   */
  take(ref: number, timeMs: number, value: number, startMs: number): 'held' | 'late' {
    const slot = this.#slots[ref] ?? UNWATCHED
    if (slot === UNWATCHED) throw new RangeError(`series ${ref} is not watched`)
    if (timeMs <= this.#last.timesMs[slot]!) return 'late'
    const held = this.#held
    if (!held.insert(slot, timeMs, value, startMs)) return 'late'
    if (this.#isListed[slot] === 0) this.#list(slot)
    if (held.counts[slot]! > MAX_HELD) {
      const node = held.first(slot)
      const timeMs = held.timesMs[node]!
      const amount = this.#pairFirst(slot, ref)
      this.#pending.push(ref, timeMs, amount, this.#sinceMs)
      this.pairedEarly++
    }
    return 'held'
  }

  /**
   * Pairs what the watermark has reached and hands on all amounts known, those of each series in time order. A sample
   * at the watermark itself is reached. `emit` must not call back.
   */
  release(watermarkMs: number, emit: EmitAmount): void {
    this.#pending.release(emit)
    const held = this.#held
    const holding = this.#holding
    let kept = 0
    for (let at = 0; at < this.#holdingCount; at++) {
      const slot = holding[at]!
      const ref = this.#refs[slot]!
      while (held.counts[slot]! > 0) {
        const timeMs = held.timesMs[held.first(slot)]!
        if (timeMs > watermarkMs) break
        const amount = this.#pairFirst(slot, ref)
        emit(ref, timeMs, amountOrNone(amount), this.#sinceMs)
      }
      if (held.counts[slot]! > 0) holding[kept++] = slot
      else this.#isListed[slot] = 0
    }
    this.#holdingCount = kept
  }

  save(writer: StateWriter): void {
    writer.row(this.#refs, 0, this.#slotsUsed)
    writer.row(Uint32Array.from(this.#freeSlots))
    writer.varint(this.pairedEarly)
    this.#last.save(writer, this.#slotsUsed)
    // Their order is the order in which amounts are handed on.
    writer.row(this.#holding, 0, this.#holdingCount)
    for (let at = 0; at < this.#holdingCount; at++) this.#held.save(writer, this.#holding[at]!)
    this.#pending.save(writer)
  }

  /** Reads what `save` wrote, of series below `seriesCount`, when nothing is watched yet. */
  load(reader: StateReader, seriesCount: number): void {
    const { offset } = reader
    const refs = reader.u32s('watched series')
    const isFree = new Uint8Array(refs.length)
    for (const slot of reader.u32s('free slots')) {
      if (slot >= refs.length || isFree[slot] === 1) reader.corrupt(`slot ${slot} cannot be free`, offset)
      isFree[slot] = 1
      this.#freeSlots.push(slot)
    }
    this.#slots = growInt32(this.#slots, seriesCount, UNWATCHED)
    for (const [slot, ref] of refs.entries()) {
      if (isFree[slot] === 1) continue
      if (this.#slots[ref] !== UNWATCHED) reader.corrupt(`series ${ref} cannot be watched`, offset)
      this.#slots[ref] = slot
    }
    this.pairedEarly = reader.varint('samples paired early')
    this.#slotsUsed = refs.length
    this.#growSlots(refs.length)
    this.#refs.set(refs)
    this.#last.load(reader, refs.length)
    for (const slot of reader.u32s('slots that hold samples')) {
      if (slot >= refs.length || this.#isListed[slot] === 1) reader.corrupt(`slot ${slot} cannot hold samples`, offset)
      this.#list(slot)
      this.#held.load(reader, slot, isFree[slot] === 1 ? 0 : MAX_HELD)
    }
    this.#pending.load(reader, seriesCount)
  }

  /** Pairs the earliest sample held: its amount, and in `#sinceMs` who it is for. */
  #pairFirst(slot: number, ref: number): number {
    const held = this.#held
    const last = this.#last
    const node = held.first(slot)
    const timeMs = held.timesMs[node]!
    const value = held.values[node]!
    const startMs = held.startsMs[node]!
    held.dropFirst(slot)
    this.#sinceMs = Number.POSITIVE_INFINITY
    if (last.hasLast(slot)) return last.pair(slot, timeMs, value, startMs)
    const sinceMs = firstCountsFrom(this.#firstPolicy(ref), timeMs, startMs)
    const counts = !Number.isNaN(sinceMs)
    if (counts) this.#sinceMs = sinceMs
    return last.begin(slot, timeMs, value, startMs, counts)
  }

  #list(slot: number): void {
    this.#isListed[slot] = 1
    this.#holding[this.#holdingCount++] = slot
  }

  #growSlots(capacity: number): void {
    this.#refs = growUint32(this.#refs, capacity)
    this.#holding = growUint32(this.#holding, capacity)
    this.#isListed = growUint8(this.#isListed, capacity)
    this.#last.ensureSlots(capacity)
    this.#held.ensureSlots(capacity)
  }
}
