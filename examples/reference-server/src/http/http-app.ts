import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { errorBody, HttpError, toHttpError } from './http-error.ts'

/** How an error is written to a request that `isMine` claims; OTLP answers in its own shape. */
export interface ErrorFace {
  isMine(request: FastifyRequest): boolean
  send(error: HttpError, request: FastifyRequest, reply: FastifyReply): FastifyReply
}

export interface HttpAppOptions {
  readonly log: { readonly level: string; readonly stream: NodeJS.WritableStream } | FastifyBaseLogger
  readonly errorFaces: readonly ErrorFace[]
  /** Once aborted, an answer also ends its connection, so that none is waited for. */
  readonly stopping: AbortSignal
}

/** A fastify instance with this server's limits, errors and raw bodies; routes are added by the caller. */
export function createHttpApp({ log, errorFaces, stopping }: HttpAppOptions): FastifyInstance {
  const app = Fastify({
    ...('stream' in log ? { logger: log } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    // A slow or silent client frees its socket within requestTimeout + connectionsCheckingInterval.
    requestTimeout: 30_000,
    keepAliveTimeout: 60_000,
    http: { headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    routerOptions: { maxParamLength: 1024 },
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: (error, request, reply) => sendError(error, request, reply),
  })

  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    if (stopping.aborted) reply.header('connection', 'close')
  })

  // Bodies stay streams: each route checks the type first and then reads with its own limits.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const refusal = toHttpError(error)
    if (refusal.statusCode >= 500) request.log.error({ err: error, method: request.method }, 'a request failed')
    reply.code(refusal.statusCode).headers(refusal.headers)
    const face = errorFaces.find((candidate) => candidate.isMine(request))
    if (face !== undefined) return face.send(refusal, request, reply)
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(errorBody(refusal)))
  }

  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply))
  app.setNotFoundHandler((request, reply) =>
    sendError(
      new HttpError(404, 'NOT_FOUND', 'there is nothing at this address', {
        hint: 'docs/http-api.md lists the routes',
      }),
      request,
      reply,
    ),
  )
  return app
}

/** Bytes that are not HTTP, headers over the limit, or a request that takes too long: answered, then closed. */
function answerBrokenHttp(error: NodeJS.ErrnoException, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE', 'the headers are larger than 16 KiB']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'REQUEST_TIMEOUT', 'the request took too long to arrive']
        : ['400 Bad Request', 'BAD_HTTP', 'this is not a valid HTTP request']
  const body = JSON.stringify({ error: { code, message } })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
