/**
 * Stable codes of everything operational that can go wrong. Codes are API: they are documented in
 * `docs/errors.md` and never change meaning; messages may be reworded at any time.
 */
export type WindrowErrorCode =
  | 'ENGINE_CLOSED'
  | 'QUERY_EXISTS'
  | 'QUERY_NOT_FOUND'
  | 'QUERY_INVALID'
  | 'PLAN_INVALID'
  | 'TOO_MANY_PANES'
  | 'STORAGE_MISSING'
  | 'STORAGE_FAILED'
  | 'STORAGE_CLOSED'
  | 'SUBSCRIBER_OVERFLOW'
  | 'SERIES_LIMIT'
  | 'SOURCE_KIND_CONFLICT'
  | 'STATE_CORRUPT'
  | 'STATE_VERSION'
  | 'DECODE_FAILED'
  | 'ABORTED'

export interface WindrowErrorOptions {
  readonly cause?: unknown
  /** What the caller can do about it, one sentence. */
  readonly hint?: string
  /** Values a program can act on, for example `{ query: 'web_cpu' }` or `{ offset: 17 }`. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** The one base class of operational errors. Programmer mistakes are `TypeError` or `RangeError` instead. */
export class WindrowError extends Error {
  readonly code: WindrowErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: WindrowErrorCode, message: string, options: WindrowErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WindrowError'
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
  }
}
