import type { CalendarWindowPlan } from '../plan/query-plan.ts'
import type { WindowScheme } from './window-scheme.ts'
import { type ZoneTime, zoneTime } from './zone-time.ts'

const DAY_MS = 86_400_000
/** The first Monday that windows of weeks count from, 1969-12-29. */
const WEEKS_FROM_MS = -3 * DAY_MS
/** More than any clock was set at once since 1970 without leaving out a date. */
const MOST_SET_MS = DAY_MS / 3
/** A zone that moves over the date line between two edges, and sets its clocks as well. */
const MOST_SHIFT_MS = DAY_MS + DAY_MS / 8
/** Power of two. */
const CACHED_EDGES = 256

/**
 * Windows of days, weeks or months on the local clock of a time zone. Edges are local dates, shifted on the local clock,
 * so days last 23 or 25 hours where the clock is set; see `ZoneTime.timeAt` for times it shows twice or not at all.
 *
 * A few islands left out a whole date when they changed sides of the date line (Apia: 2011-12-30). The edge of such a
 * date is that of the next one, and of two windows that would start together, or end together, the longer one is there
 * and the other is not. So the window of that date alone is none, and starts and ends rise strictly.
 *
 * The shortest and longest distances are bounds, good from 1970 on; they are reached in UTC.
 */
export class CalendarWindows implements WindowScheme {
  readonly key: string
  readonly shortestStepMs: number
  readonly longestStepMs: number
  readonly shortestSizeMs: number
  readonly longestSizeMs: number
  /** But for the dates left out. */
  readonly isNested: boolean
  readonly inWholeSeconds: boolean
  readonly #unit: CalendarWindowPlan['unit']
  readonly #size: number
  readonly #step: number
  readonly #offsetMs: number
  readonly #zone: ZoneTime
  /** Edges by the low bits of their index, which is in `#cachedIndexes`. */
  readonly #cachedEdges = new Float64Array(CACHED_EDGES)
  readonly #cachedIndexes = new Float64Array(CACHED_EDGES).fill(Number.NaN)

  /** @throws RangeError for a time zone that is not known */
  constructor({ unit, size, step, offsetMs, timeZone }: CalendarWindowPlan) {
    this.key = [unit, size, step, offsetMs, timeZone].join()
    this.#unit = unit
    this.#size = size
    this.#step = step
    this.#offsetMs = offsetMs
    this.#zone = zoneTime(timeZone)
    const steps = extent(unit, step)
    const sizes = extent(unit, size)
    const isUtc = this.#zone.isUtc
    this.shortestStepMs = isUtc ? steps.shortestMs : Math.max(steps.shortestMs - MOST_SHIFT_MS, DAY_MS - MOST_SET_MS)
    this.shortestSizeMs = isUtc ? sizes.shortestMs : Math.max(sizes.shortestMs - MOST_SHIFT_MS, DAY_MS - MOST_SET_MS)
    this.longestStepMs = steps.longestMs + (isUtc ? 0 : MOST_SHIFT_MS)
    this.longestSizeMs = sizes.longestMs + (isUtc ? 0 : MOST_SHIFT_MS)
    this.isNested = size % step === 0
    // Since 1972 no zone is off UTC by fractions of a minute, and none ever was by fractions of a second.
    this.inWholeSeconds = offsetMs % 1_000 === 0
  }

  startAt(timeMs: number): number {
    return Number.isFinite(timeMs) ? this.#start(this.#lastStartedAt(timeMs)) : timeMs
  }

  endOf(startMs: number): number {
    return this.lastEndHolding(startMs)
  }

  startOf(endMs: number): number {
    return Number.isFinite(endMs) ? this.#start(this.#lastEndedAt(endMs)) : endMs
  }

  firstEndAfter(timeMs: number): number {
    return Number.isFinite(timeMs) ? this.#end(this.#firstEndingAfter(timeMs)) : timeMs
  }

  lastEndAt(timeMs: number): number {
    return Number.isFinite(timeMs) ? this.#end(this.#lastEndedAt(timeMs)) : timeMs
  }

