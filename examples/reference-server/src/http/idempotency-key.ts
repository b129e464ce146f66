import type { FastifyRequest } from 'fastify'
import { HttpError } from './http-error.ts'

const MAX_LENGTH = 255

/** The sender's own name for the batch; the same name within the horizon is the same batch. */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  if (typeof header === 'string' && header !== '' && header.length <= MAX_LENGTH) return header
  throw new HttpError(400, 'BAD_REQUEST', `Idempotency-Key must be 1 to ${MAX_LENGTH} characters`)
}
