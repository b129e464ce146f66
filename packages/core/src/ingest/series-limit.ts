import { WindrowError } from '../errors.ts'
import type { RejectReason } from './decode-result.ts'

/** What a decoder says of a point for whose series there was no room; any other error is thrown on. */
export function seriesLimitProblem(error: unknown): { readonly reason: RejectReason; readonly detail: string } {
  if (error instanceof WindrowError && error.code === 'SERIES_LIMIT')
    return { reason: 'series-limit', detail: error.message }
  throw error
}
