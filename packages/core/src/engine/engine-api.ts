import type { DecodeResult, RejectedPoint } from '../ingest/decode-result.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { QueryPlan } from '../plan/query-plan.ts'
import type { MetricDeclaration, MetricInfo } from '../registry/metric-catalog.ts'
import type { SeriesDirectory } from '../registry/series-directory.ts'
import type { ColumnSchema, WindowResult } from '../result/window-result.ts'
import type { EngineNumbers } from '../telemetry/engine-numbers.ts'

export interface IngestOptions {
  /** The ingest channel whose progress is known: a gateway's stream, a partition, a file; never a single agent. */
  readonly source: string
  /** Default `default`. */
  readonly tenant?: string
  /** Names the batch; the same id within the horizon is a duplicate as a whole. */
  readonly batchId?: string
}

/** `received = accepted + rejected + duplicates + shed`. */
export interface IngestResult {
  readonly accepted: number
  readonly duplicates: number
  /** Refused for lack of room; send again later. */
  readonly shed: number
  /** Rows refused for what they are. `index` is the batch row. */
  readonly rejected: readonly RejectedPoint[]
  /** How full the write queue is after this call, 0..1. A batch that finds it full is shed whole. */
  readonly pressure: number
  /**
   * Most sources of the last minute seem to be ahead of this engine's clock: then it is the clock that is wrong, and
   * what was refused as `future` had better be sent again later.
   */
  readonly clockSuspect: boolean
}

/** The point law of a tenant: `received = accepted + rejected + duplicate + shed`. */
export interface PointCounters {
  received: number
  accepted: number
  duplicate: number
  shed: number
  /** By reason. */
  rejected: Record<string, number>
  /** Part of `duplicate`: same series and time, other value; the first one was kept. */
  duplicateConflict: number
  /** Part of `accepted`: integers beyond 2^53 that were rounded. */
  precisionLost: number
}

/** The query law: `matched = applied + lateApplied + toRepair + toSide + lateDropped + excluded`. */
export interface QueryCounters {
  matched: number
  applied: number
  lateApplied: number
  toRepair: number
  toSide: number
  lateDropped: number
  /** NaN, gaps the sender reported. */
  excluded: number
}

export type QueryState = 'running' | 'paused' | 'invalid'

/** Progress of a query; follows the rows it is about, also for windows without rows. */
export interface QueryProgress {
  readonly tenant: string
  readonly query: string
  readonly queryVersion: number
  /** Windows that end at or before this change no more (repairs excepted). */
  readonly finalThroughMs: number
  readonly watermarkMs: number
  readonly lateDropped: number
  readonly source: 'live'
}

/** A sample that came behind the lateness of a query that says `THEN SIDE`. */
export interface LateRow {
  readonly tenant: string
  readonly query: string
  readonly queryVersion: number
  readonly metric: string
  readonly server: string
  readonly labels: Readonly<Record<string, string>>
  readonly timeMs: number
  /** The sum, for a distribution. */
  readonly value: number
}

export interface SubscribeOptions {
  /** Rows held for a slow reader before `onOverflow` applies. Default 1,024. */
  readonly buffer?: number
  /** `conflate` keeps the newest revision per row and yields `{ skipped }`; `error` ends with `SUBSCRIBER_OVERFLOW`. */
  readonly onOverflow?: 'conflate' | 'error'
  readonly signal?: AbortSignal
}

export type SubscriptionItem = WindowResult | { readonly skipped: number }

