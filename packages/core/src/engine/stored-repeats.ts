import { copyRows, type RowState } from '../ingest/copy-rows.ts'
import { BatchColumn, SampleBatch, SampleFlag } from '../ingest/sample-batch.ts'
import { growFloat64 } from '../internal/grow.ts'
import { KIND_CODES } from '../registry/canonical.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'

/**
 * Leaves out of a scan what is stored twice: a sample taken live and imported again later, or sent again after the
 * horizon of de-duplication. The first one stored holds. Events may share a time and are left alone.
 */
export class StoredRepeats {
  readonly #registry: SeriesRegistry
  /** By series: time of its last sample, and the start of the first one at that time. */
  #lastMs: Float64Array = new Float64Array(0)
  #startMs: Float64Array = new Float64Array(0)
  /** Further starts at the last time of a series. */
  readonly #moreStartsMs = new Map<number, number[]>()
  #kept = new Uint32Array(1024)
  readonly #compact = new SampleBatch(1024)

  constructor(registry: SeriesRegistry) {
    this.#registry = registry
  }

  /** The next batch without repeats: itself when it has none, else one that is valid until the next call. */
  without(batch: SampleBatch): SampleBatch {
    const { series, timestampsMs, length } = batch
    const { kindCodes, size } = this.#registry
    if (this.#lastMs.length < size) {
      this.#lastMs = growFloat64(this.#lastMs, size, Number.NEGATIVE_INFINITY)
      this.#startMs = growFloat64(this.#startMs, size)
    }
    if (this.#kept.length < length) this.#kept = new Uint32Array(batch.capacity)
    const startTimes = (batch.columns & BatchColumn.startTimes) === 0 ? undefined : batch.startTimesMs
    const flags = (batch.columns & BatchColumn.flags) === 0 ? undefined : batch.flags
    let keptCount = 0
    for (let row = 0; row < length; row++) {
      const ref = series[row]!
      const kind = kindCodes[ref]
      const isGap = flags !== undefined && (flags[row]! & SampleFlag.noRecordedValue) !== 0
      if (!isGap && kind !== KIND_CODES.distribution) {
        const startMs = kind === KIND_CODES.delta && startTimes !== undefined ? startTimes[row]! : 0
        if (!this.#take(ref, timestampsMs[row]!, startMs)) continue
      }
      this.#kept[keptCount++] = row
    }
    if (keptCount === length) return batch
    return copyRows(batch, this.#kept, keptCount, this.#compact, stateReader(batch))
  }

  /** False for a repeat. The samples of a series come in rising order of time. */
  #take(ref: number, timeMs: number, startMs: number): boolean {
    if (timeMs !== this.#lastMs[ref]) {
      this.#lastMs[ref] = timeMs
      this.#startMs[ref] = startMs
      if (this.#moreStartsMs.size > 0) this.#moreStartsMs.delete(ref)
      return true
    }
    if (this.#startMs[ref] === startMs) return false
    const more = this.#moreStartsMs.get(ref)
    if (more === undefined) this.#moreStartsMs.set(ref, [startMs])
    else if (more.includes(startMs)) return false
    else more.push(startMs)
    return true
  }
}

/** Finds the states of rows that are asked for in rising order. */
function stateReader(batch: SampleBatch): (row: number) => RowState | undefined {
  const { states } = batch
  if ((batch.columns & BatchColumn.states) === 0 || states === undefined) return () => undefined
  let next = 0
  return (row) => {
    while (next < states.count && states.rows[next]! < row) next++
    if (next === states.count || states.rows[next] !== row) return undefined
    return { bytes: states.bytes.subarray(states.offsets[next]!, states.offsets[next + 1]!), value: batch.values[row]! }
  }
}
