import type { SeriesDescriptor } from '../../src/index.ts'
import type { Point } from './scenario.ts'

/** Batch ids and the samples of a series are remembered this long. */
const HORIZON_MS = 610_000
const USUAL_LATENESS_MS = 10_000

interface SeriesMemory {
  lastMs: number
  lastStartMs: number
  /** Time and start of all that was taken. */
  readonly taken: Set<string>
}

/** `forgotten`: accepted, though it came before. */
export type Verdict = 'accepted' | 'forgotten' | 'duplicate' | 'rejected'

/**
 * What should become of each point of one tenant, by the words of `docs/time.md` under "Repeats": batch ids, the newest
 * sample of a series, and what the series had within the horizon. No series here reports so often that it is left alone.
 */
export class ScreenModel {
  readonly #series: readonly SeriesDescriptor[]
  readonly #memory = new Map<number, SeriesMemory>()
  readonly #batchesMs = new Map<string, number>()
  /** Batch ids are remembered for as much longer. */
  #extraMs = 0

  constructor(series: readonly SeriesDescriptor[]) {
    this.#series = series
  }

  copy(): ScreenModel {
    const copy = new ScreenModel(this.#series)
    copy.#extraMs = this.#extraMs
    for (const [series, memory] of this.#memory) copy.#memory.set(series, { ...memory, taken: new Set(memory.taken) })
    for (const [batchId, seenMs] of this.#batchesMs) copy.#batchesMs.set(batchId, seenMs)
    return copy
  }

  /** A query says so much LATENESS, from now on. */
  allowLateness(latenessMs: number): void {
    this.#extraMs = Math.max(this.#extraMs, latenessMs - USUAL_LATENESS_MS)
  }

  tick(nowMs: number): void {
    for (const [batchId, seenMs] of this.#batchesMs)
      if (seenMs <= nowMs - HORIZON_MS - this.#extraMs) this.#batchesMs.delete(batchId)
  }

  /** The engine suspects itself: what it refused is to come in when it is sent again. */
  forget(batchId: string): void {
    this.#batchesMs.delete(batchId)
  }

  batch(points: readonly Point[], batchId: string | undefined, nowMs: number, newestMs: number): Verdict[] {
    if (batchId !== undefined) {
      if (this.#batchesMs.has(batchId)) return points.map(() => 'duplicate')
      this.#batchesMs.set(batchId, nowMs)
    }
    return points.map((point) => (point.timeMs > newestMs ? 'rejected' : this.#point(point)))
  }

  #point({ series, timeMs, startMs = 0, gap }: Point): Verdict {
    const { kind } = this.#series[series]!
    if (gap === true || kind === 'distribution') return 'accepted'
    const ownStartMs = kind === 'delta' ? startMs : 0
    const key = `${timeMs} ${ownStartMs}`
    const memory = this.#memory.get(series)
    if (memory === undefined) {
      this.#memory.set(series, { lastMs: timeMs, lastStartMs: ownStartMs, taken: new Set([key]) })
      return 'accepted'
    }
    if (timeMs === memory.lastMs && ownStartMs === memory.lastStartMs) return 'duplicate'
    if (memory.taken.has(key)) return memory.lastMs - timeMs > HORIZON_MS ? 'forgotten' : 'duplicate'
    memory.taken.add(key)
    if (timeMs >= memory.lastMs) {
      memory.lastMs = timeMs
      memory.lastStartMs = ownStartMs
    }
    return 'accepted'
  }
}
