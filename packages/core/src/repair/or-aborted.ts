import { WindrowError } from '../errors.ts'

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new WindrowError('ABORTED', 'the repair was aborted', { cause: signal.reason })
}

/** What the work comes to, or `ABORTED` as soon as the signal fires, though the work may not look at it. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Once nobody waits for it, its failure is nobody's.
  work.catch(() => undefined)
  throwIfAborted(signal)
  let onAbort: (() => void) | undefined
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    const first = await Promise.race([work, aborted])
    throwIfAborted(signal)
    return first as T
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}
