import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { request } from '../api/http.ts'
import { formatSpan } from '../format/time.ts'
import { isPaused } from '../state/frame-clock.ts'
import { cards, connection, createQuery, isListed, listFailure, refreshQueries, togglePause } from '../state/page.ts'
import { isLive, showRange } from '../state/time-range.ts'
import { FailureNote } from './failure-note.tsx'
import { PageHead } from './page-head.tsx'
import { QueryCard, Skeleton } from './query-card.tsx'
import { QueryEditor } from './query-editor.tsx'
import { StateKey } from './state-key.tsx'

export function App() {
  const isCreating = useSignal(false)
  const example = useSignal('')

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (event.key === ' ' && isLive.peek()) {
        event.preventDefault()
        togglePause()
      } else if (event.key === '0') showRange({ kind: 'live' })
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  async function openForm(): Promise<void> {
    if (isCreating.peek()) return
    example.value = await exampleQuery()
    isCreating.value = true
  }

  const hasCards = cards.value.length > 0
  return (
    <>
      <PageHead onCreate={() => void openForm()} />
      <ConnectionBanner />
      <main class={connection.value.kind === 'lost' ? 'is-lost' : ''}>
        {listFailure.value && hasCards && connection.value.kind !== 'lost' && (
          <FailureNote failure={listFailure.value} onRetry={() => void refreshQueries()} />
        )}
        {isCreating.value && (
          <section class="card is-new" aria-label="New query">
            <QueryEditor
              name={undefined}
              text={example.value}
              onSave={createQuery}
              onClose={() => {
                isCreating.value = false
              }}
            />
          </section>
        )}
        {hasCards ? (
          <div class="cards">
            {cards.value.map((card) => (
              <QueryCard key={card.name} card={card} />
            ))}
          </div>
        ) : (
          <NoCards onCreate={() => void openForm()} isCreating={isCreating.value} />
        )}
      </main>
      {hasCards && <StateKey />}
    </>
  )
}

function NoCards({ onCreate, isCreating }: { readonly onCreate: () => void; readonly isCreating: boolean }) {
  if (listFailure.value) return <FailureNote failure={listFailure.value} onRetry={() => void refreshQueries()} />
  if (!isListed.value) {
    return (
      <div class="cards">
        {[1, 2, 3, 4].map((place) => (
          <div class="card" key={place}>
            <Skeleton />
          </div>
        ))}
      </div>
    )
  }
  if (isCreating) return null
  return (
    <section class="no-queries">
      <h2>No stored queries</h2>
      <p>A stored query computes its windows as samples arrive. Each one becomes a card here.</p>
      <button type="button" class="primary" onClick={onCreate}>
        New query
      </button>
    </section>
  )
}

function ConnectionBanner() {
  const state = connection.value
  if (state.kind !== 'lost') return null
  return (
    <p class="banner" role="alert">
      ! Connection lost{isPaused.value ? '' : ', the pictures stand still'}. Next attempt in {formatSpan(state.retryMs)}
      ; what is missed will be read again.
    </p>
  )
}

/** A query that fits what the server knows, to start from. */
async function exampleQuery(): Promise<string> {
  let metric = 'system.cpu.utilization'
  try {
    const answer = await request('GET', 'v1/metrics-catalog')
    const list = Array.isArray(answer) ? answer : (answer as { metrics?: unknown } | undefined)?.metrics
    const names = (Array.isArray(list) ? list : []).map((entry: { metric?: string }) => entry.metric ?? '')
    if (!names.includes(metric)) metric = names.find((name) => name !== '') ?? metric
  } catch {
    // The example only helps; without a catalogue it names a metric that is common.
  }
  return `FROM * SELECT ${metric} WINDOW 10s COMPUTE min, max, avg, percentile(99)`
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, button, [contenteditable]') !== null
}
