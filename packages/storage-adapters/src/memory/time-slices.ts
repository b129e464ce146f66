import { createSampleBatch, type SampleBatch } from '@windrow/core'
import type { Breather } from '../shared/breather.ts'
import type { Chunk } from './chunk.ts'
import type { Ledger } from './ledger.ts'
import type { StoredSeries } from './stored-series.ts'

const SHORT_RUN_ROWS = 8
/** With very many series a slice takes several rows of each, up to this many: every visit costs a cache miss. */
const MANY_SERIES_ROWS = 65_536

/**
 * Reads many series in rising time as a run of slices `[a, b)`, each holding about the wanted number of rows.
 * A cursor per series says where its next row is; the next times lie in one flat array, so that a slice costs
 * little for series that have nothing in it.
 *
 * No slice is shorter than 1 ms: when more rows than wanted fall into one millisecond the slice is larger.
 */
export class TimeSlices {
  readonly #series: readonly StoredSeries[]
  readonly #ledger: Ledger
  readonly #toMs: number
  readonly #wantedRows: number
  readonly #nextMs: Float64Array
  readonly #chunkIndexes: Uint32Array
  readonly #rowIndexes: Uint32Array
  #batch: SampleBatch | undefined
  #widthMs = 1000
  /** All rows before this have been read. */
  #readToMs: number
  /** The ledger's layout the cursors hold for. */
  #layout = -1

  constructor(
    series: readonly StoredSeries[],
    range: { readonly fromMs: number; readonly toMs: number },
    wantedRows: number,
    ledger: Ledger,
  ) {
    this.#series = series
    this.#ledger = ledger
    this.#toMs = range.toMs
    this.#wantedRows = Math.max(wantedRows, Math.min(MANY_SERIES_ROWS, 4 * series.length))
    this.#nextMs = new Float64Array(series.length)
    this.#chunkIndexes = new Uint32Array(series.length)
    this.#rowIndexes = new Uint32Array(series.length)
    this.#readToMs = range.fromMs
  }

  /** Rows up to the next boundary, or undefined at the end. The batch is reused by the next call. */
  async next(breather: Breather): Promise<SampleBatch | undefined> {
    if (this.#layout !== this.#ledger.layout) await this.#seek(breather)
    const startMs = this.#earliestMs()
    if (startMs === Number.POSITIVE_INFINITY) return undefined
    const { endMs, rows } = this.#chooseSlice(startMs)
    const batch = this.#batchFor(rows)
    for (let i = 0; i < this.#series.length; i++) if (this.#nextMs[i]! < endMs) this.#readSeries(i, endMs, batch)
    this.#readToMs = endMs
    return batch
  }

  /** Finds every series' first row that has not been read; needed again when rows have moved in the meantime. */
  async #seek(breather: Breather): Promise<void> {
    let layout: number
    do {
      layout = this.#ledger.layout
      for (let i = 0; i < this.#series.length; i++) {
        const { chunks } = this.#series[i]!
        const index = this.#series[i]!.chunkAt(this.#readToMs)
        this.#moveTo(i, index, chunks[index]?.lowerBound(this.#readToMs) ?? 0)
        if ((i & 4095) === 4095 && breather.due()) {
          await breather.rest()
          if (layout !== this.#ledger.layout) break
        }
      }
    } while (layout !== this.#ledger.layout)
    this.#layout = layout
  }

  #moveTo(i: number, chunkIndex: number, row: number): void {
    this.#chunkIndexes[i] = chunkIndex
    this.#rowIndexes[i] = row
    const timeMs = this.#series[i]!.chunks[chunkIndex]?.times[row] ?? Number.POSITIVE_INFINITY
    this.#nextMs[i] = timeMs < this.#toMs ? timeMs : Number.POSITIVE_INFINITY
  }

  #earliestMs(): number {
    const nextMs = this.#nextMs
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < nextMs.length; i++) if (nextMs[i]! < earliest) earliest = nextMs[i]!
    return earliest
  }

  #batchFor(rows: number): SampleBatch {
    if (this.#batch === undefined || this.#batch.capacity < rows)
      this.#batch = createSampleBatch(Math.max(rows, Math.min(this.#wantedRows, rows * 2)))
    this.#batch.clear()
    return this.#batch
  }

