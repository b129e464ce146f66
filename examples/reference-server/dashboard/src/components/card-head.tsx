import { useSignal } from '@preact/signals'
import type { RequestFailure } from '../api/http.ts'
import type { WireWindow } from '../api/wire.ts'
import { formatNumber } from '../format/units.ts'
import { asFailure, type Card } from '../state/card.ts'
import { changeQuery, deleteQuery } from '../state/page.ts'
import { FailureNote } from './failure-note.tsx'
import { Freshness } from './freshness.tsx'

const STATE_MARKS = { running: '✓', paused: '‖', invalid: '!' } as const

/** What a lag is measured by: a session may be as long as a day and is waited for only as long as its gap. */
function paceMs(window: WireWindow | null): number | undefined {
  return window?.type === 'session' ? window.stepMs : window?.sizeMs
}

/** Name, state, freshness, and what can be done with the query. */
export function CardHead({ card, onEdit }: { readonly card: Card; readonly onEdit: () => void }) {
  const isAsking = useSignal(false)
  const isBusy = useSignal(false)
  const failure = useSignal<RequestFailure | undefined>(undefined)
  const query = card.query.value
  const isPaused = query.state === 'paused'

  async function act(action: () => Promise<void>): Promise<void> {
    isBusy.value = true
    failure.value = undefined
    try {
      await action()
    } catch (cause) {
      failure.value = asFailure(cause)
    }
    isBusy.value = false
    isAsking.value = false
  }

  // The lag grows by itself: it is read anew with every drawing.
  card.drawing.frame.value
  return (
    <>
      <header class="card-head">
        <h2>
          <bdi>{card.name}</bdi>
        </h2>
        <span class={`state is-${query.state}`}>
          <span aria-hidden="true">{STATE_MARKS[query.state]}</span> {query.state}
        </span>
        {query.state === 'running' && (
          <Freshness lagMs={card.lagMs()} windowMs={paceMs(query.window)} watermarkMs={card.watermarkMs} />
        )}
        {card.lateDropped > 0 && (
          <span class="fresh is-warn" title="Samples that came after their window was final">
            ~ {formatNumber(card.lateDropped)} late dropped
          </span>
        )}
        <span class="card-actions">
          <button type="button" onClick={onEdit}>
            Edit
          </button>
          {query.state !== 'invalid' && (
            <button
              type="button"
              disabled={isBusy.value}
              onClick={() => act(() => changeQuery(card.name, { state: isPaused ? 'running' : 'paused' }))}
            >
              {isPaused ? 'Resume' : 'Pause'}
            </button>
          )}
          <button
            type="button"
            aria-expanded={isAsking.value}
            onClick={() => {
              isAsking.value = !isAsking.peek()
            }}
          >
            Delete
          </button>
        </span>
      </header>
      {isAsking.value && (
        <div class="confirm" role="alertdialog" aria-label={`Delete ${card.name}?`}>
          <span>
            Delete <bdi>{card.name}</bdi>? It stops and leaves this list.
          </span>
          <button
            type="button"
            class="danger"
            disabled={isBusy.value}
            onClick={() => act(() => deleteQuery(card.name))}
          >
            Delete query
          </button>
          <button
            type="button"
            onClick={() => {
              isAsking.value = false
            }}
          >
            Keep
          </button>
        </div>
      )}
      {query.state === 'invalid' && query.problem && (
        <p class="problem">
          <bdi>{query.problem}</bdi>
        </p>
      )}
      {failure.value && <FailureNote failure={failure.value} />}
    </>
  )
}
