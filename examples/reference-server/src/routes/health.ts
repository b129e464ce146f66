import type { FastifyInstance } from 'fastify'
import { ACK_MODE, type ServerContext } from '../context.ts'
import { route } from '../http/route.ts'
import { warningsOf } from '../warnings.ts'

/** Liveness (the process answers) and readiness (send it work). */
export function healthRoutes(app: FastifyInstance, context: ServerContext): void {
  route(app, '/healthz', { GET: async () => ({ status: 'ok' }) })
  route(app, '/readyz', {
    GET: async (_request, reply) => {
      const { engine, options, storage, restored, snapshots, stopping } = context
      const { storageErrors, writeQueueRows } = engine.stats()
      const ready = !stopping.aborted
      return reply.code(ready ? 200 : 503).send({
        ready,
        ...(ready ? {} : { reason: 'stopping' }),
        warnings: warningsOf(context),
        ackMode: ACK_MODE,
        storage: {
          name: storage.name,
          durability: storage.capabilities.durability,
          memoryLimitBytes: options.memoryLimitBytes,
          retentionMs: options.retentionMs,
          errors: storageErrors,
          writeQueueRows,
        },
        state: {
          restored: restored.kind,
          snapshotEveryMs: snapshots.status.everyMs,
          lastSnapshotMs: snapshots.status.lastMs,
        },
      })
    },
  })
}
