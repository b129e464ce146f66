import { type Clock, ManualClock, SystemClock } from '../clock.ts'
import { WindrowError } from '../errors.ts'
import type { DecodeResult } from '../ingest/decode-result.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import { Screen } from '../ingest/screen.ts'
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
import { Intake } from './intake.ts'
import { lateRow } from './late-row.ts'
import { type EngineOptions, type ResolvedEngineOptions, resolveEngineOptions } from './options.ts'
import { checkPlan, checkStoredPlan, columnSchemas, kindProblem } from './plan-check.ts'
import { openPolledSource } from './polled-source.ts'
import { repairHost } from './repair-host.ts'
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
  readonly #intake: Intake
  #snapshotMs: number | null = null
  readonly #opened: Promise<void>
  /** When this engine began to listen; undefined under a manual clock that was not set yet. */
  readonly #startedMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #closing: Promise<void> | undefined

  constructor(options: EngineOptions) {
    this.#options = resolveEngineOptions(options)
    this.registry = new SeriesRegistry(this.#options.maxSeries)
    this.#clock = this.#options.clock === 'manual' ? new ManualClock() : new SystemClock()
    const nowMs = this.nowMs()
    this.#startedMs = Number.isFinite(nowMs) ? nowMs : undefined
    this.#screen = new Screen(this.registry, this.#progress, nowMs, this.#sampleHorizonMs)
    const { storage, stateStore } = this.#options
    this.#generation = new Generation(this.#options.generation, stateStore)
    this.#isReady = stateStore === undefined
    this.#opened = this.#open()
    // Reported by the first call that needs the storage; here only kept from being unhandled.
    this.#opened.catch(this.#onError)
    if (storage !== undefined)
      this.#queue = new WriteQueue(storage, this.#options.maxQueuedRows, this.#onError, this.#opened)
    this.#intake = new Intake({
      options: this.#options,
      screen: this.#screen,
      queue: this.#queue,
      nowMs: () => this.nowMs(),
    })
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
    this.#checkOpen()
    const tenant = this.#tenant(options.tenant)
    if (tenant.sources.kindOf(options.source) === 'polled')
      throw new WindrowError('SOURCE_KIND_CONFLICT', `${options.source} is a polled source`, {
        hint: 'ingest through the object that engine.source() gave, or push under another name',
        details: { source: options.source },
      })
    return this.#intake.ingest(tenant, batch, options.source, options.batchId)
  }

  countRejected(tenant: string, rejected: DecodeResult['rejected']): void {
    this.#tenant(tenant).countRejected(rejected)
  }

  source(name: string, options: InTenant & { readonly kind: 'polled' }): PolledSource {
    this.#checkOpen()
    const tenant = this.#tenant(options.tenant)
    return openPolledSource(tenant, name, {
      intake: this.#intake,
      nowMs: () => this.nowMs(),
      checkOpen: () => this.#checkOpen(),
    })
  }

  replay(_name: string, options: InTenant & { readonly retentionMs?: number } = {}): ReplaySource {
    this.#checkOpen()
    const tenant = this.#tenant(options.tenant)
    const run: ReplayRun = new ReplayRun({
      registry: this.registry,
      live: this.#screen,
      tenant,
      retentionMs: options.retentionMs ?? this.#options.retentionMs,
      disorderMs: this.#options.disorderMs,
      sampleHorizonMs: this.#sampleHorizonMs,
      generation: () => this.#generation.current,
      mends: this.#repairs !== undefined,
      repair: (live, timeMs) => this.#repairs?.note(live, timeMs),
      admit: (batch, batchId) => this.#intake.admit(tenant, batch, batchId),
      store: (batch, batchId) => this.#intake.store(tenant, batch, batchId),
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
    checkStoredPlan(plan, this.#options)
    const version = Math.max((tenant.lastVersions.get(name) ?? 0) + 1, checkVersion(options.version))
    const query = this.#newQuery(tenant, { name, plan, version, paused: options.paused ?? false })
    query.checkKind()
    tenant.queries.set(name, query)
    return query
  }

  alterQuery(name: string, plan: QueryPlan, options: InTenant & { readonly version?: number } = {}): Query {
    this.#checkOpen()
    const query = this.#queryOf(name, options)
    checkStoredPlan(plan, this.#options)
    query.alter(plan, checkVersion(options.version))
    this.#tenant(options.tenant).allowLateness(plan.latenessMs ?? 0)
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
    if (this.#intake.isHeld || this.registry.size > 0 || this.#tenants.size > 0)
      throw new TypeError('a snapshot is restored into an engine in which nothing was done yet')
    this.#intake.isHeld = true
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
    this.#intake.isHeld = false
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
    if (!this.#isReady || this.#intake.isHeld) return
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
    if (tenant.live.heldBackShare >= RELIEVE_AT) tenant.sources.abandonSlowest(nowMs, 'pane-limit')
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
    return new Repairs({
      options: this.#options,
      host: repairHost({
        registry: this.registry,
        storage,
        queue,
        generation: this.#generation,
        nowMs: () => this.nowMs(),
        versionOf: (key) => this.#versionOf(key),
        emit: (rows) => this.#emitRepaired(rows),
        noteRow: (key, row) => this.#noteRepaired(key, row),
        onError: this.#onError,
      }),
    })
  }

  #emitRepaired(rows: readonly WindowResult[]): void {
    for (const row of rows) {
      const tenant = this.#tenant(row.tenant)
      tenant.emitRepaired(row)
      this.#deliver(tenant)
    }
  }

  #noteRepaired(key: RepairKey, row: WindowResult): void {
    const query = this.#versionOf(key)
    if (query !== undefined) this.#tenant(key.tenant).live.noteRepaired(query, row)
  }

  #versionOf({ tenant, query, queryVersion }: RepairKey): RunningQuery | undefined {
    return this.#tenants.get(tenant)?.queries.get(query)?.version(queryVersion)
  }

  #deliver(tenant: Tenant): void {
    tenant.deliver()
    const rows = tenant.takeRows()
    if (rows.length > 0) this.#queue?.pushResults(rows)
  }

  #newQuery(
    tenant: Tenant,
    { name, plan, version, paused }: Pick<SavedQuery, 'name' | 'plan' | 'version' | 'paused'>,
  ): StoredQuery {
    tenant.allowLateness(plan.latenessMs ?? 0)
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
      repair: (query, timeMs) => this.#repairs?.note(query, timeMs),
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

/**
 * Makes an engine. Throws `TypeError` naming every option at fault. With a storage adapter it owns it: `close`
 * closes it too.
 */
export function createEngine(options: EngineOptions = {}): Engine {
  return new WindowEngine(options)
}
