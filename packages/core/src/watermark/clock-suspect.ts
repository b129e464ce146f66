const BUCKET_MS = 10_000
const BUCKETS = 6
const WINDOW_MS = BUCKET_MS * BUCKETS
/** What looked so for a moment may be one bad batch; refusals this far apart are not. */
const CONFIRM_MS = 5_000
/** More sources than this at once are not judged one by one. */
const MAX_SOURCES = 1_024

/** Points of one source in the last minute, in buckets by time. */
class Heard {
  points = 0
  future = 0
  readonly #points = new Float64Array(BUCKETS)
  readonly #future = new Float64Array(BUCKETS)
  #bucket = Number.NEGATIVE_INFINITY

  add(points: number, futurePoints: number, bucket: number): void {
    this.turn(bucket)
    const cell = cellOf(bucket)
    this.#points[cell]! += points
    this.#future[cell]! += futurePoints
    this.points += points
    this.future += futurePoints
  }

  /** Takes out the buckets whose minute is over. */
  turn(bucket: number): void {
    for (let next = Math.max(this.#bucket + 1, bucket - BUCKETS + 1); next <= bucket; next++) {
      const cell = cellOf(next)
      this.points -= this.#points[cell]!
      this.future -= this.#future[cell]!
      this.#points[cell] = 0
      this.#future[cell] = 0
    }
    if (bucket > this.#bucket) this.#bucket = bucket
  }
}

/** A manual clock may stand before the epoch. */
function cellOf(bucket: number): number {
  return ((bucket % BUCKETS) + BUCKETS) % BUCKETS
}

/**
 * Tells, for one tenant, an agent whose clock is fast from an engine whose clock is slow. The engine's is the suspect
 * when points of the last minute were refused as `future` from more than half of the sources heard, for the greater
 * part of what each of them sent; with a single source it takes all of its points. Then a refusal loses good data, and
 * the sender had better be told to try again. It takes refusals at least 5 s apart, so that one bad batch on a quiet
 * system accuses nobody.
 */
export class ClockSuspect {
  readonly #sources = new Map<string, Heard>()
  /** Since when it looks so without a break; undefined while it does not. */
  #sinceMs: number | undefined
  #lastRefusedMs = Number.NEGATIVE_INFINITY
  #tidiedBucket: number | undefined

  /**
   * Takes note of a batch of `points` points of which `futurePoints` were refused as `future`. Batches that came
   * before the clock was set are no evidence.
   */
  observe(source: string, points: number, futurePoints: number, nowMs: number): void {
    if (points === 0 || !Number.isFinite(nowMs)) return
    const bucket = Math.floor(nowMs / BUCKET_MS)
    const heard = this.#heard(source, bucket)
    if (heard === undefined) return
    heard.add(points, futurePoints, bucket)
    if (futurePoints === 0 && this.#sinceMs === undefined) return
    // Sources commonly report once a minute; a longer silence is a break.
    if (nowMs - this.#lastRefusedMs > 2 * WINDOW_MS) this.#sinceMs = undefined
    if (futurePoints > 0) this.#lastRefusedMs = nowMs
    if (!this.#looksSo(bucket)) this.#sinceMs = undefined
    else this.#sinceMs ??= nowMs
  }

  /** Whether the sources of the last minute say that this engine's clock is slow. */
  isSuspect(nowMs: number): boolean {
    if (this.#sinceMs === undefined || this.#lastRefusedMs - this.#sinceMs < CONFIRM_MS) return false
    return this.#looksSo(Math.floor(nowMs / BUCKET_MS))
  }

  #looksSo(bucket: number): boolean {
    let heard = 0
    let ahead = 0
    let wholly = 0
    for (const source of this.#sources.values()) {
      source.turn(bucket)
      const { points, future } = source
      if (points === 0) continue
      heard++
      if (future > points / 2) ahead++
      if (future === points) wholly++
    }
    return heard === 1 ? wholly === 1 : ahead > heard / 2
  }

  /** Undefined when there is no room for one more source. */
  #heard(source: string, bucket: number): Heard | undefined {
    const known = this.#sources.get(source)
    if (known !== undefined) return known
    if (this.#sources.size >= MAX_SOURCES && !this.#makeRoom(bucket)) return undefined
    const heard = new Heard()
    this.#sources.set(source, heard)
    return heard
  }

  /** Forgets who was silent for a minute; looked for once a bucket, however many new names come. */
  #makeRoom(bucket: number): boolean {
    if (bucket === this.#tidiedBucket) return false
    this.#tidiedBucket = bucket
    for (const [name, heard] of this.#sources) {
      heard.turn(bucket)
      if (heard.points === 0) this.#sources.delete(name)
    }
    return this.#sources.size < MAX_SOURCES
  }
}
