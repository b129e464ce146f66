import { WindrowError } from '../../errors.ts'

/** The error for an envelope that cannot be read; `offset` is in bytes from the start of the payload. */
export function decodeFailed(message: string, offset: number): WindrowError {
  return new WindrowError('DECODE_FAILED', `${message} (at byte ${offset})`, { details: { offset } })
}