/** A stored query in a running engine. */
export interface Query {
  readonly name: string
  readonly tenant: string
  readonly plan: QueryPlan
  readonly queryVersion: number
  readonly state: QueryState
  /** Why the state is `invalid`. */
  readonly problem: string | undefined
  readonly columns: readonly ColumnSchema[]
  /** Windows that start before this are `partial`; null before the first sample. */
  readonly coversFromMs: number | null
  readonly counters: Readonly<QueryCounters>
  /** Number of series that match. */
  readonly seriesMatched: number
  /** Literal servers of FROM that no series has yet. */
  readonly unmatched: readonly string[]
  progress(): QueryProgress
  /** The newest row of each group. */
  latest(): WindowResult[]
  /** Calls back for every row, in emission order, within the call that caused it. Returns the way out. */
  subscribe(listener: (result: WindowResult) => void): () => void
  /** Calls back for every sample that came too late, under `THEN SIDE`. Returns the way out. */
  subscribeLate(listener: (late: LateRow) => void): () => void
  /** Calls back after the rows of a tick that made more windows final, also when they have no rows. */
  subscribeProgress(listener: (progress: QueryProgress) => void): () => void
  /** Rows as they come; bounded; ends with the query, the engine or the signal. */
  results(options?: SubscribeOptions): AsyncIterableIterator<SubscriptionItem>
  /** Stops emission and drops state. */
  pause(): void
  /** As if added now. */
  resume(): void
}

export interface RunOptions {
  readonly tenant?: string
  /** Default: the plan's SINCE. Rounded down to a window start. Inclusive. */
  readonly fromMs?: number
  /** Default: the plan's UNTIL, else now. Windows that start before this are computed. Exclusive. */
  readonly toMs?: number
  readonly signal?: AbortSignal
  /** Name put into the rows. Default `adhoc`. */
  readonly query?: string
}

/**
 * An import: its own windows and its own virtual clock, so that it never touches the live watermark.
 * Rows of matching queries come out with `source: 'replay'`.
 */
export interface ReplaySource {
  ingest(batch: SampleBatch, options?: { readonly batchId?: string }): IngestResult
  /** Emits the last windows and closes. */
  finish(): Promise<void>
}

/** `idle` and `stalled` sources are not waited for; `catching-up` ones have a backlog and hold the watermark. */
export type SourceState = 'active' | 'idle' | 'catching-up' | 'stalled'

export interface SourceInfo {
  readonly source: string
  readonly tenant: string
  readonly kind: 'push' | 'polled'
  readonly state: SourceState
  readonly watermarkMs: number
  readonly maxEventMs: number
  readonly lastBatchMs: number
  /** How far behind its newest event the source's samples still come. */
  readonly disorderMs: number
  /** Records a polled source has left to read. */
  readonly backlog: number
  /** Why a `stalled` one is not waited for. */
  readonly reason?: 'no-progress' | 'pane-limit' | 'memory-limit'
}

/**
 * A source that is read rather than listened to: a partition, a spool. Declared before listeners open, it holds the
 * watermark until its first poll and while it has a backlog; see `SourceState`.
 */
export interface PolledSource {
  /** Where reading goes on: the offset of the last batch taken, of an earlier life too when a snapshot was restored. */
  readonly offset: string | undefined
  /** `backlog`: records left to read after this batch. `offset`: where reading goes on after it. */
  ingest(
    batch: SampleBatch,
    options: { readonly backlog: number; readonly batchId?: string; readonly offset?: string },
  ): IngestResult
  /** Says that a poll found nothing more to read. */
  caughtUp(): void
  /** The source is gone (its partition moved on) and no longer holds anything. */
  close(): void
}

/** Why a window of a query is not out yet. */
export interface LagExplanation {
  readonly watermarkMs: number
  /** End of the next window to be emitted. */
  readonly nextEndMs: number
  /** The source that is furthest behind, if one is waited for; otherwise the clock alone decides. */
  readonly holding: SourceInfo | undefined
  /** Sources that are not waited for. */
  readonly notWaitedFor: readonly SourceInfo[]
  /** When the window is out at the latest; null while a source catches up. */
  readonly latestMs: number | null
  /** All that as one sentence. */
  readonly reason: string
}

/** What an engine says about itself. */
export type EngineStats = EngineNumbers

