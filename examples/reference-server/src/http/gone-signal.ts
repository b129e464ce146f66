import type { FastifyReply } from 'fastify'

/** Aborts when the response is over, so also when the client goes before it has its answer. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}
