import { planIdentity } from '../plan/plan-identity.ts'
import type { LatePolicy, QueryPlan } from '../plan/query-plan.ts'
import type { ColumnSchema, WindowResult } from '../result/window-result.ts'
import type { QueryNumbers } from '../telemetry/engine-numbers.ts'
import type { LateSample, RunningQuery } from '../window/running-query.ts'
import type { WindowOperator } from '../window/window-operator.ts'
import { Audience } from './audience.ts'
import type {
  LateRow,
  Query,
  QueryCounters,
  QueryProgress,
  QueryState,
  SubscribeOptions,
  SubscriptionItem,
} from './engine-api.ts'

/** Versions whose late samples are still put into their windows after they finished. */
const FINISHED_VERSIONS = 16

/** What a stored query needs of the engine around it. */
export interface QueryHost {
  readonly operator: WindowOperator
  readonly defaultLatenessMs: number
  readonly defaultLate: LatePolicy
  nowMs(): number
  columnsOf(plan: QueryPlan): ColumnSchema[]
  /** The first reason why the plan means nothing for its metric's kind. */
  problemOf(plan: QueryPlan): string | undefined
  /** Servers FROM names outright that no series has. */
  unmatchedServers(plan: QueryPlan): string[]
  /** Has the windows of a version that hold the time computed anew from the storage. */
  repair(query: RunningQuery, timeMs: number): void
  /** A late sample with its series in words. */
  describe(sample: LateSample): LateRow
  onError(error: unknown): void
}

/** What a snapshot holds of a query beside its windows; plain data. */
export interface SavedQuery {
  readonly name: string
  readonly plan: QueryPlan
  readonly version: number
  readonly paused: boolean
  /** Of versions that are gone. */
  readonly counters: QueryCounters
  /** The versions that still have windows, the newest last. */
  readonly running: readonly SavedRun[]
  /** Late samples not told yet. */
  readonly lateRows: readonly LateRow[]
}

interface SavedRun {
  readonly version: number
  readonly plan: QueryPlan
  readonly latenessMs: number
}

/** A stored query: its plan, its windows, and who listens. */
export class StoredQuery implements Query {
  readonly name: string
  readonly tenant: string
  readonly #host: QueryHost
  #plan: QueryPlan
  #version: number
  #paused: boolean
  #removed = false
  #problem: string | undefined
  #windows: RunningQuery | undefined
  /** Versions before this one that still have windows to finish. */
  #retiring: RunningQuery[] = []
  /** The last versions that finished: late samples may still wait to be put into their windows by a repair. */
  #finished: RunningQuery[] = []
  readonly #audience: Audience
  /** The last word of versions that finished since the last tick. */
  #doneProgress: QueryProgress[] = []
  /** Rows of an earlier life, before a pause, are not delivered any more. */
  #life = 0
  /** Counters of versions that are gone. */
  #before: QueryCounters = noCounters()

  /** It does nothing before `checkKind` is called, so that windows can be restored first. */
  constructor(name: string, tenant: string, plan: QueryPlan, version: number, paused: boolean, host: QueryHost) {
    this.name = name
    this.#version = version
    this.tenant = tenant
    this.#plan = plan
    this.#paused = paused
    this.#host = host
    this.#audience = new Audience((error) => host.onError(error))
  }

  save(): SavedQuery {
    return {
      name: this.name,
      plan: this.#plan,
      version: this.#version,
      paused: this.#paused,
      counters: this.#before,
      running: this.running.map(({ version, plan, latenessMs }) => ({ version, plan, latenessMs })),
      lateRows: this.#audience.lateRows,
    }
  }

