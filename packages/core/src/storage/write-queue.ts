import { BatchColumn, SampleBatch } from '../ingest/sample-batch.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from './storage-adapter.ts'

const RETRY_FIRST_MS = 250
const RETRY_MOST_MS = 16_000

type Job =
  | { readonly kind: 'raw'; readonly batch: SampleBatch; readonly tenant: string; readonly batchId: string }
  | { readonly kind: 'results'; readonly rows: readonly WindowResult[] }

/**
 * The bounded way to the storage: writes go out in order, one at a time; a failed one is tried again for as long
 * as the adapter says it can help. How full it is decides whether more samples are taken.
 */
export class WriteQueue {
  readonly #storage: StorageAdapter
  readonly #maxRows: number
  readonly #onError: (error: unknown) => void
  readonly #jobs: Job[] = []
  #queuedRows = 0
  #running: Promise<void> | undefined
  #errors = 0
  #closing = false
  #wakeRetry: (() => void) | undefined

  constructor(storage: StorageAdapter, maxRows: number, onError: (error: unknown) => void) {
    this.#storage = storage
    this.#maxRows = maxRows
    this.#onError = onError
  }

  get rows(): number {
    return this.#queuedRows
  }

  get errors(): number {
    return this.#errors
  }

  /** 0..1. */
  get pressure(): number {
    return Math.min(1, this.#queuedRows / this.#maxRows)
  }

  /** Copies the rows, so that the caller's batch is free at once. */
  pushRaw(batch: SampleBatch, tenant: string, batchId: string): void {
    this.#push({ kind: 'raw', batch: copyBatch(batch), tenant, batchId }, batch.length)
  }

  pushResults(rows: readonly WindowResult[]): void {
    this.#push({ kind: 'results', rows }, rows.length)
  }

  /** Settles when everything pushed so far was handed over. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** Tries once more what waits, then gives up on what still fails. */
  async close(): Promise<void> {
    this.#closing = true
    this.#wakeRetry?.()
    await this.flush()
  }

  #push(job: Job, rows: number): void {
    this.#jobs.push(job)
    this.#queuedRows += rows
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // A turn later, so that a burst of pushes is under way before the first write begins.
    await Promise.resolve()
    for (;;) {
      const job = this.#jobs.shift()
      if (job === undefined) break
      await this.#write(job)
      this.#queuedRows -= job.kind === 'raw' ? job.batch.length : job.rows.length
    }
    this.#running = undefined
  }

  async #write(job: Job): Promise<void> {
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(RETRY_MOST_MS, waitMs * 2)) {
      try {
        if (job.kind === 'raw') await this.#storage.writeRaw(job.batch, { tenant: job.tenant, batchId: job.batchId })
        else await this.#storage.writeResults(job.rows)
        return
      } catch (error) {
        this.#errors++
        this.#onError(error)
        if (this.#closing || !isRetryable(error)) return
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, waitMs)
          this.#wakeRetry = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        this.#wakeRetry = undefined
      }
    }
  }
}

function isRetryable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('details' in error)) return false
  const details = error.details
  return typeof details === 'object' && details !== null && 'retryable' in details && details.retryable === true
}

function copyBatch(batch: SampleBatch): SampleBatch {
  const { length, columns, states } = batch
  const copy = new SampleBatch(Math.max(1, length))
  copy.length = length
  copy.columns = columns
  copy.series = batch.series.slice(0, length)
  copy.timestampsMs = batch.timestampsMs.slice(0, length)
  copy.values = batch.values.slice(0, length)
  if ((columns & BatchColumn.startTimes) !== 0) copy.startTimesMs = batch.startTimesMs!.slice(0, length)
  if ((columns & BatchColumn.weights) !== 0) copy.weights = batch.weights!.slice(0, length)
  if ((columns & BatchColumn.flags) !== 0) copy.flags = batch.flags!.slice(0, length)
  if ((columns & BatchColumn.states) !== 0 && states !== undefined)
    copy.states = {
      count: states.count,
      rows: states.rows.slice(0, states.count),
      offsets: states.offsets.slice(0, states.count + 1),
      bytes: states.bytes.slice(0, states.offsets[states.count]),
    }
  return copy
}
