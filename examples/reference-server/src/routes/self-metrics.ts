import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { route } from '../http/route.ts'
import { METRICS_CONTENT_TYPE, MetricsText } from '../metrics-text.ts'
import { TENANT } from '../tenant.ts'

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
  pointMetrics(text, context)
  queryMetrics(text, context)
  processMetrics(text, context, delay)
  return text.toString()
}

function pointMetrics(text: MetricsText, { engine }: ServerContext): void {
  const { tenants } = engine.stats()
  text.family(
    'windrow_points_received_total',
    'counter',
    'Points received: the sum of windrow_points_total over outcome and reason.',
    tenants.map(({ tenant, points }) => [{ tenant }, points.received]),
  )
  text.family(
    'windrow_points_total',
    'counter',
    'Points by outcome (accepted, duplicate, shed, rejected) and, where rejected, reason.',
    tenants.flatMap(({ tenant, points }) => [
      [{ tenant, outcome: 'accepted', reason: '' }, points.accepted] as const,
      [{ tenant, outcome: 'duplicate', reason: '' }, points.duplicate] as const,
      [{ tenant, outcome: 'shed', reason: '' }, points.shed] as const,
      ...Object.entries(points.rejected).map(
        ([reason, count]) => [{ tenant, outcome: 'rejected', reason }, count] as const,
      ),
    ]),
  )
  text.family(
    'windrow_point_conflicts_total',
    'counter',
    'Duplicates (part of them) whose value differs from the one that was kept.',
    tenants.map(({ tenant, points }) => [{ tenant }, points.duplicateConflict]),
  )
  const nowMs = engine.nowMs()
  text.family(
    'windrow_watermark_lag_seconds',
    'gauge',
    'How far the watermark of a source is behind the present.',
    tenants.flatMap(({ tenant, sources }) =>
      sources
        .filter(({ watermarkMs }) => Number.isFinite(watermarkMs))
        .map(({ source, kind, watermarkMs }) => [{ tenant, source, kind }, (nowMs - watermarkMs) / 1000] as const),
    ),
  )
}

function queryMetrics(text: MetricsText, { queries }: ServerContext): void {
  const views = queries.list()
  text.family(
    'windrow_query_points_matched_total',
    'counter',
    'Points matched by a stored query: the sum of windrow_query_points_total over outcome.',
    views.flatMap(({ name, counters }) =>
      counters === null ? [] : [[{ tenant: TENANT, query: name }, counters.matched] as const],
    ),
  )
  text.family(
    'windrow_query_points_total',
    'counter',
    'Points matched by a stored query, by their worst outcome over its windows.',
    views.flatMap(({ name, counters }) =>
      Object.entries(counters ?? {})
        .filter(([outcome]) => outcome !== 'matched')
        .map(([outcome, count]) => [{ tenant: TENANT, query: name, outcome }, count] as const),
    ),
  )
  text.family(
    'windrow_query_rows_total',
    'counter',
    'Rows a stored query has given out, corrections included.',
    views.map(({ name }) => [{ tenant: TENANT, query: name }, queries.emissions(name).rows]),
  )
  text.family(
    'windrow_query_windows_total',
    'counter',
    'Windows a stored query has given out, each counted once.',
    views.map(({ name }) => [{ tenant: TENANT, query: name }, queries.emissions(name).windows]),
  )
  text.family(
    'windrow_query_state',
    'gauge',
    '1 for the state (running, paused, invalid) a stored query is in.',
    views.map(({ name, state }) => [{ tenant: TENANT, query: name, state }, 1]),
  )
}

function processMetrics(text: MetricsText, context: ServerContext, delay: DelayHistogram): void {
  const stats = context.engine.stats()
  const one = (value: number): [[Record<string, string>, number]] => [[{}, value]]
  text.family('windrow_series', 'gauge', 'Series known.', one(stats.seriesCount))
  text.family('windrow_panes', 'gauge', 'Live panes of all windows.', one(stats.paneCount))
  text.family('windrow_state_bytes', 'gauge', 'Memory of window state.', one(stats.stateBytes))
  text.family('windrow_write_queue_rows', 'gauge', 'Rows on their way to the storage.', one(stats.writeQueueRows))
  text.family('windrow_storage_bytes', 'gauge', 'Bytes the storage holds.', one(context.storageBytes()))
  text.family('windrow_storage_errors_total', 'counter', 'Writes the storage failed.', one(stats.storageErrors))
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
