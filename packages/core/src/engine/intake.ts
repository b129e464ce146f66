import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { Screen, TimeBounds } from '../ingest/screen.ts'
import type { WriteQueue } from '../storage/write-queue.ts'
import type { IngestResult } from './engine-api.ts'
import { DEFAULT_FUTURE_HOLD_MS, DEFAULT_MAX_FUTURE_MS, type ResolvedEngineOptions } from './options.ts'
import type { Tenant } from './tenant.ts'

export interface IntakeOptions {
  readonly options: ResolvedEngineOptions
  readonly screen: Screen
  readonly queue: WriteQueue | undefined
  readonly nowMs: () => number
}

/** The way of a batch into the engine: admitted, screened, folded into windows, handed to the storage. */
export class Intake {
  /** Nothing is taken meanwhile: senders are to send again. */
  isHeld = false
  readonly #options: ResolvedEngineOptions
  readonly #screen: Screen
  readonly #queue: WriteQueue | undefined
  readonly #nowMs: () => number
  readonly #writeEpoch: string
  #writes = 0

  constructor({ options, screen, queue, nowMs }: IntakeOptions) {
    this.#options = options
    this.#screen = screen
    this.#queue = queue
    this.#nowMs = nowMs
    this.#writeEpoch = `${options.generation}-${Date.now().toString(36)}`
  }

  /** `backlog`: records a polled source has left to read. */
  ingest(
    tenant: Tenant,
    batch: SampleBatch,
    source: string,
    batchId: string | undefined,
    backlog?: number,
  ): IngestResult {
    const nowMs = this.#nowMs()
    const refused = this.admit(tenant, batch, batchId)
    if (refused !== undefined) {
      // A polled source that reads again what came before gets on all the same.
      if (refused.shed === 0 && backlog !== undefined)
        tenant.sources.observe(source, Number.NEGATIVE_INFINITY, batch.timestampsMs, 0, nowMs, backlog)
      return refused
    }
    const screened = this.#screen.screen(batch, tenant.id, this.#timeBounds(nowMs))
    tenant.clockSuspect.observe(source, batch.length, futureCount(screened.rejected), nowMs)
    tenant.live.apply(screened.batch, screened.minEventMs, screened.maxEventMs)
    const clockSuspect = screened.rejected.length > 0 && tenant.clockSuspect.isSuspect(nowMs)
    // What was refused for this engine's own fault is to come in when it is sent again.
    const isRefused = clockSuspect && screened.accepted === 0
    this.store(tenant, screened.batch, isRefused ? undefined : batchId)
    const { timestampsMs, length } = screened.batch
    tenant.sources.observe(source, screened.maxEventMs, timestampsMs, length, nowMs, backlog)
    const result: IngestResult = {
      accepted: screened.accepted,
      duplicates: screened.duplicates,
      shed: 0,
      rejected: screened.rejected,
      pressure: this.#queue?.pressure ?? 0,
      clockSuspect,
    }
    tenant.count(batch.length, result, screened.conflicts, screened.precisionLost)
    return result
  }

  /** Refuses a whole batch: one that came before, or one there is no room for. */
  admit(tenant: Tenant, batch: SampleBatch, batchId: string | undefined): IngestResult | undefined {
    const rows = batch.length
    const pressure = this.#queue?.pressure ?? 0
    let refused: IngestResult | undefined
    if (batchId !== undefined && tenant.batches.has(batchId))
      refused = { accepted: 0, duplicates: rows, shed: 0, rejected: [], pressure, clockSuspect: false }
    else if (pressure >= 1 || this.isHeld)
      refused = { accepted: 0, duplicates: 0, shed: rows, rejected: [], pressure, clockSuspect: false }
    if (refused === undefined) return undefined
    tenant.count(rows, refused, 0, 0)
    return refused
  }

  /** Hands accepted rows to the storage and remembers their batch. */
  store(tenant: Tenant, batch: SampleBatch, batchId: string | undefined): void {
    if (batchId !== undefined) tenant.batches.remember(batchId, this.#nowMs())
    if (this.#queue === undefined || batch.length === 0) return
    this.#queue.pushRaw(batch, tenant.name, batchId ?? `${this.#writeEpoch}-${this.#writes++}`)
  }

  #timeBounds(nowMs: number): TimeBounds {
    const { clock, retentionMs, maxFutureMs, futureHoldMs } = this.#options
    const manual = clock === 'manual'
    const maxAheadMs = maxFutureMs ?? (manual ? Number.POSITIVE_INFINITY : DEFAULT_MAX_FUTURE_MS)
    const holdMs = futureHoldMs ?? (manual ? Number.POSITIVE_INFINITY : DEFAULT_FUTURE_HOLD_MS)
    return {
      oldestMs: nowMs === Number.NEGATIVE_INFINITY ? -Number.MAX_VALUE : nowMs - retentionMs,
      newestMs: Math.min(Number.MAX_VALUE, ahead(nowMs, maxAheadMs)),
      progressMs: Math.min(Number.MAX_VALUE, ahead(nowMs, holdMs)),
    }
  }
}

function futureCount(rejected: IngestResult['rejected']): number {
  let count = 0
  for (const { reason } of rejected) if (reason === 'future') count++
  return count
}

function ahead(nowMs: number, byMs: number): number {
  return byMs === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : nowMs + byMs
}
