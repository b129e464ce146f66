import type { SeriesDescriptor } from '../../src/index.ts'
import type { Point } from './scenario.ts'

/** Batch ids and the seconds of a series are remembered this long. */
const HORIZON_MS = 610_000

interface SeriesMemory {
  lastMs: number
  lastStartMs: number
  /** Where in its second the series reports; a sample beside it makes it irregular for ever. */
  readonly phaseMs: number
  isRegular: boolean
  readonly timesMs: Set<number>
}

export type Verdict = 'accepted' | 'duplicate' | 'rejected'

/**
 * What should become of each point of one tenant, by the words of `docs/time.md` under "Repeats": batch ids, the newest
 * sample of a series, and the seconds of series that keep to the beat.
 */
export class ScreenModel {
  readonly #series: readonly SeriesDescriptor[]
  readonly #memory = new Map<number, SeriesMemory>()
  readonly #batchesMs = new Map<string, number>()

  constructor(series: readonly SeriesDescriptor[]) {
    this.#series = series
  }

  copy(): ScreenModel {
    const copy = new ScreenModel(this.#series)
    for (const [series, memory] of this.#memory)
      copy.#memory.set(series, { ...memory, timesMs: new Set(memory.timesMs) })
    for (const [batchId, seenMs] of this.#batchesMs) copy.#batchesMs.set(batchId, seenMs)
    return copy
  }

  tick(nowMs: number): void {
    for (const [batchId, seenMs] of this.#batchesMs) if (seenMs <= nowMs - HORIZON_MS) this.#batchesMs.delete(batchId)
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
    const memory = this.#memory.get(series)
    if (memory === undefined) {
      const phaseMs = phaseOf(timeMs)
      this.#memory.set(series, {
        lastMs: timeMs,
        lastStartMs: ownStartMs,
        phaseMs,
        isRegular: true,
        timesMs: new Set([timeMs]),
      })
      return 'accepted'
    }
    if (timeMs === memory.lastMs && ownStartMs === memory.lastStartMs) return 'duplicate'
    if (timeMs > memory.lastMs) {
      memory.lastMs = timeMs
      memory.lastStartMs = ownStartMs
    } else if (memory.lastMs - timeMs > HORIZON_MS) return 'accepted'
    if (phaseOf(timeMs) !== memory.phaseMs) memory.isRegular = false
    if (memory.isRegular && memory.timesMs.has(timeMs)) return 'duplicate'
    memory.timesMs.add(timeMs)
    return 'accepted'
  }
}

function phaseOf(timeMs: number): number {
  return ((timeMs % 1_000) + 1_000) % 1_000
}
