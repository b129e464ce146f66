import type { MetricInfo, QueryPlan, TimePoint } from '@windrow/core'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ServerContext } from '../context.ts'
import { goneSignal } from '../http/gone-signal.ts'
import { HttpError } from '../http/http-error.ts'
import { readJson } from '../http/json-body.ts'
import { route } from '../http/route.ts'
import { DEFAULT_RANGE_MS, timeParameter } from '../http/time-range.ts'
import { collectRows } from '../queries/result-history.ts'
import { resultsJson } from '../queries/result-json.ts'
import { TENANT } from '../tenant.ts'

const queryText = z.string({ error: 'give the text of a query' })
const queryBody = z.strictObject({ query: queryText, from: timeParameter.optional(), to: timeParameter.optional() })
const diagnoseBody = z.strictObject({ query: queryText, stored: z.boolean().default(false) })

/** Run a text once over what is stored, or only look at it. */
export function runRoutes(app: FastifyInstance, context: ServerContext): void {
  const { engine, queries, queryText: language, bodyLimits } = context
  route(app, '/v1/query', {
    POST: async (request, reply) => {
      const startedMs = performance.now()
      const body = await readJson(request, reply, bodyLimits, queryBody)
      const { compiled, diagnostics } = language.compileOne(body.query)
      reply.type('application/json; charset=utf-8')
      if (compiled.type === 'declare-metric') {
        queries.declareMetric(compiled.metric, compiled.declaration)
        const info = engine.metric(compiled.metric, { tenant: TENANT })
        const stats = { rows: 0, durationMs: performance.now() - startedMs }
        return resultsJson({ columns: [], stats, diagnostics, declared: [info], warnings: warningsOf(info) }, [])
      }
      const { plan } = compiled
      const { fromMs, toMs } = rangeOf(plan, body, engine.nowMs())
      const rows = await collectRows(engine.run(plan, { tenant: TENANT, fromMs, toMs, signal: goneSignal(reply) }))
      const stats = { rows: rows.length, durationMs: performance.now() - startedMs, fromMs, toMs }
      return resultsJson({ columns: engine.columnsOf(plan, { tenant: TENANT }), stats, diagnostics }, rows)
    },
  })
  route(app, '/v1/diagnose', {
    POST: async (request, reply) => {
      const { query, stored } = await readJson(request, reply, bodyLimits, diagnoseBody)
      return { diagnostics: language.diagnose(query, { stored }) }
    },
  })
}

/** `from` and `to` of the request, else SINCE and UNTIL of the text, else the last 15 minutes. */
function rangeOf(
  plan: QueryPlan,
  asked: { readonly from?: number | undefined; readonly to?: number | undefined },
  nowMs: number,
): { fromMs: number; toMs: number } {
  const at = (point: TimePoint | undefined): number | undefined =>
    point?.kind === 'now' ? nowMs + point.offsetMs : point?.epochMs
  const toMs = asked.to ?? at(plan.range?.until) ?? nowMs
  const fromMs = asked.from ?? at(plan.range?.since) ?? toMs - DEFAULT_RANGE_MS
  if (fromMs < toMs) return { fromMs, toMs }
  throw new HttpError(400, 'EMPTY_RANGE', 'the beginning of the range is not before its end', {
    hint: 'from and to of the request, else SINCE and UNTIL of the text, else the last 15 minutes',
  })
}

/** A declaration wins over what senders say, also where it is wrong: running totals read as amounts add up to nonsense. */
function warningsOf(info: MetricInfo | undefined): string[] {
  if (info === undefined || info.conflicts === 0) return []
  return [
    `${info.conflicts} of ${info.seriesCount} series of ${info.metric} come as another kind than ${info.kind}; ` +
      'their samples are read as the declaration says',
  ]
}
