import type { SeriesInfo, SeriesRef } from '@windrow/core'
import type { HeldBytes } from './ceiling.ts'
import { Chunk } from './chunk.ts'
import type { Ledger } from './ledger.ts'

/** What a series costs beside its chunks: the object, its arrays, its places in the indexes. */
export const SERIES_OVERHEAD_BYTES = 400
const FIRST_CHUNK_ROWS = 16
const SMALL_CHUNK_ROWS = 128

/**
 * The rows of one series: chunks in time order that never overlap (a chunk may begin at the time the one
 * before ends). Chunks hold about a quarter of the series' rows, between 128 and the limit: short series
 * stay small, at most a quarter is unused, and the ceiling can drop old rows in small steps.
 */
export class StoredSeries {
  readonly ref: SeriesRef
  readonly tenant: string
  readonly metric: string
  readonly server: string
  readonly labels: SeriesInfo['labels']
  chunks: Chunk[] = []
  rows = 0
  /** Row of its chunk in which the last `add` put its sample. */
  lastRow = 0
  #tail: Chunk | undefined
  readonly #maxChunkRows: number
  readonly #ledger: Ledger

  constructor(info: SeriesInfo, maxChunkRows: number, ledger: Ledger) {
    this.ref = info.ref
    this.tenant = info.tenant
    this.metric = info.metric
    this.server = info.server
    this.labels = info.labels
    this.#maxChunkRows = maxChunkRows
    this.#ledger = ledger
  }

  /** Stores a row and returns the chunk it is in; its place there is `lastRow`. */
  add(timeMs: number, value: number): Chunk {
    let tail = this.#tail
    if (tail === undefined || timeMs >= tail.times[tail.length - 1]!) {
      if (tail === undefined || tail.length === tail.capacity) tail = this.#roomAtEnd()
      const row = tail.length
      this.lastRow = row
      tail.insert(row, timeMs, value)
      this.rows++
      this.#ledger.rows++
      return tail
    }
    return this.#addEarlier(timeMs, value)
  }

  /** First chunk that holds a row at or after `timeMs`; `chunks.length` if none does. */
  chunkAt(timeMs: number): number {
    let low = 0
    let high = this.chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.chunks[middle]!.lastMs < timeMs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Adds a line for each chunk. */
  listBytes({ endsMs, bytes }: HeldBytes): void {
    for (const chunk of this.chunks) {
      endsMs.push(chunk.lastMs)
      bytes.push(chunk.bytes)
    }
  }

  /** Deletes rows earlier than `beforeMs`. */
  deleteBefore(beforeMs: number): void {
    this.dropWhere((lastMs) => lastMs < beforeMs)
    const first = this.chunks[0]
    const rows = first?.lowerBound(beforeMs) ?? 0
    if (first === undefined || rows === 0) return
    this.#replace(0, [first.slice(rows, first.length, first.length - rows)])
    this.#forgetRows(rows)
  }

  /** Drops the chunks whose newest time passes the test, oldest first up to the first that fails; returns their rows. */
  dropWhere(isDropped: (lastMs: number) => boolean): number {
    let rows = 0
    let count = 0
    for (const chunk of this.chunks) {
      if (!isDropped(chunk.lastMs)) break
      rows += chunk.length
      this.#ledger.bytes -= chunk.bytes
      count++
    }
    if (count === 0) return 0
    this.chunks.splice(0, count)
    this.#tail = this.chunks.at(-1)
    this.#ledger.layout++
    this.#forgetRows(rows)
    return rows
  }

  #forgetRows(rows: number): void {
    this.rows -= rows
    this.#ledger.rows -= rows
  }

  /** Most rows a chunk may grow to now. */
  #chunkLimit(): number {
    const quarter = 2 ** Math.floor(Math.log2(Math.max(1, this.rows / 4)))
    return Math.min(this.#maxChunkRows, Math.max(SMALL_CHUNK_ROWS, quarter))
  }

  #roomAtEnd(): Chunk {
    const limit = this.#chunkLimit()
    const last = this.chunks.length - 1
    const tail = this.chunks[last]
    if (tail !== undefined && tail.capacity < limit)
      return this.#replace(last, [tail.slice(0, tail.length, Math.min(limit, tail.capacity * 2))])
    const capacity = Math.min(limit, tail === undefined ? FIRST_CHUNK_ROWS : Math.max(FIRST_CHUNK_ROWS, limit >>> 2))
    const chunk = new Chunk(capacity)
    this.chunks.push(chunk)
    this.#tail = chunk
    this.#ledger.bytes += chunk.bytes
    return chunk
  }

  #addEarlier(timeMs: number, value: number): Chunk {
    let index = this.chunkAt(timeMs)
    // Rows of equal time stay in order of arrival: the last chunk that begins at or before the time.
    while (index + 1 < this.chunks.length && this.chunks[index + 1]!.firstMs <= timeMs) index++
    let chunk = this.chunks[index]!
    if (chunk.length === chunk.capacity) {
      if (chunk.capacity < this.#chunkLimit()) {
        chunk = this.#replace(index, [chunk.slice(0, chunk.length, Math.min(this.#maxChunkRows, chunk.capacity * 2))])
      } else if (chunk.length === 1) {
        const added = new Chunk(1)
        this.#replace(index, timeMs < chunk.firstMs ? [added, chunk] : [chunk, added])
        chunk = added
      } else {
        const middle = chunk.length >>> 1
        const early = chunk.slice(0, middle, chunk.capacity)
        const late = chunk.slice(middle, chunk.length, chunk.capacity)
        this.#replace(index, [early, late])
        chunk = timeMs < late.firstMs ? early : late
      }
    }
    const row = chunk.upperBound(timeMs)
    this.lastRow = row
    chunk.insert(row, timeMs, value)
    this.rows++
    this.#ledger.rows++
    this.#ledger.layout++
    return chunk
  }

  /** Puts chunks in the place of one; returns the first of them. */
  #replace(index: number, by: readonly Chunk[]): Chunk {
    this.#ledger.bytes -= this.chunks[index]!.bytes
    for (const chunk of by) this.#ledger.bytes += chunk.bytes
    this.chunks.splice(index, 1, ...by)
    this.#tail = this.chunks.at(-1)
    this.#ledger.layout++
    return by[0]!
  }
}