  lastEndHolding(timeMs: number): number {
    return Number.isFinite(timeMs) ? this.#end(this.#lastStartedAt(timeMs)) : timeMs
  }

  paneAround(timeMs: number): { readonly startMs: number; readonly endMs: number } {
    if (!Number.isFinite(timeMs)) return { startMs: timeMs, endMs: timeMs }
    const started = this.#lastStartedAt(timeMs)
    const ending = this.#firstEndingAfter(timeMs)
    return {
      startMs: Math.max(this.#start(started), this.#end(this.#windowBefore(ending))),
      endMs: Math.min(this.#start(this.#windowAfter(started)), this.#end(ending)),
    }
  }

  #lastStartedAt(timeMs: number): number {
    let window = Math.floor(this.#indexAbout(timeMs) / this.#step)
    while (this.#start(window) > timeMs) window--
    while (this.#start(window + 1) <= timeMs) window++
    return this.#isThere(window) ? window : this.#windowBefore(window)
  }

  #firstEndingAfter(timeMs: number): number {
    let window = Math.ceil((this.#indexAbout(timeMs) - this.#size) / this.#step)
    while (this.#end(window) <= timeMs) window++
    while (this.#end(window - 1) > timeMs) window--
    return this.#isThere(window) ? window : this.#windowAfter(window)
  }

  #lastEndedAt(timeMs: number): number {
    return this.#windowBefore(this.#firstEndingAfter(timeMs))
  }

  #windowBefore(window: number): number {
    let before = window - 1
    while (!this.#isThere(before)) before--
    return before
  }

  #windowAfter(window: number): number {
    let after = window + 1
    while (!this.#isThere(after)) after++
    return after
  }

  #isThere(window: number): boolean {
    // Other edges are too far apart for a date left out to bring two of them together.
    if (this.#unit !== 'day' || this.#step > 1 || this.#zone.isUtc) return true
    return this.#start(window) < this.#start(window + 1) && this.#end(window - 1) < this.#end(window)
  }

  #start(window: number): number {
    return this.#edge(window * this.#step)
  }

  #end(window: number): number {
    return this.#edge(window * this.#step + this.#size)
  }

  /** When the local date `index` units after the first one begins, shifted. */
  #edge(index: number): number {
    const at = index & (CACHED_EDGES - 1)
    if (this.#cachedIndexes[at] === index) return this.#cachedEdges[at]!
    const edgeMs = this.#zone.timeAt(localDateMs(this.#unit, index) + this.#offsetMs)
    this.#cachedIndexes[at] = index
    this.#cachedEdges[at] = edgeMs
    return edgeMs
  }

  /** Index of an edge near `timeMs`: on the right clock it may be two days off. */
  #indexAbout(timeMs: number): number {
    const localMs = timeMs - this.#offsetMs
    if (this.#unit === 'day') return Math.floor(localMs / DAY_MS)
    if (this.#unit === 'week') return Math.floor((localMs - WEEKS_FROM_MS) / (7 * DAY_MS))
    const date = new Date(localMs)
    return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
  }
}

function localDateMs(unit: CalendarWindowPlan['unit'], index: number): number {
  if (unit === 'day') return index * DAY_MS
  if (unit === 'week') return WEEKS_FROM_MS + index * 7 * DAY_MS
  return Date.UTC(1970, index, 1)
}

/** The shortest and longest that `units` last on a clock that is never set. */
function extent(unit: CalendarWindowPlan['unit'], units: number): { shortestMs: number; longestMs: number } {
  // The calendar repeats itself after 400 years; other units all last the same.
  const starts = unit === 'month' ? 4_800 : 1
  let shortestMs = Number.POSITIVE_INFINITY
  let longestMs = 0
  for (let start = 0; start < starts; start++) {
    const lengthMs = localDateMs(unit, start + units) - localDateMs(unit, start)
    shortestMs = Math.min(shortestMs, lengthMs)
    longestMs = Math.max(longestMs, lengthMs)
  }
  return { shortestMs, longestMs }
}
