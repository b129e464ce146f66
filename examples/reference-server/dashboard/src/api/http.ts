import type { WireDiagnostic } from './wire.ts'

/** A refused or failed request: the server's own code, message and hint where it gave them. */
export class RequestFailure extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly diagnostics: readonly WireDiagnostic[]

  constructor(code: string, message: string, hint?: string, diagnostics: readonly WireDiagnostic[] = []) {
    super(message)
    this.name = 'RequestFailure'
    this.code = code
    this.hint = hint
    this.diagnostics = diagnostics
  }
}

interface ErrorBody {
  readonly error?: { readonly code?: string; readonly message?: string; readonly hint?: string }
  readonly diagnostics?: readonly WireDiagnostic[]
}

let serverAheadMs = 0

/** The server's present, by the Date header of its answers. That header has whole seconds, so small differences are left alone. */
export function serverNowMs(): number {
  return Date.now() + serverAheadMs
}

/** Path relative to the page, so that the dashboard also works under a prefix. */
export function queryPath(name: string, rest = ''): string {
  return `v1/queries/${encodeURIComponent(name)}${rest}`
}

/**
 * Sends a request and returns the JSON answer (`undefined` for an empty one).
 *
 * @throws RequestFailure when the server cannot be reached or answers with anything but 2xx.
 */
export async function request(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  options: { readonly body?: unknown; readonly signal?: AbortSignal } = {},
): Promise<unknown> {
  let response: Response
  let text: string
  try {
    response = await fetch(path, {
      method,
      ...(options.body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    text = await response.text()
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new RequestFailure('UNREACHABLE', 'The server does not answer.', 'Is it still running?')
  }
  const dateMs = Date.parse(response.headers.get('date') ?? '')
  if (Number.isFinite(dateMs)) {
    const aheadMs = dateMs + 500 - Date.now()
    serverAheadMs = Math.abs(aheadMs) > 2_000 ? aheadMs : 0
  }
  const body = parse(text)
  if (!response.ok) throw failureOf(response.status, body)
  return body
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function failureOf(status: number, body: unknown): RequestFailure {
  const { error, diagnostics } = (body ?? {}) as ErrorBody
  const first = diagnostics?.[0]
  return new RequestFailure(
    error?.code ?? first?.code ?? `HTTP ${status}`,
    error?.message ?? first?.message ?? `The server answered with status ${status}.`,
    error?.hint ?? first?.hint,
    diagnostics ?? [],
  )
}
