import { createHash } from 'node:crypto'
import { createSampleBatch, type RejectedPoint } from '@windrow/core'
import {
  createOtlpDecoder,
  encodeExportResponse,
  encodeStatus,
  type OtlpDecoder,
  type OtlpEncoding,
  otlpEncoding,
} from '@windrow/core/otlp'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ACK_MODE, type ServerContext } from '../context.ts'
import type { ErrorFace } from '../http/http-app.ts'
import { HttpError } from '../http/http-error.ts'
import { idempotencyKey } from '../http/idempotency-key.ts'
import { readBody } from '../http/read-body.ts'
import { route } from '../http/route.ts'
import { TENANT } from '../tenant.ts'
import { refuseUntaken, slowClockText } from './refusals.ts'

const CONTENT_TYPE: Record<OtlpEncoding, string> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** gRPC status codes, which `google.rpc.Status` carries also over HTTP. */
const GRPC_CODE: Readonly<Record<number, number>> = { 404: 5, 405: 12, 413: 8, 415: 3, 503: 14 }
const GRPC_INVALID_ARGUMENT = 3
const GRPC_INTERNAL = 13

const BATCH_ID_BYTES = 16
const MAX_DETAILS = 3

/** Both listeners feed one decoder, which remembers the series it has seen. */
const decoders = new WeakMap<ServerContext, OtlpDecoder>()

/** `POST /v1/metrics`: OTLP over HTTP (specification 1.x, "OTLP/HTTP Request" and "Response"). */
export function otlpRoutes(app: FastifyInstance, context: ServerContext): void {
  const { engine, bodyLimits } = context
  const decoder = decoders.get(context) ?? createOtlpDecoder(engine.registry, { tenant: TENANT })
  decoders.set(context, decoder)
  const batch = createSampleBatch(4096)

  route(app, '/v1/metrics', {
    POST: async (request, reply) => {
      const encoding = otlpEncoding(request.headers['content-type'] ?? '')
      if (encoding === undefined)
        throw new HttpError(415, 'UNSUPPORTED_MEDIA_TYPE', 'send application/x-protobuf or application/json')
      const body = await readBody(request, reply, bodyLimits)
      const batchId = idempotencyKey(request) ?? batchIdOf(body)

      batch.clear()
      const decoded = decoder.decode(body, batch, { contentType: CONTENT_TYPE[encoding] })
      const result = engine.ingest(batch, { source: 'otlp-http', tenant: TENANT, batchId })
      refuseUntaken(result, context)
      engine.countRejected(TENANT, decoded.rejected)

      const rejected = [...decoded.rejected, ...result.rejected]
      const reasons = reasonsOf(rejected, result.shed)
      const message = result.clockSuspect ? `${reasons}; ${slowClockText(engine.nowMs())}` : reasons
      return reply
        .type(CONTENT_TYPE[encoding])
        .header('windrow-ack', ACK_MODE)
        .send(Buffer.from(encodeExportResponse(rejected.length + result.shed, message, encoding)))
    },
  })
}

/** Refusals of OTLP requests are a `google.rpc.Status`, in the encoding of the request, JSON when it has none. */
export function otlpErrors(isMine: (request: FastifyRequest) => boolean): ErrorFace {
  return {
    isMine,
    send(error: HttpError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const encoding = otlpEncoding(request.headers['content-type'] ?? '') ?? 'json'
      const code = GRPC_CODE[error.statusCode] ?? (error.statusCode >= 500 ? GRPC_INTERNAL : GRPC_INVALID_ARGUMENT)
      const message = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`
      return reply.type(CONTENT_TYPE[encoding]).send(Buffer.from(encodeStatus(code, message, encoding)))
    },
  }
}

/** A resend of the same bytes is the same batch. */
function batchIdOf(body: Buffer): string {
  const hash = createHash('sha256').update(TENANT).update('\0').update(body).digest()
  return hash.toString('base64url', 0, BATCH_ID_BYTES)
}

/** `3 points not taken: 2 expired (older than ...), 1 temporality (...)`; empty when all were. */
function reasonsOf(rejected: readonly RejectedPoint[], shed: number): string {
  const total = rejected.length + shed
  if (total === 0) return ''
  const counts = new Map<string, { count: number; details: Set<string> }>()
  for (const { reason, detail } of rejected) {
    const entry = counts.get(reason) ?? { count: 0, details: new Set() }
    entry.count++
    if (detail !== undefined && entry.details.size < MAX_DETAILS) entry.details.add(detail)
    counts.set(reason, entry)
  }
  const parts = [...counts].map(([reason, { count, details }]) =>
    details.size === 0 ? `${count} ${reason}` : `${count} ${reason} (${[...details].join('; ')})`,
  )
  if (shed > 0) parts.push(`${shed} shed for lack of room`)
  return `${total} ${total === 1 ? 'point' : 'points'} not taken: ${parts.join(', ')}`
}
