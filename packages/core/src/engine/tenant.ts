import { BatchDedup } from '../ingest/batch-dedup.ts'
import type { DecodeResult, RejectReason } from '../ingest/decode-result.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { ClockSuspect } from '../watermark/clock-suspect.ts'
import { SourceWatermarks } from '../watermark/source-watermarks.ts'
import type { RunningQuery } from '../window/running-query.ts'
import { WindowOperator, type WindowOperatorOptions } from '../window/window-operator.ts'
import type { IngestResult, PointCounters } from './engine-api.ts'
import type { ResolvedEngineOptions } from './options.ts'
import type { SavedQuery, StoredQuery } from './stored-query.ts'

interface SavedTenant {
  readonly points: PointCounters
  readonly lastVersions: readonly (readonly [string, number])[]
  readonly offsets: readonly (readonly [string, string])[]
  readonly queries: readonly SavedQuery[]
}

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
  readonly #defaultLatenessMs: number
  readonly queries: Map<string, StoredQuery> = new Map()
  /** The last version of each name that was removed: a new query of that name goes on from there. */
  readonly lastVersions: Map<string, number> = new Map()
  /** Where reading of each polled source goes on. */
  readonly offsets: Map<string, string> = new Map()
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
    this.#defaultLatenessMs = options.latenessMs
    this.live = new WindowOperator({ ...operator, tenantId: id, source: 'live', emit: this.emit })
  }

  readonly emit = (row: WindowResult, query: Pick<RunningQuery, 'deliver'>): void => {
    this.#emitted.push({ row, query })
  }

  /** Remembers batch ids for as much longer as samples may be late for a query. */
  allowLateness(latenessMs: number): void {
    this.batches.extend(latenessMs - this.#defaultLatenessMs)
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
      do {
        for (let i = 0; i < this.#emitted.length; i++) {
          const { row, query } = this.#emitted[i]!
          if (query.deliver(row)) this.#rows.push(row)
        }
        this.#emitted = []
        for (const query of this.queries.values()) query.tellRest()
        // Whoever was told of progress or of late samples may have moved the clock.
      } while (this.#emitted.length > 0)
    } finally {
      this.#emitted = []
      this.#delivering = false
    }
  }

  /** Rows are under way to whoever listens. */
  get isDelivering(): boolean {
    return this.#delivering
  }

  takeRows(): readonly WindowResult[] {
    const rows = this.#rows
    if (rows.length > 0) this.#rows = []
    return rows
  }

  save(writer: StateWriter): void {
    const queries = [...this.queries.values()]
    const saved: SavedTenant = {
      points: this.points,
      lastVersions: [...this.lastVersions],
      offsets: [...this.offsets],
      queries: queries.map((query) => query.save()),
    }
    writer.text(JSON.stringify(saved))
    this.sources.save(writer)
    this.batches.save(writer)
    this.live.save(
      writer,
      queries.flatMap((query) => query.running),
    )
  }

  /** Reads what `save` wrote into a new tenant; `queryOf` makes its queries. */
  load(reader: StateReader, queryOf: (saved: SavedQuery) => StoredQuery): void {
    const saved = readJson(reader)
    Object.assign(this.points, saved.points)
    for (const [name, version] of saved.lastVersions) this.lastVersions.set(name, version)
    for (const [source, offset] of saved.offsets) this.offsets.set(source, offset)
    const running = saved.queries.flatMap((query) => {
      const stored = queryOf(query)
      this.queries.set(query.name, stored)
      return stored.restore(query)
    })
    this.sources.load(reader)
    this.batches.load(reader)
    this.live.load(reader, running)
    for (const query of this.queries.values()) query.checkKind()
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

/** The checksum of the section vouches for what the text means; only its form can be wrong. */
function readJson(reader: StateReader): SavedTenant {
  const { offset } = reader
  const text = reader.text('tenant')
  try {
    return JSON.parse(text) as SavedTenant
  } catch {
    return reader.corrupt('what is said of a tenant is not JSON', offset)
  }
}
