import type { MetricInfo } from '@windrow/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ServerContext } from '../context.ts'
import { HttpError } from '../http/http-error.ts'
import { readJson } from '../http/json-body.ts'
import { route } from '../http/route.ts'
import { TENANT } from '../tenant.ts'

const declarationBody = z
  .strictObject({
    kind: z
      .enum(['gauge', 'counter', 'delta', 'distribution'], { error: 'give gauge, counter, delta or distribution' })
      .optional(),
    unit: z.string().max(63).optional(),
  })
  .refine(({ kind, unit }) => kind !== undefined || unit !== undefined, 'give kind, unit or both')

/** What is known of metrics and servers; a person's word on kind and unit. */
export function catalogRoutes(app: FastifyInstance, context: ServerContext): void {
  const { engine, queries, bodyLimits } = context
  route(app, '/v1/metrics-catalog', {
    GET: async () => ({
      metrics: engine.metrics({ tenant: TENANT }).sort((left, right) => (left.metric < right.metric ? -1 : 1)),
    }),
  })
  route(app, '/v1/metrics-catalog/:metric', {
    GET: async (request) => {
      const metric = metricOf(request)
      const info = engine.metric(metric, { tenant: TENANT })
      if (info === undefined)
        throw new HttpError(404, 'METRIC_NOT_FOUND', `nothing is known of a metric "${metric}"`, {
          hint: 'GET /v1/metrics-catalog lists the known ones; PUT declares one',
        })
      return info
    },
    PUT: async (request, reply): Promise<MetricInfo | undefined> => {
      const metric = metricOf(request)
      const { kind, unit } = await readJson(request, reply, bodyLimits, declarationBody)
      queries.declareMetric(metric, {
        ...(kind === undefined ? {} : { kind }),
        ...(unit === undefined ? {} : { unit }),
      })
      return engine.metric(metric, { tenant: TENANT })
    },
  })
  route(app, '/v1/servers', { GET: async () => ({ servers: engine.servers({ tenant: TENANT }).sort() }) })
}

function metricOf(request: FastifyRequest): string {
  return (request.params as { metric: string }).metric
}
