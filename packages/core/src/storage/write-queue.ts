import { WindrowError } from '../errors.ts'
import { BatchColumn, SampleBatch } from '../ingest/sample-batch.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from './storage-adapter.ts'

const RETRY_FIRST_MS = 250
const RETRY_MOST_MS = 16_000
/** What a close grants the writes still under way before it aborts them. */
const CLOSE_WITHIN_MS = 5_000

type Job =
  | { readonly kind: 'raw'; readonly batch: SampleBatch; readonly tenant: string; readonly batchId: string }
  | { readonly kind: 'results'; readonly rows: readonly WindowResult[] }

interface Flush {
  /** Number of the last job it waits for. */
  readonly upTo: number
  readonly settle: () => void
}

/**
 * The bounded way to the storage: writes go out in order, one at a time and none before the storage is open; a failed
 * one is tried again for as long as the adapter says it can help. How full it is decides whether more samples are
 * taken.
 */
export class WriteQueue {
  readonly #storage: StorageAdapter
  readonly #maxRows: number
  readonly #onError: (error: unknown) => void
  /** Why the storage did not open, once it is known; never rejects. */
  readonly #opening: Promise<{ readonly failure: unknown } | undefined>
  readonly #jobs: Job[] = []
  readonly #flushes: Flush[] = []
  #pushedJobs = 0
  #doneJobs = 0
  #queuedRows = 0
  #isRunning = false
  #errors = 0
  #openFailed = false
  /** A close began: nothing is tried twice any more. */
  #closing: Promise<void> | undefined
  /** A close took too long: nothing is tried at all any more. */
  #overdue = false
  #attempt: AbortController | undefined
  /** Ends the waiting for what is under way, not what is under way itself. */
  #abandon: (() => void) | undefined
  #wakeRetry: (() => void) | undefined

  /** `opened` settles with the storage's `open`; when it rejects, everything pushed is given up. */
  constructor(
    storage: StorageAdapter,
    maxRows: number,
    onError: (error: unknown) => void,
    opened: Promise<void> = Promise.resolve(),
  ) {
    this.#storage = storage
    this.#maxRows = maxRows
    this.#onError = onError
    this.#opening = opened.then(
      () => undefined,
      (failure: unknown) => {
        this.#openFailed = true
        return { failure }
      },
    )
  }

  get rows(): number {
    return this.#queuedRows
  }

  get errors(): number {
    return this.#errors
  }

  /** 0..1; 1 as well when the storage did not open, so that no more is taken. */
  get pressure(): number {
    return this.#openFailed ? 1 : Math.min(1, this.#queuedRows / this.#maxRows)
  }

  /** Copies the rows, so that the caller's batch is free at once. */
  pushRaw(batch: SampleBatch, tenant: string, batchId: string): void {
    this.#push({ kind: 'raw', batch: copyBatch(batch), tenant, batchId }, batch.length)
  }

  pushResults(rows: readonly WindowResult[]): void {
    this.#push({ kind: 'results', rows }, rows.length)
  }

  /** Number of the newest write pushed; 0 before the first. */
  get lastWriteNumber(): number {
    return this.#pushedJobs
  }

  /** Settles when everything pushed before the call was handed over or given up. */
  flush(): Promise<void> {
    return this.done(this.#pushedJobs)
  }

  /** Settles when every write up to that number was handed over or given up. */
  done(upTo: number): Promise<void> {
    if (this.#doneJobs >= upTo) return Promise.resolve()
    return new Promise((settle) => {
      this.#flushes.push({ upTo, settle })
    })
  }

  /**
   * Tries once more what waits, then gives up on what still fails, and after five seconds on what does not settle.
   * Calling it again gives the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#wakeRetry?.()
    const overdue = setTimeout(() => {
      this.#overdue = true
      this.#abandon?.()
      this.#attempt?.abort(givenUp())
    }, CLOSE_WITHIN_MS)
    await this.flush()
    clearTimeout(overdue)
  }

  #push(job: Job, rows: number): void {
    this.#jobs.push(job)
    this.#pushedJobs++
    this.#queuedRows += rows
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run()
  }

  async #run(): Promise<void> {
    // At least a turn later, so that a burst of pushes is under way before the first write begins.
    const notOpen = await this.#unlessAbandoned(this.#opening)
    for (;;) {
      const job = this.#jobs.shift()
      if (job === undefined) break
      if (notOpen !== undefined) this.#fail(notOpen.failure)
      else await this.#write(job)
      this.#queuedRows -= job.kind === 'raw' ? job.batch.length : job.rows.length
      this.#doneJobs++
      for (const flush of this.#flushes.splice(0))
        if (flush.upTo <= this.#doneJobs) flush.settle()
        else this.#flushes.push(flush)
    }
    this.#isRunning = false
  }

  async #write(job: Job): Promise<void> {
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(RETRY_MOST_MS, waitMs * 2)) {
      if (this.#overdue) {
        this.#fail(givenUp())
        return
      }
      try {
        if ((await this.#unlessAbandoned(this.#handOver(job))) === true) return
      } catch (error) {
        this.#fail(error)
        if (this.#closing !== undefined || !isRetryable(error)) return
        await this.#wait(waitMs)
      }
    }
  }

  async #handOver(job: Job): Promise<true> {
    this.#attempt = new AbortController()
    const { signal } = this.#attempt
    if (job.kind === 'raw')
      await this.#storage.writeRaw(job.batch, { tenant: job.tenant, batchId: job.batchId, signal })
    else await this.#storage.writeResults(job.rows)
    return true
  }

  /** What the work comes to; undefined when a close gave it up first, as what hangs may well not look at its signal. */
  #unlessAbandoned<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#abandon = () => resolve(undefined)
      work.then(resolve, reject)
    })
  }

  async #wait(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs)
      this.#wakeRetry = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeRetry = undefined
  }

  #fail(error: unknown): void {
    this.#errors++
    try {
      this.#onError(error)
    } catch {
      // A reporter that throws must not keep the next write from going out, and there is nobody left to tell.
    }
  }
}

function givenUp(): WindrowError {
  return new WindrowError(
    'STORAGE_FAILED',
    `the storage did not take a write within ${CLOSE_WITHIN_MS} ms of closing`,
    {
      hint: 'look at what the storage waits for; the rows of this write may be missing',
      details: { retryable: false },
    },
  )
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
