import { Agent, type IncomingMessage, request } from 'node:http'

/** What became of one POST. `retry` is 429, 502, 503, 504 and everything that went wrong on the way. */
export type PostOutcome =
  | { readonly kind: 'taken'; readonly rejectedPoints: number; readonly message: string }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly why: string; readonly status: number | undefined }
  | { readonly kind: 'refused'; readonly why: string }

export interface OtlpClient {
  post(body: Uint8Array): Promise<PostOutcome>
  close(): void
}

const RETRYABLE = new Set([429, 502, 503, 504])
const DEFAULT_RETRY_MS = 1000
const MAX_RETRY_MS = 60_000
/** Long, because a receiver that meets a large fleet for the first time has much to learn. */
const TIMEOUT_MS = 30_000
/** A response is a few bytes; one that is longer is read to its end and not kept. */
const MAX_RESPONSE_BYTES = 64 * 1024

/** Posts OTLP payloads to `url` over at most `connections` kept-alive connections. */
export function createOtlpClient(options: { readonly url: URL; readonly connections: number }): OtlpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections })
  return {
    post: (body) =>
      new Promise((resolve) => {
        const outgoing = request(
          options.url,
          {
            agent,
            method: 'POST',
            timeout: TIMEOUT_MS,
            headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length },
          },
          (response) => {
            readBody(response).then(
              (bytes) => resolve(judge(response, bytes)),
              (error: unknown) => resolve(unreachable(error)),
            )
          },
        )
        outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
        outgoing.on('error', (error) => resolve(unreachable(error)))
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}

function unreachable(error: unknown): PostOutcome {
  const why = error instanceof Error ? error.message || error.name : String(error)
  return { kind: 'retry', afterMs: DEFAULT_RETRY_MS, why, status: undefined }
}

function judge(response: IncomingMessage, body: Uint8Array): PostOutcome {
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return { kind: 'taken', ...readPartialSuccess(body) }
  if (RETRYABLE.has(status))
    return {
      kind: 'retry',
      afterMs: retryAfterMs(response.headers['retry-after'], Date.now()),
      why: `${status}`,
      status,
    }
  return { kind: 'refused', why: `${status} ${new TextDecoder().decode(body.subarray(0, 200))}` }
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date; one second when absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined || header.trim() === '') return DEFAULT_RETRY_MS
  const seconds = Number(header)
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs
  return Number.isNaN(waitMs) ? DEFAULT_RETRY_MS : Math.max(0, Math.min(MAX_RETRY_MS, waitMs))
}

/**
 * `ExportMetricsServiceResponse.partial_success` (field 1): `rejected_data_points` (1, varint) and
 * `error_message` (2). A body that is not that counts as a plain success: the status said so.
 */
export function readPartialSuccess(body: Uint8Array): { rejectedPoints: number; message: string } {
  const outcome = { rejectedPoints: 0, message: '' }
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; at < body.length; scale *= 128) {
      const byte = body[at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    return value
  }
  if (body[at++] !== 0x0a) return outcome
  varint()
  while (at < body.length) {
    const tag = body[at++]
    if (tag === 0x08) outcome.rejectedPoints = varint()
    else if (tag === 0x12) {
      const length = varint()
      outcome.message = new TextDecoder().decode(body.subarray(at, at + length))
      at += length
    } else break
  }
  return outcome
}

async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_RESPONSE_BYTES) chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
