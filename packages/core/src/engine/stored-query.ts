import type { QueryPlan } from '../plan/query-plan.ts'
import { Subscription } from '../result/subscription.ts'
import type { ColumnSchema, WindowResult } from '../result/window-result.ts'
import { QueryWindows } from '../window/query-windows.ts'
import type { WindowOperator } from '../window/window-operator.ts'
import type {
  Query,
  QueryCounters,
  QueryProgress,
  QueryState,
  SubscribeOptions,
  SubscriptionItem,
} from './engine-api.ts'

/** What a stored query needs of the engine around it. */
export interface QueryHost {
  readonly operator: WindowOperator
  readonly defaultLatenessMs: number
  nowMs(): number
  columnsOf(plan: QueryPlan): ColumnSchema[]
  /** The first reason why the plan means nothing for its metric's kind. */
  problemOf(plan: QueryPlan): string | undefined
  /** Servers FROM names outright that no series has. */
  unmatchedServers(plan: QueryPlan): string[]
  onError(error: unknown): void
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
  #windows: QueryWindows | undefined
  readonly #listeners = new Set<(row: WindowResult) => void>()
  readonly #subscriptions = new Set<Subscription>()
  /** By the store's own object of the group: no text to build for each row. */
  readonly #latest = new Map<WindowResult['group'], WindowResult>()

  /** `version` of a name that was used before goes on from the last one, so that no row is taken for an older one. */
  constructor(name: string, tenant: string, plan: QueryPlan, version: number, paused: boolean, host: QueryHost) {
    this.name = name
    this.#version = version
    this.tenant = tenant
    this.#plan = plan
    this.#paused = paused
    this.#host = host
    this.checkKind()
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

  get counters(): Readonly<QueryCounters> {
    const windows = this.#windows
    if (windows === undefined)
      return { matched: 0, applied: 0, lateApplied: 0, toRepair: 0, toSide: 0, lateDropped: 0, excluded: 0 }
    return {
      ...this.#host.operator.countersOf(windows),
      lateApplied: windows.lateApplied,
      toRepair: 0,
      toSide: 0,
      lateDropped: windows.lateDropped,
    }
  }

  progress(): QueryProgress {
    return {
      tenant: this.tenant,
      query: this.name,
      queryVersion: this.#version,
      finalThroughMs: this.#windows?.finalThroughMs ?? Number.NEGATIVE_INFINITY,
      watermarkMs: this.#host.operator.watermarkMs,
      lateDropped: this.#windows?.lateDropped ?? 0,
    }
  }

  latest(): WindowResult[] {
    // A replay has group objects of its own for the same groups.
    const byGroup = new Map<string, WindowResult>()
    for (const row of this.#latest.values()) {
      const key = JSON.stringify(row.group)
      const other = byGroup.get(key)
      if (other === undefined || row.startMs >= other.startMs) byGroup.set(key, row)
    }
    return [...byGroup.values()]
  }

  subscribe(listener: (result: WindowResult) => void): () => void {
    // Wrapped, so that the same function may listen twice and leave once.
    const own = (row: WindowResult): void => listener(row)
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  results(options: SubscribeOptions = {}): AsyncIterableIterator<SubscriptionItem> {
    const subscription: Subscription = new Subscription(options, () => this.#subscriptions.delete(subscription))
    if (options.signal?.aborted === true) return subscription
    if (this.#removed) subscription.end()
    else this.#subscriptions.add(subscription)
    return subscription
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

  /** Hands a row to everyone who listens; false when the query, or this version of it, no longer speaks. */
  #deliver(row: WindowResult): boolean {
    if (this.#removed || this.#paused || row.queryVersion !== this.#version) return false
    const newest = this.#latest.get(row.group)
    if (newest === undefined || row.startMs >= newest.startMs) this.#latest.set(row.group, row)
    for (const listener of [...this.#listeners])
      try {
        listener(row)
      } catch (error) {
        this.#host.onError(error)
      }
    for (const subscription of [...this.#subscriptions]) subscription.push(row)
    return true
  }

  /** Equal canonical text changes nothing; a change of lateness alone keeps the version and all state. */
  alter(plan: QueryPlan): void {
    const sameWindows = identityOf(plan) === identityOf(this.#plan)
    this.#plan = plan
    if (sameWindows) {
      if (this.#windows !== undefined) this.#windows.latenessMs = plan.latenessMs ?? this.#host.defaultLatenessMs
      return
    }
    this.#stop()
    this.#version++
    this.checkKind()
  }

  /** Looks again whether the functions mean something for the metric's kind, and starts or stops accordingly. */
  checkKind(): void {
    this.#problem = this.#host.problemOf(this.#plan)
    if (this.#problem === undefined) this.#start()
    else this.#stop()
  }

  /** Windows of this query for another time line. */
  windowsForReplay(): QueryWindows | undefined {
    return this.state === 'running' ? this.#newWindows() : undefined
  }

  remove(): void {
    this.#stop()
    this.#removed = true
    this.#listeners.clear()
    for (const subscription of [...this.#subscriptions]) subscription.end()
  }

  #newWindows(): QueryWindows {
    return new QueryWindows({
      name: this.name,
      tenant: this.tenant,
      version: this.#version,
      plan: this.#plan,
      latenessMs: this.#plan.latenessMs ?? this.#host.defaultLatenessMs,
      deliver: (row) => this.#deliver(row),
    })
  }

  #start(): void {
    if (this.#windows !== undefined || this.state !== 'running' || this.#removed) return
    this.#windows = this.#newWindows()
    this.#host.operator.addQuery(this.#windows, this.#host.nowMs())
  }

  #stop(): void {
    if (this.#windows === undefined) return
    this.#latest.clear()
    this.#host.operator.removeQuery(this.#windows)
    this.#windows = undefined
  }
}

/** What makes two plans the same windows; the rest may change without a new version. */
function identityOf(plan: QueryPlan): string {
  return JSON.stringify([plan.selector, plan.window, plan.columns, plan.groupBy])
}
