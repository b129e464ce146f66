import { Subscription } from '../result/subscription.ts'
import type { WindowResult } from '../result/window-result.ts'
import type { ToldBefore } from '../window/running-query.ts'
import type { LateRow, QueryProgress, SubscribeOptions, SubscriptionItem } from './engine-api.ts'
import { FireDelay } from './fire-delay.ts'
import { LatestRows } from './latest-rows.ts'

/** Who listens to a query, and what was told last. A listener that throws is reported and disturbs nobody. */
export class Audience {
  readonly latest: LatestRows = new LatestRows()
  readonly fireDelay: FireDelay = new FireDelay()
  rowsEmitted = 0
  #told: (ToldBefore & { readonly version: number }) | undefined
  readonly #onError: (error: unknown) => void
  readonly #listeners = new Set<(row: WindowResult) => void>()
  readonly #lateListeners = new Set<(late: LateRow) => void>()
  readonly #progressListeners = new Set<(progress: QueryProgress) => void>()
  readonly #subscriptions = new Set<Subscription>()
  readonly #lateRows: LateRow[] = []
  /** By version: up to where it was told to be final. */
  readonly #finalToldMs = new Map<number, number>()
  #ended = false

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Whether anybody wants to hear of late samples. */
  get wantsLate(): boolean {
    return this.#lateListeners.size > 0
  }

  /** Late samples not told yet. */
  get lateRows(): readonly LateRow[] {
    return this.#lateRows
  }

  onRow(listener: (row: WindowResult) => void): () => void {
    return listenTo(this.#listeners, listener)
  }

  onLate(listener: (late: LateRow) => void): () => void {
    return listenTo(this.#lateListeners, listener)
  }

  onProgress(listener: (progress: QueryProgress) => void): () => void {
    return listenTo(this.#progressListeners, listener)
  }

  reader(options: SubscribeOptions): AsyncIterableIterator<SubscriptionItem> {
    const subscription: Subscription = new Subscription(options, () => this.#subscriptions.delete(subscription))
    if (options.signal?.aborted === true) return subscription
    if (this.#ended) subscription.end()
    else this.#subscriptions.add(subscription)
    return subscription
  }

  tell(row: WindowResult, nowMs: number): void {
    this.rowsEmitted++
    this.#noteTold(row)
    this.fireDelay.take(row, nowMs)
    this.latest.take(row)
    this.#call(this.#listeners, row)
    for (const subscription of [...this.#subscriptions]) subscription.push(row)
  }

  /** How far rows of a version were told. */
  toldOf(version: number): ToldBefore | undefined {
    return this.#told?.version === version ? this.#told : undefined
  }

  /** Keeps a late sample until `tellRest`: a listener may ingest, and a batch is under way. */
  keepLate(...late: readonly LateRow[]): void {
    this.#lateRows.push(...late)
  }

  /** Tells of late samples and, once for each step of each version, of progress; called after the rows of a tick. */
  tellRest(progress: () => readonly QueryProgress[]): void {
    if (this.wantsLate) for (const late of this.#lateRows.splice(0)) this.#call(this.#lateListeners, late)
    if (this.#progressListeners.size === 0) return
    const versions = progress()
    for (const now of versions) {
      if (now.finalThroughMs === this.#finalToldMs.get(now.queryVersion)) continue
      this.#finalToldMs.set(now.queryVersion, now.finalThroughMs)
      this.#call(this.#progressListeners, now)
    }
    if (this.#finalToldMs.size <= versions.length) return
    const known = new Set(versions.map(({ queryVersion }) => queryVersion))
    for (const version of this.#finalToldMs.keys()) if (!known.has(version)) this.#finalToldMs.delete(version)
  }

  /** Nothing will be told any more; readers may finish what waits for them. */
  end(): void {
    this.#ended = true
    this.#listeners.clear()
    this.#lateListeners.clear()
    this.#progressListeners.clear()
    for (const subscription of [...this.#subscriptions]) subscription.end()
  }

  #noteTold({ queryVersion, startMs, revision, source }: WindowResult): void {
    if (source !== 'live') return
    const told = this.#told
    if (told === undefined || queryVersion > told.version) this.#told = { version: queryVersion, startMs, revision }
    else if (queryVersion === told.version && (startMs > told.startMs || revision > told.revision))
      this.#told = {
        version: queryVersion,
        startMs: Math.max(startMs, told.startMs),
        revision: Math.max(revision, told.revision),
      }
  }

  #call<T>(listeners: ReadonlySet<(item: T) => void>, item: T): void {
    for (const listener of [...listeners])
      try {
        listener(item)
      } catch (error) {
        this.#onError(error)
      }
  }
}

/** Wrapped, so that the same function may listen twice and leave once. */
function listenTo<T>(listeners: Set<(item: T) => void>, listener: (item: T) => void): () => void {
  const own = (item: T): void => listener(item)
  listeners.add(own)
  return () => {
    listeners.delete(own)
  }
}
