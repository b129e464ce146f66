import { WindrowError } from '@windrow/core'
import type { Diagnostic } from './diagnostics.ts'

/** Query text that cannot run. Code `QUERY_INVALID`; every problem found is in `diagnostics`. */
export class QueryError extends WindrowError {
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
    const first = errors[0]
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
    const message =
      first === undefined ? 'the query cannot run' : `${first.line}:${first.column}: ${first.message}${more}`
    super('QUERY_INVALID', message, first?.hint === undefined ? {} : { hint: first.hint })
    this.name = 'QueryError'
    this.diagnostics = diagnostics
  }
}
