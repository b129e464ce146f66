import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ServerContext } from '../context.ts'
import { goneSignal } from '../http/gone-signal.ts'
import { HttpError } from '../http/http-error.ts'
import { checked, readJson } from '../http/json-body.ts'
import { route } from '../http/route.ts'
import { DEFAULT_RANGE_MS, rangeParameters } from '../http/time-range.ts'
import { readHistory } from '../queries/result-history.ts'
import { resultsJson } from '../queries/result-json.ts'

const queryName = z
  .string()
  .regex(/^(?!\.{1,2}$)[\p{L}\p{M}\p{N}_.-]{1,128}$/u, 'give 1 to 128 letters, digits, "_", "-" or "."')
const queryText = z.string().min(1, 'give the text of a query')
const queryState = z.enum(['running', 'paused'], { error: 'give running or paused' })

const createBody = z.strictObject({ name: queryName, text: queryText, state: queryState.default('running') })
const updateBody = z.strictObject({ text: queryText.optional(), state: queryState.optional() })

/** Stored queries: create, read, change, delete, and their results. */
export function queryRoutes(app: FastifyInstance, context: ServerContext): void {
  const { queries, queryText: language, bodyLimits } = context
  route(app, '/v1/queries', {
    GET: async () => ({ queries: queries.list() }),
    POST: async (request, reply) => {
      const body = await readJson(request, reply, bodyLimits, createBody)
      const view = queries.create(body)
      return reply
        .code(201)
        .header('location', `/v1/queries/${encodeURIComponent(view.name)}`)
        .send({ ...view, diagnostics: language.diagnose(body.text, { stored: true }) })
    },
  })
  route(app, '/v1/queries/:name', {
    GET: async (request) => queries.view(nameOf(request)),
    PUT: async (request, reply) => {
      const { text, state } = await readJson(request, reply, bodyLimits, updateBody)
      return queries.update(nameOf(request), {
        ...(text === undefined ? {} : { text }),
        ...(state === undefined ? {} : { state }),
      })
    },
    DELETE: async (request, reply) => {
      queries.remove(nameOf(request))
      return reply.code(204).send()
    },
  })
  route(app, '/v1/queries/:name/results', {
    GET: async (request, reply) => {
      const startedMs = performance.now()
      const query = queries.live(nameOf(request))
      const range = checked(rangeParameters, request.query)
      const toMs = range.to ?? context.engine.nowMs()
      const fromMs = range.from ?? toMs - DEFAULT_RANGE_MS
      if (fromMs >= toMs) throw new HttpError(400, 'EMPTY_RANGE', 'from must be before to')
      const rows = await readHistory(context, query, { fromMs, toMs, signal: goneSignal(reply) })
      const stats = { rows: rows.length, durationMs: performance.now() - startedMs }
      reply.type('application/json; charset=utf-8')
      return resultsJson({ columns: query.columns, stats, queryVersion: query.queryVersion }, rows)
    },
  })
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name
}