export interface RestoreOptions {
  /**
   * Samples with times before this may be missing: those that came after the snapshot and are not sent again. Windows
   * that start earlier are `partial`. Default: now. `-Infinity`: everything since the snapshot is replayed.
   */
  readonly gapUntilMs?: number
}

export interface Engine extends AsyncDisposable {
  readonly registry: SeriesDirectory
  nowMs(): number
  /** Manual clock only: moves the present to `epochMs` (never back) and closes what is due. */
  advanceTo(epochMs: number): void
  /** Takes every row of the batch or says why not. Never throws for data. The batch is the caller's again on return. */
  ingest(batch: SampleBatch, options: IngestOptions): IngestResult
  /** Counts what a decoder refused before it became a row, so that the point law holds over the whole path. */
  countRejected(tenant: string, rejected: DecodeResult['rejected']): void
  /** Declares a polled source. Throws `SOURCE_KIND_CONFLICT` when the name is in use. */
  source(name: string, options: { readonly kind: 'polled'; readonly tenant?: string }): PolledSource
  replay(name: string, options?: { readonly tenant?: string; readonly retentionMs?: number }): ReplaySource
  /** `version` is the least version it gets: where an earlier life of it is kept elsewhere, its versions go on from there. */
  addQuery(
    name: string,
    plan: QueryPlan,
    options?: { readonly tenant?: string; readonly paused?: boolean; readonly version?: number },
  ): Query
  /**
   * Replaces the plan; equal canonical text changes nothing. Returns the query, with a new version if the plan differs
   * or the query's is less than `version`.
   */
  alterQuery(name: string, plan: QueryPlan, options?: { readonly tenant?: string; readonly version?: number }): Query
  removeQuery(name: string, options?: { readonly tenant?: string }): void
  query(name: string, options?: { readonly tenant?: string }): Query | undefined
  queries(options?: { readonly tenant?: string }): Query[]
  /** Why the next window of a query is not out yet, and which source holds it. */
  explainLag(name: string, options?: { readonly tenant?: string }): LagExplanation
  /** Declares kind and unit of a metric; wins over the wire. Queries it makes wrong become `invalid`. */
  declareMetric(metric: string, declaration: MetricDeclaration, options?: { readonly tenant?: string }): void
  metric(metric: string, options?: { readonly tenant?: string }): MetricInfo | undefined
  metrics(options?: { readonly tenant?: string }): MetricInfo[]
  servers(options?: { readonly tenant?: string }): string[]
  columnsOf(
    plan: Pick<QueryPlan, 'columns' | 'reading'> & { readonly selector: { readonly metric: string } },
    options?: { readonly tenant?: string },
  ): ColumnSchema[]
  /** Runs a plan over what is stored, up to now. Rows by window start, then group; `source: 'backfill'`. */
  run(plan: QueryPlan, options?: RunOptions): AsyncIterableIterator<WindowResult>
  /** Settles when everything taken so far is with the storage. Rejects when that, or the state store, did not open. */
  flush(): Promise<void>
  /**
   * Settles when nothing is under way: as `flush`, and no repair is running. One may wait for the clock to move, see
   * `visibleAfterMs` of the storage.
   */
  settled(): Promise<void>
  stats(): EngineStats
  /**
   * All that a later life needs to go on from here: series, open windows, what was emitted of them, watermarks,
   * offsets, batch ids, queries with their versions. Captured before this returns; handed out, once, while the engine
   * goes on. Replays under way are not part of it. Keep
   * it once `flush` has settled: what waited for the storage is not part of it either.
   */
  snapshot(): Iterable<Uint8Array>
  /**
   * Takes over a snapshot; only in an engine in which nothing was done yet. Then replaying what came after it gives
   * what would have come without the break. Raises the generation. Subscribe and open
   * polled sources in the turn in which it settles: the next tick goes on without those that are not there. When it
   * rejects (`STATE_CORRUPT`, `STATE_VERSION`) the engine is closed.
   */
  restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options?: RestoreOptions): Promise<void>
  close(): Promise<void>
}
