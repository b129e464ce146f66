import { WindrowError } from '@windrow/core'

/** Throws `ABORTED`, the signal's reason as its cause, once the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, operation: string): void {
  if (signal?.aborted) throw new WindrowError('ABORTED', `${operation} was aborted`, { cause: signal.reason })
}