  /** Widens or narrows the slice until it holds between a quarter of the wanted rows and all of them. */
  #chooseSlice(startMs: number): { endMs: number; rows: number } {
    const wanted = this.#wantedRows
    let widthMs = this.#widthMs
    let endMs = Math.min(startMs + widthMs, this.#toMs)
    let rows = this.#countBefore(endMs)
    while (rows < wanted / 4 && endMs < this.#toMs && widthMs < Number.MAX_SAFE_INTEGER) {
      widthMs *= 4
      endMs = Math.min(startMs + widthMs, this.#toMs)
      rows = this.#countBefore(endMs)
    }
    while (rows > wanted && widthMs > 1) {
      widthMs = Math.max(1, Math.floor(Math.min(widthMs, endMs - startMs) * Math.min(0.9, (0.9 * wanted) / rows)))
      endMs = Math.min(startMs + widthMs, this.#toMs)
      rows = this.#countBefore(endMs)
    }
    this.#widthMs = widthMs
    return { endMs, rows }
  }

  #countBefore(endMs: number): number {
    const nextMs = this.#nextMs
    let rows = 0
    for (let i = 0; i < nextMs.length; i++) {
      if (nextMs[i]! >= endMs) continue
      const { chunks } = this.#series[i]!
      let row = this.#rowIndexes[i]!
      for (let c = this.#chunkIndexes[i]!; c < chunks.length; c++) {
        const chunk = chunks[c]!
        const end = endOfRun(chunk, row, endMs)
        rows += end - row
        if (end < chunk.length) break
        row = 0
      }
    }
    return rows
  }

  #readSeries(i: number, endMs: number, batch: SampleBatch): void {
    const { chunks, ref } = this.#series[i]!
    let c = this.#chunkIndexes[i]!
    let row = this.#rowIndexes[i]!
    while (c < chunks.length) {
      const chunk = chunks[c]!
      const end = endOfRun(chunk, row, endMs)
      if (chunk.plain && batch.columns === 0) copyPlainRows(chunk, row, end, ref, batch)
      else copyRows(chunk, row, end, ref, batch)
      row = end
      if (end < chunk.length) break
      c++
      row = 0
    }
    this.#moveTo(i, c, row)
  }
}

/** First row from `row` on that is not before `endMs`. */
function endOfRun(chunk: Chunk, row: number, endMs: number): number {
  const { times, length } = chunk
  const near = Math.min(length, row + SHORT_RUN_ROWS)
  let end = row
  while (end < near && times[end]! < endMs) end++
  if (end < near || near === length) return end
  return times[length - 1]! < endMs ? length : chunk.lowerBound(endMs, near)
}

function copyPlainRows(chunk: Chunk, from: number, to: number, ref: number, batch: SampleBatch): void {
  const at = batch.length
  const rows = to - from
  if (rows > SHORT_RUN_ROWS) {
    batch.timestampsMs.set(chunk.times.subarray(from, to), at)
    batch.values.set(chunk.values.subarray(from, to), at)
    batch.series.fill(ref, at, at + rows)
  } else {
    const { timestampsMs, values, series } = batch
    const { times, values: stored } = chunk
    for (let i = 0; i < rows; i++) {
      timestampsMs[at + i] = times[from + i]!
      values[at + i] = stored[from + i]!
      series[at + i] = ref
    }
  }
  batch.length = at + rows
}

function copyRows(chunk: Chunk, from: number, to: number, ref: StoredSeries['ref'], batch: SampleBatch): void {
  for (let row = from; row < to; row++) {
    const at = batch.push(ref, chunk.times[row]!, chunk.values[row]!)
    if (chunk.plain) continue
    const startMs = chunk.startTimeMs(row)
    if (startMs !== 0) batch.setStartTime(at, startMs)
    const weight = chunk.weight(row)
    if (weight !== 1) batch.setWeight(at, weight)
    const flags = chunk.flags(row)
    if (flags !== 0) batch.setFlags(at, flags)
    const state = chunk.state(row)
    if (state !== undefined) batch.setState(at, state)
  }
}
