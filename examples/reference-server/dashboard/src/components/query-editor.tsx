import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { type RequestFailure, request } from '../api/http.ts'
import type { WireDiagnostic } from '../api/wire.ts'
import { asFailure } from '../state/card.ts'
import { FailureNote } from './failure-note.tsx'

export interface QueryEditorProps {
  /** Undefined for a query that is yet to be named. */
  readonly name: string | undefined
  readonly text: string
  readonly onSave: (name: string, text: string) => Promise<void>
  readonly onClose: () => void
}

const DIAGNOSE_AFTER_MS = 200

/** Text of a query with what the server thinks of it while it is typed. Nothing but the user moves the caret. */
export function QueryEditor({ name, text, onSave, onClose }: QueryEditorProps) {
  const draftName = useSignal(name ?? '')
  const draft = useSignal(text)
  const diagnostics = useSignal<readonly WireDiagnostic[]>([])
  const failure = useSignal<RequestFailure | undefined>(undefined)
  const isSaving = useSignal(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const nameField = useRef<HTMLInputElement>(null)
  const id = useId()
  const typed = draft.value

  useEffect(() => {
    if (name === undefined) nameField.current?.focus()
    else area.current?.focus()
  }, [name])

  useEffect(() => {
    const asked = new AbortController()
    const timer = setTimeout(async () => {
      try {
        diagnostics.value = typed.trim() === '' ? [] : await diagnose(typed, asked.signal)
      } catch {
        // The server tells again, and aloud, when the query is saved.
      }
    }, DIAGNOSE_AFTER_MS)
    return () => {
      clearTimeout(timer)
      asked.abort()
    }
  }, [typed, diagnostics])

  async function save(event: Event): Promise<void> {
    event.preventDefault()
    if (isSaving.peek()) return
    isSaving.value = true
    failure.value = undefined
    try {
      await onSave(draftName.peek().trim(), draft.peek())
      onClose()
    } catch (cause) {
      const refused = asFailure(cause)
      failure.value = refused
      if (refused.diagnostics.length > 0) diagnostics.value = refused.diagnostics
    } finally {
      isSaving.value = false
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape') onClose()
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save(event)
  }

  function goTo({ start, end }: WireDiagnostic): void {
    area.current?.focus()
    area.current?.setSelectionRange(start, end)
  }

  const found = diagnostics.value
  return (
    <form class="editor" onSubmit={save} onKeyDown={onKeyDown}>
      {name === undefined && (
        <label class="field">
          <span>Name</span>
          <input
            ref={nameField}
            name="name"
            value={draftName.value}
            placeholder="checkout_p99"
            required
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => {
              draftName.value = event.currentTarget.value
            }}
          />
        </label>
      )}
      <label class="field" for={`${id}-text`}>
        <span>Query</span>
      </label>
      <div class="text-stack">
        <pre class="text-mirror" aria-hidden="true">
          {underlined(typed, found)}
        </pre>
        <textarea
          id={`${id}-text`}
          ref={area}
          name="text"
          value={typed}
          required
          spellcheck={false}
          autocomplete="off"
          aria-invalid={found.some((diagnostic) => diagnostic.severity === 'error')}
          aria-describedby={`${id}-diagnostics`}
          onInput={(event) => {
            draft.value = event.currentTarget.value
          }}
        />
      </div>
      <ul class="diagnostics" id={`${id}-diagnostics`} aria-live="polite">
        {found.map((diagnostic) => (
          <li key={`${diagnostic.code} ${diagnostic.start} ${diagnostic.message}`} class={`is-${diagnostic.severity}`}>
            <button type="button" class="position" title="Select this place" onClick={() => goTo(diagnostic)}>
              {diagnostic.line}:{diagnostic.column}
            </button>
            <span>
              <bdi>{diagnostic.message}</bdi> <code>{diagnostic.code}</code>
              {diagnostic.hint !== undefined && <span class="hint">{diagnostic.hint}</span>}
            </span>
          </li>
        ))}
      </ul>
      {failure.value && failure.value.diagnostics.length === 0 && <FailureNote failure={failure.value} />}
      <div class="form-actions">
        <button type="submit" class="primary" disabled={isSaving.value}>
          {name === undefined ? 'Create' : 'Save'}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <span class="hint">Ctrl+Enter saves, Esc closes</span>
      </div>
    </form>
  )
}

async function diagnose(query: string, signal: AbortSignal): Promise<readonly WireDiagnostic[]> {
  const answer = (await request('POST', 'v1/diagnose', { body: { query, stored: true }, signal })) as
    | { diagnostics?: readonly WireDiagnostic[] }
    | undefined
  return answer?.diagnostics ?? []
}

/** The text again, with marks around the faulty ranges; it lies under the text field, letter upon letter. */
function underlined(text: string, diagnostics: readonly WireDiagnostic[]) {
  const parts = []
  let from = 0
  for (const { start, end, severity } of diagnostics.toSorted((a, b) => a.start - b.start)) {
    const first = Math.max(from, start)
    // A fault at the very end of the text has no letter to underline: the space after it stands in.
    const last = Math.max(end, first + 1)
    if (start < from || first > text.length) continue
    parts.push(text.slice(from, first))
    parts.push(
      <mark key={first} class={`is-${severity}`}>
        {text.slice(first, last) || ' '}
      </mark>,
    )
    from = last
  }
  // A closing line break only takes up room when something follows it.
  parts.push(`${text.slice(from)}\u200b`)
  return parts
}
