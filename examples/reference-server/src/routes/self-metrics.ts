import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { route } from '../http/route.ts'
import { pointMetrics, queryMetrics, stateMetrics, timeMetrics } from '../metrics/engine-metrics.ts'
import { METRICS_CONTENT_TYPE, MetricsText, one } from '../metrics/metrics-text.ts'

const NANOS_PER_SECOND = 1e9
const MICROS_PER_SECOND = 1e6
const DELAY_RESOLUTION_MS = 20

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>

/** `GET /metrics`: what the server knows about itself. */
export function selfMetricsRoutes(app: FastifyInstance, context: ServerContext): void {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  app.addHook('onClose', async () => {
    delay.disable()
  })
  route(app, '/metrics', {
    GET: async (_request, reply) => {
      reply.type(METRICS_CONTENT_TYPE)
      return selfMetrics(context, delay)
    },
  })
}

function selfMetrics(context: ServerContext, delay: DelayHistogram): string {
  const text = new MetricsText()
  const numbers = context.engine.stats()
  pointMetrics(text, numbers)
  timeMetrics(text, numbers)
  queryMetrics(text, numbers, context.queries.list())
  stateMetrics(text, numbers, context)
  processMetrics(text, context, delay)
  return text.toString()
}

function processMetrics(text: MetricsText, context: ServerContext, delay: DelayHistogram): void {
  text.family('windrow_body_bytes_in_flight', 'gauge', 'Request bodies held.', one(context.bodyLimits.budget.heldBytes))
  // The histogram holds the time from one timer to the next, which is the resolution when nothing is late.
  const lateSeconds = (percent: number): number =>
    Math.max(0, delay.percentile(percent) / NANOS_PER_SECOND - DELAY_RESOLUTION_MS / 1000)
  const quantiles = [0.5, 0.99].map(
    (quantile) => [{ quantile: String(quantile) }, lateSeconds(quantile * 100)] as const,
  )
  text.family(
    'windrow_event_loop_delay_seconds',
    'gauge',
    'Quantiles of the event-loop delay since the last scrape.',
    quantiles,
  )
  delay.reset()
  text.family('process_resident_memory_bytes', 'gauge', 'Resident memory.', one(process.memoryUsage.rss()))
  const { user, system } = process.cpuUsage()
  text.family('process_cpu_seconds_total', 'counter', 'CPU time.', one((user + system) / MICROS_PER_SECOND))
  text.family('process_start_time_seconds', 'gauge', 'Start, Unix time.', one(Date.now() / 1000 - process.uptime()))
}
