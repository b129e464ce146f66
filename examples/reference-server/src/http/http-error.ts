import { WindrowError, type WindrowErrorCode } from '@windrow/core'
import { QueryError } from '@windrow/query-lang'

export interface HttpErrorOptions {
  /** What the caller can do about it, one sentence. */
  readonly hint?: string
  /** Response headers, for example `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Fields that stand beside `error` in the body, for example `diagnostics`. */
  readonly beside?: Readonly<Record<string, unknown>>
}

/** A refusal with its HTTP status. `code` is API, the message may be reworded. */
export class HttpError extends Error {
  readonly statusCode: number
  readonly code: string
  readonly hint: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly beside: Readonly<Record<string, unknown>>

  constructor(statusCode: number, code: string, message: string, options: HttpErrorOptions = {}) {
    super(message)
    this.name = 'HttpError'
    this.statusCode = statusCode
    this.code = code
    this.hint = options.hint
    this.headers = options.headers ?? {}
    this.beside = options.beside ?? {}
  }
}

const STATUS_OF: Record<WindrowErrorCode, number> = {
  ENGINE_CLOSED: 503,
  QUERY_EXISTS: 409,
  QUERY_NOT_FOUND: 404,
  QUERY_INVALID: 400,
  PLAN_INVALID: 400,
  TOO_MANY_PANES: 400,
  STORAGE_MISSING: 503,
  STORAGE_FAILED: 503,
  STORAGE_CLOSED: 503,
  SUBSCRIBER_OVERFLOW: 503,
  SERIES_LIMIT: 507,
  SOURCE_KIND_CONFLICT: 409,
  STATE_CORRUPT: 500,
  STATE_VERSION: 500,
  DECODE_FAILED: 400,
  ABORTED: 503,
}

/** Any thrown value as a refusal. What nobody foresaw becomes a 500 that says nothing about the inside. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof WindrowError)
    return new HttpError(STATUS_OF[error.code], error.code, error.message, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error instanceof QueryError
        ? { beside: { diagnostics: error.diagnostics.filter(({ severity }) => severity === 'error') } }
        : {}),
      ...(STATUS_OF[error.code] === 503 ? { headers: { 'retry-after': '1' } } : {}),
    })
  const status = frameworkStatus(error)
  if (status !== undefined) return new HttpError(status.statusCode, status.code, status.message)
  return new HttpError(500, 'INTERNAL', 'the server failed on this request; its log says why')
}

/** Body of every error outside OTLP. */
export function errorBody(error: HttpError): Record<string, unknown> {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    },
    ...error.beside,
  }
}

/** The framework's own refusals (a bad URL, a bad media type) carry a 4xx `statusCode`. */
function frameworkStatus(error: unknown): { statusCode: number; code: string; message: string } | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const { statusCode, message } = error
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined
  return { statusCode, code: statusCode === 415 ? 'UNSUPPORTED_MEDIA_TYPE' : 'BAD_REQUEST', message }
}
