import { createSampleBatch, type Engine, type SampleBatch, SampleFlag, type SeriesDescriptor } from '@windrow/core'
import type { ScriptSample, TimeRange } from './script.ts'
import { SCRIPT_EPOCH_MS } from './script-time.ts'

interface Loaded extends ScriptSample {
  readonly series: SeriesDescriptor
}

/** Samples that were loaded, until they are sent. */
export class SampleBox {
  #waiting: Loaded[] = []
  #last: readonly Loaded[] = []

  load(series: SeriesDescriptor, samples: readonly ScriptSample[]): void {
    for (const sample of samples) this.#waiting.push({ ...sample, series })
  }

  /** Takes the samples of a range out of the box: in time order, those of one time as they were loaded. */
  take(range: TimeRange | undefined, reversed: boolean): number {
    const { fromMs, toMs } = range ?? { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }
    const inRange = ({ timeMs }: Loaded): boolean => timeMs >= fromMs && timeMs < toMs
    const taken = this.#waiting.filter(inRange).sort((a, b) => a.timeMs - b.timeMs)
    this.#waiting = this.#waiting.filter((sample) => !inRange(sample))
    this.#last = reversed ? taken.reverse() : taken
    return taken.length
  }

  /** What was taken last, as a batch. Series are registered now, not when they were loaded. */
  batch(engine: Engine): SampleBatch {
    const batch = createSampleBatch(Math.max(1, this.#last.length))
    for (const { series, timeMs, value, weight, stale, intervalStartMs } of this.#last) {
      const row = batch.push(engine.registry.register(series), SCRIPT_EPOCH_MS + timeMs, value)
      if (weight !== 1) batch.setWeight(row, weight)
      if (stale) batch.setFlags(row, SampleFlag.noRecordedValue)
      if (intervalStartMs !== undefined) batch.setStartTime(row, SCRIPT_EPOCH_MS + intervalStartMs)
    }
    return batch
  }
}
