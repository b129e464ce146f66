const SPAN_MS = 10_000

/** The rate of the last ten seconds, from a running total read now and then. */
export class RateMeter {
  readonly #readings: { atMs: number; total: number }[] = []

  /** Points a second since the oldest reading in the span; 0 at the first one. */
  read(atMs: number, total: number): number {
    this.#readings.push({ atMs, total })
    while (this.#readings.length > 2 && this.#readings[1]!.atMs <= atMs - SPAN_MS) this.#readings.shift()
    const oldest = this.#readings[0]!
    return atMs === oldest.atMs ? 0 : ((total - oldest.total) / (atMs - oldest.atMs)) * 1000
  }
}
