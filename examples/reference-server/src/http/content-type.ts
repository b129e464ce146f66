import type { FastifyRequest } from 'fastify'

/** The media type in lower case, without parameters such as `charset`; empty when the header is missing. */
export function mediaType(request: FastifyRequest): string {
  const header = request.headers['content-type'] ?? ''
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase()
}
