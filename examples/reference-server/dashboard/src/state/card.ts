import { computed, type Signal, signal } from '@preact/signals'
import { queryPath, RequestFailure, request, serverNowMs } from '../api/http.ts'
import type { WireColumn, WireProgress, WireQuery, WireRow } from '../api/wire.ts'
import { LookBook } from '../chart/palette.ts'
import { shapeColumns } from '../model/query-shape.ts'
import { RowStore } from '../model/row-store.ts'
import { Drawing, isPaused, viewNowMs } from './frame-clock.ts'
import { LIVE_SPAN_MS, type TimeRange } from './time-range.ts'

/** Rows held per card and range. */
const MAX_ROWS = 20_000

export interface LoadState {
  readonly kind: 'loading' | 'ready' | 'failed'
  readonly failure?: RequestFailure
}

/** One stored query on the page: what the server said of it, and the rows in view. */
export class Card {
  readonly name: string
  readonly query: Signal<WireQuery>
  readonly columns: Signal<readonly WireColumn[]>
  readonly load = signal<LoadState>({ kind: 'loading' })
  readonly looks = new LookBook()
  readonly drawing = new Drawing()
  readonly shapedColumns = computed(() => shapeColumns(this.columns.value, this.query.value.text))
  watermarkMs: number | null = null
  finalThroughMs: number | null = null
  lateDropped = 0
  /** Rows that came while the picture was held: the newest revision of each. */
  readonly waiting = signal(0)
  readonly #held = new Map<string, WireRow>()
  #heldProgress: WireProgress | undefined
  #hasLostHeld = false
  #live = new RowStore(MAX_ROWS)
  #fixed: RowStore | undefined
  #loading: AbortController | undefined
  /** Rows that came over the stream while the live range was read. */
  #meanwhile: WireRow[] | undefined

  constructor(query: WireQuery) {
    this.name = query.name
    this.query = signal(query)
    this.columns = signal(query.columns)
    if (query.progress) this.takeProgress(query.progress)
  }

  /** The rows of the range in view. */
  get rows(): RowStore {
    return this.#fixed ?? this.#live
  }

  update(query: WireQuery): void {
    const before = this.query.peek()
    if (JSON.stringify(before) === JSON.stringify(query)) return
    if (before.text !== query.text) {
      this.#live.clear()
      this.#fixed?.clear()
    }
    this.query.value = query
    if (query.columns.length > 0) this.columns.value = query.columns
    if (query.progress) this.takeProgress(query.progress)
    this.drawing.request()
  }

  takeRow(row: WireRow): void {
    this.#meanwhile?.push(row)
    if (isPaused.peek()) this.#hold(row)
    else this.#live.merge(row)
    this.drawing.request()
  }

  #hold(row: WireRow): void {
    this.#held.set(JSON.stringify([row.startMs, row.group]), row)
    if (this.#held.size > MAX_ROWS) {
      this.#held.clear()
      this.#hasLostHeld = true
    }
    this.waiting.value = this.#held.size
  }

  /** Takes what was held. Returns true when some of it was let go for room and has to be read again. */
  release(): boolean {
    const hasLost = this.#hasLostHeld
    for (const row of this.#held.values()) this.#live.merge(row)
    this.#held.clear()
    this.#hasLostHeld = false
    this.waiting.value = 0
    if (this.#heldProgress) this.takeProgress(this.#heldProgress)
    this.#heldProgress = undefined
    return hasLost
  }

  takeProgress(progress: WireProgress): void {
    if (isPaused.peek()) {
      this.#heldProgress = progress
      return
    }
    this.watermarkMs = progress.watermarkMs
    this.finalThroughMs = progress.finalThroughMs
    this.lateDropped = progress.lateDropped
    this.drawing.request()
  }

  /** Live rows older than the live range, with room for the widest window, are forgotten. */
  trim(): void {
    this.#live.trimBefore(viewNowMs() - LIVE_SPAN_MS - (this.query.peek().window?.sizeMs ?? 0))
  }

  oldestLiveMs(): number | undefined {
    return this.#live.oldestMs()
  }

  /** How far the watermark is behind the present; undefined before the first sample. */
  lagMs(): number | undefined {
    return this.watermarkMs === null ? undefined : Math.max(0, viewNowMs() - this.watermarkMs)
  }

  /**
   * Reads the range from the stored results. What was drawn before stays in place, greyed by the `loading` state, until
   * the answer is here and takes its place: rows may have been taken back unseen. Rows that came over the stream
   * meanwhile are put on top: the greater revision holds.
   */
  async loadRange(range: TimeRange): Promise<void> {
    this.#loading?.abort()
    this.#meanwhile = undefined
    if (this.query.peek().state === 'invalid') {
      this.load.value = { kind: 'ready' }
      return
    }
    const loading = new AbortController()
    this.#loading = loading
    this.load.value = { kind: 'loading' }
    const toMs = range.kind === 'fixed' ? range.toMs : serverNowMs()
    const fromMs = range.kind === 'fixed' ? range.fromMs : toMs - LIVE_SPAN_MS
    const meanwhile: WireRow[] = []
    if (range.kind === 'live') this.#meanwhile = meanwhile
    const bounds = range.kind === 'fixed' ? `from=${fromMs}&to=${toMs}` : `from=${Math.floor(fromMs)}`
    try {
      const answer = (await request('GET', queryPath(this.name, `/results?${bounds}`), { signal: loading.signal })) as
        | { columns?: readonly WireColumn[]; results?: readonly WireRow[] }
        | undefined
      if (loading.signal.aborted) return
      const read = new RowStore(MAX_ROWS)
      for (const row of answer?.results ?? []) read.merge(row)
      this.#fixed = range.kind === 'fixed' ? read : undefined
      if (range.kind === 'live') {
        for (const row of rowsBefore(fromMs, this.#live)) read.merge(row)
        for (const row of meanwhile) read.merge(row)
        this.#live = read
      }
      if (answer?.columns?.length) this.columns.value = answer.columns
      this.load.value = { kind: 'ready' }
    } catch (failure) {
      if (loading.signal.aborted) return
      this.load.value = { kind: 'failed', failure: asFailure(failure) }
    }
    this.#meanwhile = undefined
    this.drawing.force()
  }

  dispose(): void {
    this.drawing.dispose()
    this.#loading?.abort()
  }
}

/** Rows of windows that began before the moment, which an answer about windows from there on does not have. */
function* rowsBefore(epochMs: number, store: RowStore): Iterable<WireRow> {
  for (const { entries } of store.groups()) for (const { row } of entries) if (row.startMs < epochMs) yield row
}

export function asFailure(cause: unknown): RequestFailure {
  return cause instanceof RequestFailure ? cause : new RequestFailure('INTERNAL', String(cause))
}
