import { BatchDedup } from '../ingest/batch-dedup.ts'
import type { DecodeResult, RejectReason } from '../ingest/decode-result.ts'
import type { WindowResult } from '../result/window-result.ts'
import { ClockSuspect } from '../watermark/clock-suspect.ts'
import { SourceWatermarks } from '../watermark/source-watermarks.ts'
import type { RunningQuery } from '../window/running-query.ts'
import { WindowOperator, type WindowOperatorOptions } from '../window/window-operator.ts'
import type { IngestResult, PointCounters } from './engine-api.ts'
import type { ResolvedEngineOptions } from './options.ts'
import type { StoredQuery } from './stored-query.ts'

/** Everything of one tenant; nothing crosses from one to another but the machine. */
export class Tenant {
  readonly name: string
  readonly id: number
  readonly points: PointCounters = {
    received: 0,
    accepted: 0,
    duplicate: 0,
    shed: 0,
    rejected: Object.create(null) as Record<RejectReason, number>,
    duplicateConflict: 0,
    precisionLost: 0,
  }
  readonly sources: SourceWatermarks
  readonly clockSuspect: ClockSuspect = new ClockSuspect()
  readonly batches: BatchDedup
  readonly live: WindowOperator
  readonly queries: Map<string, StoredQuery> = new Map()
  /** The last version of each name that was removed: a new query of that name goes on from there. */
  readonly lastVersions: Map<string, number> = new Map()
  #emitted: { readonly row: WindowResult; readonly query: Pick<RunningQuery, 'deliver'> }[] = []
  #delivering = false
  /** Rows delivered since they were last handed to the storage. */
  #rows: WindowResult[] = []

  constructor(
    name: string,
    id: number,
    options: ResolvedEngineOptions,
    operator: Omit<WindowOperatorOptions, 'tenantId' | 'source' | 'emit'>,
  ) {
    this.name = name
    this.id = id
    this.sources = new SourceWatermarks(options)
    this.batches = new BatchDedup(options.dedupHorizonMs)
    this.live = new WindowOperator({ ...operator, tenantId: id, source: 'live', emit: this.emit })
  }

  readonly emit = (row: WindowResult, query: Pick<RunningQuery, 'deliver'>): void => {
    this.#emitted.push({ row, query })
  }

  /** Takes the row of a repair, of any version of a query that is still there. */
  emitRepaired(row: WindowResult): void {
    this.emit(row, { deliver: (own) => this.queries.get(own.query)?.takeRepaired(own) === true })
  }

  /**
   * Hands emitted rows to whoever listens, once the windows are done with: a listener may then ingest, pause or move
   * the clock itself. Rows that this makes are delivered after those that are under way.
   */
  deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    try {
      for (let i = 0; i < this.#emitted.length; i++) {
        const { row, query } = this.#emitted[i]!
        if (query.deliver(row)) this.#rows.push(row)
      }
      for (const query of this.queries.values()) query.tellRest()
    } finally {
      this.#emitted = []
      this.#delivering = false
    }
  }

  takeRows(): readonly WindowResult[] {
    const rows = this.#rows
    if (rows.length > 0) this.#rows = []
    return rows
  }

  /** Enters the outcome of a batch into the point law. */
  count(rows: number, result: IngestResult, conflicts: number, precisionLost: number): void {
    const { points } = this
    points.received += rows
    points.accepted += result.accepted
    points.duplicate += result.duplicates
    points.shed += result.shed
    points.duplicateConflict += conflicts
    points.precisionLost += precisionLost
    this.#countReasons(result.rejected)
  }

  countRejected(rejected: DecodeResult['rejected']): void {
    this.points.received += rejected.length
    this.#countReasons(rejected)
  }

  #countReasons(rejected: DecodeResult['rejected']): void {
    for (const { reason } of rejected) this.points.rejected[reason] = (this.points.rejected[reason] ?? 0) + 1
  }
}
