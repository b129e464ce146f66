import { type Clock, ManualClock, SystemClock } from '../clock.ts'
import { WindrowError } from '../errors.ts'
import type { DecodeResult } from '../ingest/decode-result.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import { Screen, type TimeBounds } from '../ingest/screen.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import { DEFAULT_TENANT } from '../registry/canonical.ts'
import type { MetricDeclaration, MetricInfo } from '../registry/metric-catalog.ts'
import { literalServers } from '../registry/selector.ts'
import { SeriesProgress } from '../registry/series-progress.ts'
import { type MetricEntry, SeriesRegistry } from '../registry/series-registry.ts'
import type { RepairKey } from '../repair/dirty-windows.ts'
import type { ColumnSchema, WindowResult } from '../result/window-result.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'
import { WriteQueue } from '../storage/write-queue.ts'
import type { RunningQuery } from '../window/running-query.ts'
import type {
  Engine,
  EngineStats,
  IngestOptions,
  IngestResult,
  LagExplanation,
  PolledSource,
  Query,
  ReplaySource,
  RestoreOptions,
  RunOptions,
} from './engine-api.ts'
import { loadSnapshot, type SnapshotParts, takeSnapshot } from './engine-snapshot.ts'
import { explainLag } from './explain-lag.ts'
import { Generation } from './generation.ts'
import { runOverHistory } from './history-run.ts'
import { lateRow } from './late-row.ts'
import {
  DEFAULT_FUTURE_HOLD_MS,
  DEFAULT_MAX_FUTURE_MS,
  type EngineOptions,
  type ResolvedEngineOptions,
  resolveEngineOptions,
} from './options.ts'
import { checkPlan, columnSchemas, kindProblem, MAX_PANES } from './plan-check.ts'
import { Repairs } from './repairs.ts'
import { ReplayRun } from './replay-run.ts'
import { tenantNumbers } from './stats.ts'
import { type SavedQuery, StoredQuery } from './stored-query.ts'
import { Tenant } from './tenant.ts'

/** The range of `Date`; beyond it milliseconds are no longer told apart. */
const MAX_TIME_MS = 8.64e15
/** Names of removed queries whose versions are remembered. */
const MAX_LAST_VERSIONS = 100_000
/** How full panes or memory may become for the sake of a source that catches up. */
const RELIEVE_AT = 0.8

interface InTenant {
  readonly tenant?: string
}

/** Wires the stages: screen -> windows -> storage on the way in; clock -> watermark -> rows on the way out. */
class WindowEngine implements Engine {
  readonly registry: SeriesRegistry
  readonly #options: ResolvedEngineOptions
  readonly #clock: Clock
  readonly #progress = new SeriesProgress()
  readonly #screen: Screen
  readonly #tenants = new Map<string, Tenant>()
  readonly #replays = new Set<ReplayRun>()
  readonly #queue: WriteQueue | undefined
  readonly #generation: Generation
  readonly #repairs: Repairs | undefined
  /** Nothing is emitted before the generation is known. */
  #isReady: boolean
  #isRestoring = false
  #snapshotMs: number | null = null
  readonly #opened: Promise<void>
  /** When this engine began to listen; undefined under a manual clock that was not set yet. */
  readonly #startedMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #writes = 0
  readonly #writeEpoch: string
  #closed = false
  #closing: Promise<void> | undefined

