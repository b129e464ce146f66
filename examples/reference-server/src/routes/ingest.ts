import { createSampleBatch, type RejectedPoint } from '@windrow/core'
import { createJsonDecoder } from '@windrow/core/json'
import type { FastifyInstance } from 'fastify'
import { ACK_MODE, type ServerContext } from '../context.ts'
import { idempotencyKey } from '../http/idempotency-key.ts'
import { readJsonBytes } from '../http/json-body.ts'
import { route } from '../http/route.ts'
import { TENANT } from '../tenant.ts'
import { refuseUntaken, slowClockText } from './refusals.ts'

/** `POST /v1/ingest`: samples of one server as plain JSON. */
export function ingestRoutes(app: FastifyInstance, context: ServerContext): void {
  const { engine, bodyLimits } = context
  const decoder = createJsonDecoder(engine.registry, { tenant: TENANT })
  const batch = createSampleBatch(1024)

  route(app, '/v1/ingest', {
    POST: async (request, reply) => {
      const body = await readJsonBytes(request, reply, bodyLimits)
      const batchId = idempotencyKey(request)

      batch.clear()
      const decoded = decoder.decode(body, batch, { nowMs: engine.nowMs() })
      const result = engine.ingest(batch, {
        source: 'http-json',
        tenant: TENANT,
        ...(batchId === undefined ? {} : { batchId }),
      })
      refuseUntaken(result, context)
      engine.countRejected(TENANT, decoded.rejected)
      return reply.header('windrow-ack', ACK_MODE).send({
        accepted: result.accepted,
        duplicates: result.duplicates,
        shed: result.shed,
        rejected: inPayloadOrder(decoded.rejected, result.rejected),
        ...(result.clockSuspect ? { warnings: [slowClockText(engine.nowMs())] } : {}),
      })
    },
  })
}

/** The engine counts rows of the batch, the sender its metrics: the rows are the metrics that the decoder took. */
function inPayloadOrder(byDecoder: readonly RejectedPoint[], byEngine: readonly RejectedPoint[]): RejectedPoint[] {
  const skipped = byDecoder.map(({ index }) => index).sort((left, right) => left - right)
  let skips = 0
  const moved = [...byEngine]
    .sort((left, right) => left.index - right.index)
    .map((point) => {
      while (skips < skipped.length && skipped[skips]! <= point.index + skips) skips++
      return { ...point, index: point.index + skips }
    })
  return [...byDecoder, ...moved].sort((left, right) => left.index - right.index)
}
