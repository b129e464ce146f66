import type { SampleBatch } from '../ingest/sample-batch.ts'
import { Screen } from '../ingest/screen.ts'
import { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { RunningQuery } from '../window/running-query.ts'
import { WindowOperator } from '../window/window-operator.ts'
import type { IngestResult, ReplaySource } from './engine-api.ts'
import type { Tenant } from './tenant.ts'

export interface ReplayHost {
  readonly registry: SeriesRegistry
  /** What was taken live is no longer new. */
  readonly live: Screen
  readonly tenant: Tenant
  readonly retentionMs: number
  readonly disorderMs: number
  readonly sampleHorizonMs: number | undefined
  readonly generation: () => number
  /** Refusal for lack of room or for a repeated batch id; undefined to go on. */
  admit(batch: SampleBatch, batchId: string | undefined): IngestResult | undefined
  /** Hands accepted rows to the storage. */
  store(batch: SampleBatch, batchId: string | undefined): void
  /** Delivers what was emitted and hands it to the storage. */
  deliver(): void
  /** Whether there is something to repair windows from. */
  readonly mends: boolean
  /** Has the windows of a live query that hold the time computed anew. */
  repair(live: RunningQuery, timeMs: number): void
  flush(): Promise<void>
  onFinish(): void
}

/**
 * An import on its own time line: its newest event is its clock, so old data neither waits nor hurries anyone. Windows
 * that a live query with repairs has, or is going to have, are that query's: they are marked for repair by the samples,
 * and no row of the replay comes for them.
 */
export class ReplayRun implements ReplaySource {
  readonly #host: ReplayHost
  readonly #operator: WindowOperator
  readonly #screen: Screen
  #maxEventMs = Number.NEGATIVE_INFINITY
  #finished = false

  constructor(host: ReplayHost) {
    this.#host = host
    const progress = new SeriesProgress()
    this.#screen = new Screen(host.registry, progress, Number.NEGATIVE_INFINITY, host.sampleHorizonMs, host.live)
    this.#operator = new WindowOperator({
      registry: host.registry,
      tenantId: host.tenant.id,
      source: 'replay',
      progress,
      generation: host.generation,
      emit: (row, query) => {
        if (!this.#mendedOf(query.name).some((live) => isOf(live, row))) host.tenant.emit(row, query)
      },
    })
    for (const query of host.tenant.queries.values()) {
      const windows = query.forReplay(this.#operator)
      if (windows !== undefined) this.#operator.addQuery(windows, Number.NEGATIVE_INFINITY)
    }
  }

  ingest(batch: SampleBatch, options: { readonly batchId?: string } = {}): IngestResult {
    if (this.#finished) throw new TypeError('the replay was finished; open a new one')
    const refused = this.#host.admit(batch, options.batchId)
    if (refused !== undefined) return refused
    const screened = this.#screen.screen(batch, this.#host.tenant.id, {
      oldestMs: this.#maxEventMs - this.#host.retentionMs,
      newestMs: Number.MAX_VALUE,
      progressMs: Number.MAX_VALUE,
    })
    if (screened.maxEventMs > this.#maxEventMs) this.#maxEventMs = screened.maxEventMs
    this.#operator.apply(screened.batch, screened.minEventMs, screened.maxEventMs)
    const result: IngestResult = {
      accepted: screened.accepted,
      duplicates: screened.duplicates,
      shed: 0,
      rejected: screened.rejected,
      pressure: 0,
      clockSuspect: false,
    }
    this.#host.tenant.count(batch.length, result, screened.conflicts, screened.precisionLost)
    this.#host.store(screened.batch, options.batchId)
    this.#mark(screened.batch)
    const watermarkMs = this.#maxEventMs - this.#host.disorderMs
    this.#operator.advance(watermarkMs, watermarkMs)
    this.#host.deliver()
    return result
  }

  /** Marks the windows of live queries that have the samples only in the storage; too many do no harm. */
  #mark(batch: SampleBatch): void {
    const { registry, tenant, repair } = this.#host
    const liveOf = new Map<string, RunningQuery[]>()
    for (const { name } of tenant.queries.values())
      for (const live of this.#mendedOf(name)) {
        const { metric } = live.plan.selector
        liveOf.set(metric, [...(liveOf.get(metric) ?? []), live])
      }
    if (liveOf.size === 0) return
    const { series, timestampsMs, length } = batch
    for (let row = 0; row < length; row++) {
      const timeMs = timestampsMs[row]!
      for (const live of liveOf.get(registry.metrics[registry.metricIds[series[row]!]!]!.name) ?? [])
        if (live.holds(timeMs)) repair(live, timeMs)
    }
  }

  /** The live versions of a query whose windows are repaired. */
  #mendedOf(name: string): readonly RunningQuery[] {
    return this.#host.mends ? (this.#host.tenant.queries.get(name)?.mended.filter(hasBegun) ?? []) : []
  }

  async finish(): Promise<void> {
    if (this.#finished) return
    this.#finished = true
    const drainedMs = this.#operator.drainedMs
    if (drainedMs !== Number.NEGATIVE_INFINITY) this.#operator.advance(drainedMs, drainedMs)
    this.#host.onFinish()
    this.#host.deliver()
    await this.#host.flush()
  }
}

/** Before the first sample and without a clock, a query is not there for any window yet. */
function hasBegun({ sinceMs, finalThroughMs }: RunningQuery): boolean {
  return Math.max(sinceMs, finalThroughMs) !== Number.NEGATIVE_INFINITY
}

/** Whether the row's window is one that the live query was there for. */
function isOf(live: RunningQuery, { startMs, endMs }: WindowResult): boolean {
  return live.owns(startMs) && endMs > live.sinceMs
}
