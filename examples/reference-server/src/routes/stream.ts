import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ServerContext } from '../context.ts'
import { toHttpError } from '../http/http-error.ts'
import { checked } from '../http/json-body.ts'
import { route } from '../http/route.ts'
import { SseWriter } from '../http/sse-writer.ts'
import { timeParameter } from '../http/time-range.ts'
import { followQuery } from '../queries/follow-query.ts'
import { progressOf } from '../queries/stored-queries.ts'

const PROGRESS_EVERY_MS = 1000
const MAX_QUERIES = 200

const streamParameters = z.object({ from: timeParameter.optional() })
const manyParameters = streamParameters.extend({
  queries: z
    .string({ error: 'name the stored queries, for example ?queries=cpu,memory' })
    .transform((list) => [...new Set(list.split(',').filter((name) => name !== ''))])
    .refine((names) => names.length > 0 && names.length <= MAX_QUERIES, `name 1 to ${MAX_QUERIES} stored queries`),
})

/** Rows of stored queries as server-sent events: one query, or many over one connection. */
export function streamRoutes(app: FastifyInstance, context: ServerContext): void {
  route(
    app,
    '/v1/queries/:name/stream',
    {
      GET: async (request, reply) => {
        const { name } = request.params as { name: string }
        const { from } = checked(streamParameters, request.query)
        context.queries.live(name)
        await stream(context, request, reply, [name], from)
      },
    },
    { streams: true },
  )
  route(
    app,
    '/v1/stream',
    {
      GET: async (request, reply) => {
        const { queries, from } = checked(manyParameters, request.query)
        await stream(context, request, reply, queries, from)
      },
    },
    { streams: true },
  )
}

async function stream(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  names: readonly string[],
  fromMs: number | undefined,
): Promise<void> {
  const lastEndMs = endOfLastEvent(request)
  const writer = new SseWriter(reply, context.stopping)
  const progress = setInterval(() => sendProgress(context, names, writer), PROGRESS_EVERY_MS)
  const behind = new Set(names)
  const follow = async (name: string): Promise<void> => {
    try {
      await followQuery(context, name, writer, {
        fromMs,
        lastEndMs,
        // One query's rows come in order of time; of several, any could still lack its past.
        mayResume: () => names.length === 1 || behind.size === 0,
        onCaughtUp: () => behind.delete(name),
      })
    } catch (error) {
      if (writer.signal.aborted) return
      const { code, message, statusCode } = toHttpError(error)
      if (statusCode >= 500) request.log.error({ err: error }, 'a stream failed')
      await writer.event('end', JSON.stringify({ query: name, reason: 'failed', error: { code, message } }))
    } finally {
      behind.delete(name)
    }
  }
  try {
    await Promise.all(names.map(follow))
  } finally {
    clearInterval(progress)
    writer.close()
  }
}

function sendProgress(context: ServerContext, names: readonly string[], writer: SseWriter): void {
  for (const name of names) {
    if (writer.behind) return
    const query = context.engine.query(name)
    if (query === undefined) continue
    const progress = progressOf(query)
    const { state, queryVersion, seriesMatched } = query
    const freshnessMs = progress.watermarkMs === null ? null : context.engine.nowMs() - progress.watermarkMs
    const event = { query: name, queryVersion, state, seriesMatched, ...progress, freshnessMs }
    void writer.event('progress', JSON.stringify(event))
  }
}

/** `Last-Event-ID` of a reader that comes back: the end of the newest window it has. */
function endOfLastEvent(request: FastifyRequest): number | undefined {
  const header = request.headers['last-event-id']
  return typeof header === 'string' && /^-?\d{1,16}$/.test(header) ? Number(header) : undefined
}