  /** Takes the versions a snapshot holds: queries for the operator to fill, in the order of `running`. */
  restore({ counters, running, lateRows }: SavedQuery): readonly RunningQuery[] {
    this.#audience.keepLate(...lateRows)
    this.#before = { ...noCounters(), ...counters }
    const runs = running.map((run) => this.#newWindows(this.#host.operator, run))
    const newest = runs.at(-1)
    this.#windows = newest?.version === this.#version ? newest : undefined
    this.#retiring = runs.filter((run) => run !== this.#windows)
    return runs
  }

  get plan(): QueryPlan {
    return this.#plan
  }

  get queryVersion(): number {
    return this.#version
  }

  get state(): QueryState {
    if (this.#problem !== undefined) return 'invalid'
    return this.#paused ? 'paused' : 'running'
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get columns(): readonly ColumnSchema[] {
    return this.#host.columnsOf(this.#plan)
  }

  get coversFromMs(): number | null {
    const covers = this.#windows?.coversFromMs
    return covers === undefined || covers === Number.NEGATIVE_INFINITY ? null : covers
  }

  get seriesMatched(): number {
    return this.#windows === undefined ? 0 : this.#host.operator.seriesMatched(this.#windows)
  }

  get unmatched(): readonly string[] {
    return this.#host.unmatchedServers(this.#plan)
  }

  /** Of all versions since the query was added. */
  get counters(): Readonly<QueryCounters> {
    const sum = { ...this.#before }
    for (const query of this.running) addCounters(sum, this.#countersOf(query))
    return sum
  }

  /** The versions that still have windows, the newest last. */
  get running(): readonly RunningQuery[] {
    return this.#windows === undefined ? this.#retiring : [...this.#retiring, this.#windows]
  }

  /** A version that has windows, or had them a short time ago. */
  version(version: number): RunningQuery | undefined {
    return [...this.running, ...this.#finished].find((query) => query.version === version)
  }

  /** The versions whose windows are put right by repairs. */
  get mended(): readonly RunningQuery[] {
    return this.#lateOf(this.#plan) === 'repair' ? [...this.#finished, ...this.running] : []
  }

  numbers(nowMs: number): QueryNumbers {
    const windows = this.#windows
    const state = windows === undefined ? { items: 0, bytes: 0 } : this.#host.operator.stateOf(windows)
    const lagMs = nowMs - this.#audience.fireDelay.newestEndMs
    return {
      query: this.name,
      queryVersion: this.#version,
      versions: this.running.map(({ version }) => version),
      state: this.state,
      counters: this.counters,
      lagMs: windows !== undefined && Number.isFinite(lagMs) ? lagMs : null,
      finalThroughMs: windows?.finalThroughMs ?? Number.NEGATIVE_INFINITY,
      rowsEmitted: this.#audience.rowsEmitted,
      fireDelayMs: this.#audience.fireDelay.numbers,
      stateItems: state.items,
      stateBytes: state.bytes,
    }
  }

  progress(): QueryProgress {
    return this.#progressOf(this.#windows)
  }

  latest(): WindowResult[] {
    return this.#audience.latest.rows()
  }

  subscribe(listener: (result: WindowResult) => void): () => void {
    return this.#audience.onRow(listener)
  }

  subscribeLate(listener: (late: LateRow) => void): () => void {
    return this.#audience.onLate(listener)
  }

  subscribeProgress(listener: (progress: QueryProgress) => void): () => void {
    return this.#audience.onProgress(listener)
  }

  results(options: SubscribeOptions = {}): AsyncIterableIterator<SubscriptionItem> {
    return this.#audience.reader(options)
  }

  pause(): void {
    this.#paused = true
    this.#stop()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#start()
  }

  /** Takes a row of a repair: of any version that was ever emitted. */
  takeRepaired(row: WindowResult): boolean {
    if (this.#removed || this.#paused) return false
    this.#audience.tell(row, this.#host.nowMs())
    return true
  }

  /** Tells of late samples and of how far the query is; called after the rows of a tick. */
  tellRest(): void {
    this.#audience.tellRest(() => [...this.#doneProgress, ...this.running.map((query) => this.#progressOf(query))])
    if (this.#doneProgress.length > 0) this.#doneProgress = []
  }

  readonly #takeTooLate = (sample: LateSample): boolean => {
    if (sample.policy === 'side') {
      if (this.#audience.wantsLate) this.#audience.keepLate(this.#host.describe(sample))
      return true
    }
    // Windows of a version that has finished are nobody's else to repair.
    const owners = [sample.query, ...this.#finished].filter((query) => query.holds(sample.timeMs))
    for (const query of owners) this.#host.repair(query, sample.timeMs)
    return owners.length > 0
  }

  /**
   * Equal canonical text changes nothing. A change of what is shown and when keeps the version and all state. Any other
   * change, or a version below `leastVersion`, makes the next version, which owns all windows from its first whole one
   * on; this one finishes the earlier.
   */
  alter(plan: QueryPlan, leastVersion = 1): void {
    const before = this.#windows
    const sameWindows = this.#version >= leastVersion && planIdentity(plan) === planIdentity(this.#plan)
    this.#plan = plan
    if (sameWindows) {
      const latenessMs = plan.latenessMs ?? this.#host.defaultLatenessMs
      before?.alter(plan, latenessMs, this.#lateOf(plan))
      // An older version keeps what it computes and shows; how long it waits for late samples is the query's.
      for (const query of this.#retiring) query.alter(query.plan, latenessMs, this.#lateOf(plan))
      return
    }
    this.#version = Math.max(this.#version + 1, leastVersion)
    this.#windows = undefined
    this.checkKind()
    if (before !== undefined) this.#retire(before)
  }

  /** Leaves the windows that start before the new version's first whole one to the old version. */
  #retire(before: RunningQuery): void {
    const next: RunningQuery | undefined = this.#windows
    if (next === undefined) {
      this.#leave(before)
      this.#audience.latest.clear()
      this.#life++
      return
    }
    next.ownsFromMs = next.firstStartAfter(before)
    for (const query of [...this.#retiring, before]) query.ownsUntilMs = Math.min(query.ownsUntilMs, next.ownsFromMs)
    this.#retiring.push(before)
  }

  /** Looks again whether the functions mean something for the metric's kind, and starts or stops accordingly. */
  checkKind(): void {
    this.#problem = this.#host.problemOf(this.#plan)
    if (this.#problem === undefined) this.#start()
    else this.#stop()
  }

  /** This query for another time line. */
  forReplay(operator: WindowOperator): RunningQuery | undefined {
    return this.state !== 'running' || this.#windows === undefined ? undefined : this.#newWindows(operator)
  }

  remove(): void {
    this.#stop()
    this.#removed = true
    this.#audience.end()
  }

  #newWindows(operator: WindowOperator, run: SavedRun = this.#nextRun()): RunningQuery {
    const life = this.#life
    const isLive = operator === this.#host.operator
    const query: RunningQuery = operator.newQuery({
      name: this.name,
      tenant: this.tenant,
      ...run,
      late: isLive ? this.#lateOf(run.plan) : 'drop',
      deliver: (row) => {
        if (this.#removed || life !== this.#life) return false
        this.#audience.tell(row, this.#host.nowMs())
        return true
      },
      onTooLate: this.#takeTooLate,
      onDone: () => this.#forgetDone(query),
      toldBefore: isLive ? this.#audience.toldOf(run.version) : undefined,
    })
    return query
  }

  #nextRun(): SavedRun {
    const latenessMs = this.#plan.latenessMs ?? this.#host.defaultLatenessMs
    return { version: this.#version, plan: this.#plan, latenessMs }
  }

  #forgetDone(query: RunningQuery): void {
    this.#retiring = this.#retiring.filter((other) => other !== query)
    this.#finished = [...this.#finished, query].slice(-FINISHED_VERSIONS)
    this.#doneProgress.push(this.#progressOf(query))
    addCounters(this.#before, this.#countersOf(query))
  }

  #lateOf(plan: QueryPlan): LatePolicy {
    return plan.late ?? this.#host.defaultLate
  }

  #start(): void {
    if (this.#windows !== undefined || this.state !== 'running' || this.#removed) return
    this.#windows = this.#newWindows(this.#host.operator)
    this.#host.operator.addQuery(this.#windows, this.#host.nowMs())
  }

  #stop(): void {
    this.#life++
    for (const query of this.#retiring) this.#leave(query)
    this.#retiring = []
    this.#finished = []
    if (this.#windows === undefined) return
    this.#audience.latest.clear()
    this.#leave(this.#windows)
    this.#windows = undefined
  }

  #leave(query: RunningQuery): void {
    addCounters(this.#before, this.#countersOf(query))
    this.#host.operator.removeQuery(query)
  }

  #progressOf(query: RunningQuery | undefined): QueryProgress {
    return {
      tenant: this.tenant,
      query: this.name,
      queryVersion: query?.version ?? this.#version,
      finalThroughMs: query?.finalThroughMs ?? Number.NEGATIVE_INFINITY,
      watermarkMs: this.#host.operator.watermarkMs,
      lateDropped: query?.lateDropped ?? 0,
      source: 'live',
    }
  }

  #countersOf(query: RunningQuery): QueryCounters {
    const { lateApplied, toRepair, toSide, lateDropped } = query
    return { ...this.#host.operator.countersOf(query), lateApplied, toRepair, toSide, lateDropped }
  }
}

function noCounters(): QueryCounters {
  return { matched: 0, applied: 0, lateApplied: 0, toRepair: 0, toSide: 0, lateDropped: 0, excluded: 0 }
}

function addCounters(to: QueryCounters, more: Readonly<QueryCounters>): void {
  for (const name of Object.keys(to) as (keyof QueryCounters)[]) to[name] += more[name]
}
