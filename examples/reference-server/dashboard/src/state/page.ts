import { computed, effect, signal } from '@preact/signals'
import { queryPath, type RequestFailure, request } from '../api/http.ts'
import { followResults } from '../api/result-stream.ts'
import type { WireQuery } from '../api/wire.ts'
import { asFailure, Card } from './card.ts'
import { forceAll, isPaused, setPaused } from './frame-clock.ts'
import { fitLiveRange, isLive, timeRange } from './time-range.ts'

const POLL_MS = 5_000
const UPKEEP_MS = 1_000

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly retryMs: number }

/** In the order of their names. */
export const cards = signal<readonly Card[]>([])
/** Why the list of queries could not be read; the cards of the last good answer stay. */
export const listFailure = signal<RequestFailure | undefined>(undefined)
export const isListed = signal(false)
export const connection = signal<Connection>({ kind: 'connecting' })

/** Windows that came since the picture was held. */
export const waitingCount = computed(() => cards.value.reduce((sum, card) => sum + card.waiting.value, 0))

let stopStream: (() => void) | undefined
let followed = ''
let pollTimer: ReturnType<typeof setTimeout> | undefined

/** Reads the stored queries; opens and closes cards and the stream to match. */
export async function refreshQueries(): Promise<void> {
  clearTimeout(pollTimer)
  try {
    const answer = await request('GET', 'v1/queries')
    const list = Array.isArray(answer) ? answer : (answer as { queries?: unknown } | undefined)?.queries
    takeQueries((Array.isArray(list) ? list : []) as WireQuery[])
    listFailure.value = undefined
  } catch (failure) {
    listFailure.value = asFailure(failure)
  }
  clearTimeout(pollTimer)
  pollTimer = setTimeout(refreshQueries, POLL_MS)
}

function takeQueries(queries: readonly WireQuery[]): void {
  const known = new Map(cards.peek().map((card) => [card.name, card]))
  const names = new Intl.Collator('en', { numeric: true })
  const next = queries
    .toSorted((a, b) => names.compare(a.name, b.name))
    .map((query) => {
      const card = known.get(query.name)
      if (!card) return openCard(query)
      known.delete(query.name)
      const before = card.query.peek()
      card.update(query)
      const isNew = before.text !== query.text || (before.state === 'invalid' && query.state !== 'invalid')
      if (isNew) void card.loadRange(timeRange.peek())
      return card
    })
  for (const gone of known.values()) gone.dispose()
  const before = cards.peek()
  if (next.length !== before.length || next.some((card, index) => card !== before[index])) cards.value = next
  isListed.value = true
  follow(next.filter((card) => card.query.peek().state !== 'invalid').map((card) => card.name))
}

function openCard(query: WireQuery): Card {
  const card = new Card(query)
  void card.loadRange(timeRange.peek())
  return card
}

function follow(names: readonly string[]): void {
  const key = JSON.stringify(names)
  if (key === followed) return
  followed = key
  stopStream?.()
  stopStream = undefined
  if (names.length === 0) {
    connection.value = { kind: 'open' }
    return
  }
  const byName = (name: string) => cards.peek().find((card) => card.name === name)
  let hasBeenLost = false
  stopStream = followResults(names, {
    onOpen() {
      // Following first and reading afterwards leaves no hole between the two; revisions settle the overlap.
      if (hasBeenLost) {
        if (isLive.peek()) reloadAll()
        void refreshQueries()
      }
      hasBeenLost = false
      connection.value = { kind: 'open' }
    },
    onLost(retryMs) {
      hasBeenLost = true
      const before = connection.peek()
      connection.value = { kind: 'lost', sinceMs: before.kind === 'lost' ? before.sinceMs : Date.now(), retryMs }
    },
    onColumns(query, columns) {
      const card = byName(query)
      if (card && JSON.stringify(card.columns.peek()) !== JSON.stringify(columns)) card.columns.value = columns
    },
    onRow: (row) => byName(row.query)?.takeRow(row),
    onProgress: (query, progress) => byName(query)?.takeProgress(progress),
    // The server gave the query up; the next reading of the list tells whether there is still something to follow.
    onEnd() {
      followed = ''
    },
    onSkipped(query) {
      if (isLive.peek()) void byName(query)?.loadRange(timeRange.peek())
    },
  })
}

function reloadAll(): void {
  for (const card of cards.peek()) void card.loadRange(timeRange.peek())
}

export async function createQuery(name: string, text: string): Promise<void> {
  await request('POST', 'v1/queries', { body: { name, text } })
  await refreshQueries()
}

export async function changeQuery(
  name: string,
  change: { text?: string; state?: 'running' | 'paused' },
): Promise<void> {
  await request('PUT', queryPath(name), { body: change })
  await refreshQueries()
}

export async function deleteQuery(name: string): Promise<void> {
  await request('DELETE', queryPath(name))
  await refreshQueries()
}

/** Holds or lets go every picture of the page. What arrives meanwhile is kept and counted. */
export function togglePause(): void {
  setPaused(!isPaused.peek())
  if (!isPaused.peek()) {
    for (const card of cards.peek()) {
      if (card.release() && isLive.peek()) void card.loadRange(timeRange.peek())
    }
  }
}

export function startPage(): void {
  void refreshQueries()
  let isFirst = true
  effect(() => {
    timeRange.value
    if (!isFirst) reloadAll()
    isFirst = false
    forceAll()
  })
  setInterval(() => {
    for (const card of cards.peek()) card.trim()
    const oldest = cards.peek().flatMap((card) => card.oldestLiveMs() ?? [])
    if (oldest.length > 0) fitLiveRange(Math.min(...oldest))
  }, UPKEEP_MS)
}
