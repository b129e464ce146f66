import { useSignal } from '@preact/signals'
import { fromLocalInput, toLocalInput } from '../format/time.ts'
import { boundsOf, isZoomed, showLast, showRange, timeRange, zoomBack } from '../state/time-range.ts'

/** Live, the last 15 minutes or the last hour standing still, or any two moments. */
export function RangePicker() {
  const isOpen = useSignal(false)
  const from = useSignal('')
  const to = useSignal('')
  const range = timeRange.value
  const chosen = range.kind === 'live' ? 'live' : range.preset

  function open(): void {
    const bounds = boundsOf(timeRange.peek())
    from.value = toLocalInput(bounds.fromMs)
    to.value = toLocalInput(bounds.toMs)
    isOpen.value = !isOpen.peek()
  }

  function apply(event: Event): void {
    event.preventDefault()
    const fromMs = fromLocalInput(from.peek())
    const toMs = fromLocalInput(to.peek())
    if (fromMs < toMs) showRange({ kind: 'fixed', preset: 'custom', fromMs, toMs })
  }

  const isBackwards = fromLocalInput(from.value) >= fromLocalInput(to.value)
  return (
    <div class="range">
      <fieldset class="segments">
        <legend class="visually-hidden">Time range</legend>
        <button
          type="button"
          class="segment"
          aria-pressed={chosen === 'live'}
          title="The last 15 minutes, sliding (0)"
          onClick={() => showRange({ kind: 'live' })}
        >
          Live
        </button>
        <button type="button" class="segment" aria-pressed={chosen === '15m'} onClick={() => showLast('15m')}>
          15 min
        </button>
        <button type="button" class="segment" aria-pressed={chosen === '1h'} onClick={() => showLast('1h')}>
          1 h
        </button>
        <button
          type="button"
          class="segment"
          aria-pressed={chosen === 'custom'}
          aria-expanded={isOpen.value}
          onClick={open}
        >
          Custom
        </button>
      </fieldset>
      {isZoomed.value && (
        <button type="button" title="Also: double click on a chart" onClick={zoomBack}>
          Zoom out
        </button>
      )}
      {isOpen.value && (
        <form class="custom-range" onSubmit={apply}>
          <label>
            From
            <input
              type="datetime-local"
              step="1"
              required
              value={from.value}
              onInput={(event) => {
                from.value = event.currentTarget.value
              }}
            />
          </label>
          <label>
            to
            <input
              type="datetime-local"
              step="1"
              required
              value={to.value}
              aria-invalid={isBackwards}
              onInput={(event) => {
                to.value = event.currentTarget.value
              }}
            />
          </label>
          <button type="submit" disabled={isBackwards}>
            Show
          </button>
          {isBackwards && <span class="is-warning">The end is not after the start</span>}
        </form>
      )}
    </div>
  )
}