  constructor(options: EngineOptions) {
    this.#options = resolveEngineOptions(options)
    this.registry = new SeriesRegistry(this.#options.maxSeries)
    this.#clock = this.#options.clock === 'manual' ? new ManualClock() : new SystemClock()
    const nowMs = this.nowMs()
    this.#startedMs = Number.isFinite(nowMs) ? nowMs : undefined
    this.#screen = new Screen(this.registry, this.#progress, nowMs, this.#sampleHorizonMs)
    this.#writeEpoch = `${this.#options.generation}-${Date.now().toString(36)}`
    const { storage, stateStore } = this.#options
    this.#generation = new Generation(this.#options.generation, stateStore)
    this.#isReady = stateStore === undefined
    this.#opened = this.#open()
    // Reported by the first call that needs the storage; here only kept from being unhandled.
    this.#opened.catch(this.#onError)
    if (storage !== undefined)
      this.#queue = new WriteQueue(storage, this.#options.maxQueuedRows, this.#onError, this.#opened)
    this.#repairs =
      this.#queue === undefined || storage === undefined ? undefined : this.#newRepairs(storage, this.#queue)
    this.registry.onKindChange((metric) => this.#recheckKind(metric))
    if (this.#options.clock === 'system') {
      this.#timer = setInterval(() => this.#tick(), this.#options.tickMs)
      this.#timer.unref()
    }
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  advanceTo(epochMs: number): void {
    this.#checkOpen()
    if (!(this.#clock instanceof ManualClock))
      throw new TypeError("advanceTo moves a manual clock; this engine was made with clock: 'system'")
    if (!(Math.abs(epochMs) <= MAX_TIME_MS)) throw new RangeError(`${epochMs} is no time in ms since the epoch`)
    this.#clock.advanceTo(epochMs)
    this.#tick()
  }

  ingest(batch: SampleBatch, options: IngestOptions): IngestResult {
    const tenant = this.#tenant(options.tenant)
    if (tenant.sources.kindOf(options.source) === 'polled')
      throw new WindrowError('SOURCE_KIND_CONFLICT', `${options.source} is a polled source`, {
        hint: 'ingest through the object that engine.source() gave, or push under another name',
        details: { source: options.source },
      })
    return this.#ingest(tenant, batch, options.source, options.batchId)
  }

  #ingest(
    tenant: Tenant,
    batch: SampleBatch,
    source: string,
    batchId: string | undefined,
    backlog?: number,
  ): IngestResult {
    this.#checkOpen()
    const nowMs = this.nowMs()
    const refused = this.#admit(tenant, batch, batchId)
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
    this.#store(tenant, screened.batch, isRefused ? undefined : batchId)
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

  countRejected(tenant: string, rejected: DecodeResult['rejected']): void {
    this.#tenant(tenant).countRejected(rejected)
  }

  source(name: string, options: InTenant & { readonly kind: 'polled' }): PolledSource {
    this.#checkOpen()
    const tenant = this.#tenant(options.tenant)
    if (!tenant.sources.open(name, this.nowMs()))
      throw new WindrowError('SOURCE_KIND_CONFLICT', `there is a source ${name} already`, {
        hint: 'close it first, or choose another name',
        details: { source: name },
      })
    let isOpen = true
    const checkSource = (): void => {
      if (!isOpen) throw new TypeError(`the source ${name} was closed; open a new one`)
    }
    return {
      get offset() {
        return tenant.offsets.get(name)
      },
      ingest: (batch, { backlog, batchId, offset }) => {
        checkSource()
        const result = this.#ingest(tenant, batch, name, batchId, backlog)
        // What was shed is to be read again.
        if (offset !== undefined && result.shed === 0) tenant.offsets.set(name, offset)
        return result
      },
      caughtUp: () => {
        checkSource()
        tenant.sources.caughtUp(name, this.nowMs())
      },
      close: () => {
        if (isOpen) tenant.sources.close(name)
        isOpen = false
      },
    }
  }

  replay(_name: string, options: InTenant & { readonly retentionMs?: number } = {}): ReplaySource {
    this.#checkOpen()
    const tenant = this.#tenant(options.tenant)
    const run: ReplayRun = new ReplayRun({
      registry: this.registry,
      tenant,
      retentionMs: options.retentionMs ?? this.#options.retentionMs,
      disorderMs: this.#options.disorderMs,
      sampleHorizonMs: this.#sampleHorizonMs,
      generation: () => this.#generation.current,
      repair: (live, row) => this.#repairReplayed(live, row),
      admit: (batch, batchId) => this.#admit(tenant, batch, batchId),
      store: (batch, batchId) => this.#store(tenant, batch, batchId),
      deliver: () => this.#deliver(tenant),
      flush: () => this.flush(),
      onFinish: () => this.#replays.delete(run),
    })
    this.#replays.add(run)
    return run
  }

  addQuery(
    name: string,
    plan: QueryPlan,
    options: InTenant & { readonly paused?: boolean; readonly version?: number } = {},
  ): Query {
    this.#checkOpen()
    const tenant = this.#tenant(options.tenant)
    if (name === '') throw new TypeError('a query needs a name')
    if (tenant.queries.has(name))
      throw new WindrowError('QUERY_EXISTS', `there is a query ${name} already`, {
        hint: 'alter it, or remove it first',
        details: { query: name },
      })
    this.#checkStored(plan)
    const version = Math.max((tenant.lastVersions.get(name) ?? 0) + 1, checkVersion(options.version))
    const query = this.#newQuery(tenant, { name, plan, version, paused: options.paused ?? false })
    query.checkKind()
    tenant.queries.set(name, query)
    return query
  }

  alterQuery(name: string, plan: QueryPlan, options: InTenant & { readonly version?: number } = {}): Query {
    this.#checkOpen()
    const query = this.#queryOf(name, options)
    this.#checkStored(plan)
    query.alter(plan, checkVersion(options.version))
    return query
  }

  removeQuery(name: string, options: InTenant = {}): void {
    const query = this.#queryOf(name, options)
    const tenant = this.#tenant(options.tenant)
    query.remove()
    tenant.queries.delete(name)
    tenant.lastVersions.delete(name)
    tenant.lastVersions.set(name, query.queryVersion)
    if (tenant.lastVersions.size > MAX_LAST_VERSIONS)
      for (const oldest of tenant.lastVersions.keys()) {
        tenant.lastVersions.delete(oldest)
        break
      }
  }

  query(name: string, options: InTenant = {}): Query | undefined {
    return this.#knownTenant(options)?.queries.get(name)
  }

  queries(options: InTenant = {}): Query[] {
    return [...(this.#knownTenant(options)?.queries.values() ?? [])]
  }

  explainLag(name: string, options: InTenant = {}): LagExplanation {
    const query = this.#queryOf(name, options)
    const latenessMs = query.plan.latenessMs ?? this.#options.latenessMs
    return explainLag(query.plan, latenessMs, this.#tenant(options.tenant), this.#options.maxWaitMs, this.nowMs())
  }

  declareMetric(metric: string, declaration: MetricDeclaration, options: InTenant = {}): void {
    this.#checkOpen()
    this.registry.declare(this.#tenant(options.tenant).id, metric, declaration)
  }

  metric(metric: string, options: InTenant = {}): MetricInfo | undefined {
    const tenant = this.#knownTenant(options)
    return tenant === undefined ? undefined : this.registry.metricInfo(tenant.id, metric)
  }

  metrics(options: InTenant = {}): MetricInfo[] {
    const tenant = this.#knownTenant(options)
    return tenant === undefined ? [] : this.registry.metricInfos(tenant.id)
  }

  servers(options: InTenant = {}): string[] {
    const tenant = this.#knownTenant(options)
    return tenant === undefined ? [] : [...this.registry.servers(tenant.id)].sort()
  }

  columnsOf(
    plan: Pick<QueryPlan, 'columns' | 'reading'> & { readonly selector: { readonly metric: string } },
    options: InTenant = {},
  ): ColumnSchema[] {
    return columnSchemas(plan, this.metric(plan.selector.metric, options)?.unit ?? '')
  }

  run(plan: QueryPlan, options: RunOptions = {}): AsyncIterableIterator<WindowResult> {
    this.#checkOpen()
    const { storage } = this.#options
    if (storage === undefined)
      throw new WindrowError('STORAGE_MISSING', 'this engine keeps no samples, so there is no history to run over', {
        hint: 'create it with a storage adapter, for example memoryAdapter()',
      })
    const tenant = this.#tenant(options.tenant)
    checkPlan(plan, this.#options.minWindowMs, 0)
    const problem = kindProblem(plan, this.registry.metricInfo(tenant.id, plan.selector.metric))
    if (problem !== undefined) throw new WindrowError('QUERY_INVALID', problem)
    const { registry } = this
    const flushed = this.flush()
    // A run is only awaited once it is read; until then a failed flush is nobody's.
    flushed.catch(() => undefined)
    return (async function* (nowMs: number) {
      await flushed
      yield* runOverHistory(plan, { ...options, registry, storage, tenant: tenant.name, tenantId: tenant.id, nowMs })
    })(this.nowMs())
  }

  async flush(): Promise<void> {
    await this.#opened
    await this.#queue?.flush()
    await this.#repairs?.saved()
  }

  async settled(): Promise<void> {
    await this.flush()
    await this.#repairs?.settled()
    await this.flush()
  }

  stats(): EngineStats {
    const nowMs = this.nowMs()
    const tenants = [...this.#tenants.values()].map((tenant) =>
      tenantNumbers(tenant, nowMs, this.#repairs?.dirtyWindowsOf(tenant.name) ?? 0),
    )
    return {
      nowMs,
      clockStepMs: this.#clock.stepMs,
      seriesCount: this.registry.size,
      stateBytes: tenants.reduce((bytes, of) => bytes + of.stateBytes, this.#progress.bytes + this.#screen.bytes),
      paneCount: tenants.reduce((count, of) => count + of.stateItems, 0),
      writeQueueRows: this.#queue?.rows ?? 0,
      writeQueueLimit: this.#queue === undefined ? 0 : this.#options.maxQueuedRows,
      storageErrors: this.#queue?.errors ?? 0,
      snapshotMs: this.#snapshotMs,
      tenants,
    }
  }

  snapshot(): Iterable<Uint8Array> {
    this.#checkOpen()
    if ([...this.#tenants.values()].some(({ isDelivering }) => isDelivering))
      throw new TypeError('rows are under way to listeners: take the snapshot once they were told')
    const nowMs = this.nowMs()
    this.#snapshotMs = nowMs
    return takeSnapshot({ ...this.#parts, tenants: this.#tenants }, nowMs)
  }

  async restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options: RestoreOptions = {}): Promise<void> {
    this.#checkOpen()
    if (this.#isRestoring || this.registry.size > 0 || this.#tenants.size > 0)
      throw new TypeError('a snapshot is restored into an engine in which nothing was done yet')
    this.#isRestoring = true
    try {
      await this.#opened
      const { generation, createdMs } = await loadSnapshot(
        chunks,
        this.#parts,
        (name) => this.#tenant(name),
        (tenant, reader) => tenant.load(reader, (saved) => this.#newQuery(tenant, saved)),
      )
      await this.#generation.raiseOver(generation)
      // The present cannot be before the past.
      if (this.#clock instanceof ManualClock && Number.isFinite(createdMs)) this.#clock.advanceTo(createdMs)
    } catch (error) {
      await this.close()
      throw error
    }
    for (const tenant of this.#tenants.values()) tenant.live.noteGap(options.gapUntilMs ?? this.nowMs())
    // The first tick comes later: whoever restored has yet to open its sources and to subscribe.
    this.#isRestoring = false
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #parts(): Omit<SnapshotParts, 'tenants'> {
    return {
      registry: this.registry,
      progress: this.#progress,
      screen: this.#screen,
      generation: this.#generation,
      repairs: this.#repairs,
    }
  }

  get #sampleHorizonMs(): number | undefined {
    return this.#options.dedup === 'exact' ? this.#options.dedupHorizonMs : undefined
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer)
    // What a replay still has to say goes into the queue at once; only its way to the storage takes time.
    const replays = [...this.#replays].map((replay) => replay.finish())
    this.#closed = true
    for (const tenant of this.#tenants.values()) for (const query of tenant.queries.values()) query.remove()
    try {
      await this.#repairs?.close()
      await this.#queue?.close()
      await Promise.allSettled(replays)
    } finally {
      await Promise.all([this.#options.storage?.close(), this.#options.stateStore?.close()])
    }
  }

  /** Moves every tenant's watermark to where it should be now and emits what that makes due. */
  #tick(): void {
    if (!this.#isReady || this.#isRestoring) return
    const nowMs = this.nowMs()
    for (const tenant of this.#tenants.values()) {
      this.#relieve(tenant, nowMs)
      tenant.live.advance(tenant.sources.watermarkMs(nowMs), nowMs)
      tenant.batches.expire(nowMs)
      this.#deliver(tenant)
    }
    this.#repairs?.tick(nowMs)
  }

  /** No longer waits for a source that catches up when what is kept for its sake nears a limit. */
  #relieve(tenant: Tenant, nowMs: number): void {
    if (!(tenant.live.watermarkMs < nowMs - this.#options.maxWaitMs)) return
    if (tenant.live.mostPanes >= RELIEVE_AT * MAX_PANES) tenant.sources.abandonSlowest(nowMs, 'pane-limit')
    else if (tenant.live.stateBytes >= RELIEVE_AT * this.#options.maxStateBytes)
      tenant.sources.abandonSlowest(nowMs, 'memory-limit')
  }

  async #open(): Promise<void> {
    await this.#options.storage?.open(this.registry)
    await this.#generation.open()
    await this.#repairs?.open()
    if (this.#isReady || this.#closed) return
    this.#isReady = true
    this.#tick()
  }

  #newRepairs(storage: StorageAdapter, queue: WriteQueue): Repairs {
    const runningOf = ({ tenant, query, queryVersion }: RepairKey): RunningQuery | undefined =>
      this.#tenants.get(tenant)?.queries.get(query)?.version(queryVersion)
    return new Repairs({
      options: this.#options,
      intervalMs: (ref) => this.#progress.intervalMs(ref),
      host: {
        storage,
        nowMs: () => this.nowMs(),
        recompute: (plan, { key, ...range }) =>
          runOverHistory(plan, {
            ...range,
            registry: this.registry,
            tenant: key.tenant,
            tenantId: this.registry.tenantId(key.tenant),
            query: key.query,
            nowMs: this.nowMs(),
          }),
        planOf: (key) => runningOf(key)?.plan,
        owes: (key, { startMs, endMs }) => {
          const query = runningOf(key)
          return query?.owns(startMs) === true && endMs > query.sinceMs
        },
        finalThroughMs: (key) => runningOf(key)?.finalThroughMs ?? Number.NEGATIVE_INFINITY,
        lastWriteNumber: () => queue.lastWriteNumber,
        writesDone: (writeNumber) => queue.done(writeNumber),
        raiseGeneration: () => this.#generation.raise(),
        emit: (rows) => this.#emitRepaired(rows),
        onError: this.#onError,
      },
    })
  }

  #emitRepaired(rows: readonly WindowResult[]): void {
    for (const row of rows) {
      const tenant = this.#tenant(row.tenant)
      tenant.emitRepaired(row)
      this.#deliver(tenant)
    }
  }

  #repairReplayed(live: RunningQuery, { startMs }: WindowResult): boolean {
    const wantsRepair = (live.plan.late ?? 'repair') === 'repair'
    if (this.#repairs === undefined || !wantsRepair) return false
    this.#repairs.note(live, startMs)
    return true
  }

  /** Refuses a whole batch: one that came before, or one there is no room for. */
  #admit(tenant: Tenant, batch: SampleBatch, batchId: string | undefined): IngestResult | undefined {
    const rows = batch.length
    const pressure = this.#queue?.pressure ?? 0
    let refused: IngestResult | undefined
    if (batchId !== undefined && tenant.batches.has(batchId))
      refused = { accepted: 0, duplicates: rows, shed: 0, rejected: [], pressure, clockSuspect: false }
    else if (pressure >= 1 || this.#isRestoring)
      refused = { accepted: 0, duplicates: 0, shed: rows, rejected: [], pressure, clockSuspect: false }
    if (refused === undefined) return undefined
    tenant.count(rows, refused, 0, 0)
    return refused
  }

  #store(tenant: Tenant, batch: SampleBatch, batchId: string | undefined): void {
    if (batchId !== undefined) tenant.batches.remember(batchId, this.nowMs())
    if (this.#queue === undefined || batch.length === 0) return
    this.#queue.pushRaw(batch, tenant.name, batchId ?? `${this.#writeEpoch}-${this.#writes++}`)
  }

  #deliver(tenant: Tenant): void {
    tenant.deliver()
    const rows = tenant.takeRows()
    if (rows.length > 0) this.#queue?.pushResults(rows)
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

  #checkStored(plan: QueryPlan): void {
    checkPlan(plan, this.#options.minWindowMs, plan.latenessMs ?? this.#options.latenessMs)
    if (plan.range !== undefined)
      throw new WindrowError('PLAN_INVALID', 'a stored query has no SINCE or UNTIL: it runs on', {
        hint: 'leave them out, or run the text as a one-off query',
      })
  }

  #newQuery(
    tenant: Tenant,
    { name, plan, version, paused }: Pick<SavedQuery, 'name' | 'plan' | 'version' | 'paused'>,
  ): StoredQuery {
    return new StoredQuery(name, tenant.name, plan, version, paused, {
      operator: tenant.live,
      defaultLatenessMs: this.#options.latenessMs,
      defaultLate: this.#options.storage === undefined ? 'drop' : 'repair',
      nowMs: () => this.nowMs(),
      columnsOf: (of) => this.columnsOf(of, { tenant: tenant.name }),
      problemOf: (of) => kindProblem(of, this.registry.metricInfo(tenant.id, of.selector.metric)),
      unmatchedServers: (of) => {
        const servers = this.registry.servers(tenant.id)
        return literalServers(of.selector).filter((server) => !servers.has(server))
      },
      repair: (sample) => this.#repairs?.take(sample),
      describe: (sample) => lateRow(sample, this.registry),
      onError: this.#onError,
    })
  }

  #recheckKind(metric: MetricEntry): void {
    const tenant = this.#tenants.get(this.registry.tenants[metric.tenantId]!)
    if (tenant === undefined) return
    for (const query of tenant.queries.values()) if (query.plan.selector.metric === metric.name) query.checkKind()
  }

  #queryOf(name: string, options: InTenant): StoredQuery {
    const query = this.#knownTenant(options)?.queries.get(name)
    if (query === undefined)
      throw new WindrowError('QUERY_NOT_FOUND', `there is no query ${name}`, { details: { query: name } })
    return query
  }

  /** The tenant, if anything was ever done in its name: to ask makes none. */
  #knownTenant({ tenant = DEFAULT_TENANT }: InTenant): Tenant | undefined {
    return this.#tenants.get(tenant)
  }

  #tenant(name: string = DEFAULT_TENANT): Tenant {
    const known = this.#tenants.get(name)
    if (known !== undefined) return known
    const nowMs = this.nowMs()
    const tenant = new Tenant(name, this.registry.tenantId(name), this.#options, {
      registry: this.registry,
      progress: this.#progress,
      startMs: this.#startedMs ?? (Number.isFinite(nowMs) ? nowMs : undefined),
      generation: () => this.#generation.current,
    })
    this.#tenants.set(name, tenant)
    // Sets the line behind which data is late before the first sample comes.
    tenant.live.advance(tenant.sources.watermarkMs(nowMs), nowMs)
    return tenant
  }

  #checkOpen(): void {
    if (this.#closed) throw new WindrowError('ENGINE_CLOSED', 'the engine was closed')
  }

  readonly #onError = (error: unknown): void => {
    try {
      this.#options.onError?.(error)
    } catch {
      // The one who is told of errors has failed itself: there is nobody left to tell.
    }
  }
}

function checkVersion(version = 1): number {
  if (Number.isSafeInteger(version) && version >= 1) return version
  throw new RangeError(`the version of a query is a whole number of at least 1, not ${version}`)
}

function futureCount(rejected: IngestResult['rejected']): number {
  let count = 0
  for (const { reason } of rejected) if (reason === 'future') count++
  return count
}

function ahead(nowMs: number, byMs: number): number {
  return byMs === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : nowMs + byMs
}

/**
 * Makes an engine. Throws `TypeError` naming every option at fault. With a storage adapter it owns it: `close`
 * closes it too.
 */
export function createEngine(options: EngineOptions = {}): Engine {
  return new WindowEngine(options)
}
