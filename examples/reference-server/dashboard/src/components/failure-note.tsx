import type { RequestFailure } from '../api/http.ts'

/** A refusal in the server's own words. */
export function FailureNote({ failure, onRetry }: { readonly failure: RequestFailure; readonly onRetry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <p>
        <code>{failure.code}</code> <bdi>{failure.message}</bdi>
      </p>
      {failure.hint !== undefined && <p class="hint">{failure.hint}</p>}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Retry
        </button>
      )}
    </div>
  )
}
