import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { mediaType } from './content-type.ts'
import { HttpError } from './http-error.ts'
import { type BodyLimits, readBody } from './read-body.ts'

/** The body's bytes when the request says `application/json`; else 415. */
export async function readJsonBytes(request: FastifyRequest, reply: FastifyReply, limits: BodyLimits): Promise<Buffer> {
  if (mediaType(request) !== 'application/json')
    throw new HttpError(415, 'UNSUPPORTED_MEDIA_TYPE', 'this route takes JSON', {
      hint: 'send the header Content-Type: application/json',
    })
  return readBody(request, reply, limits)
}

/** The body checked against the schema. Throws 400 naming each wrong field. */
export async function readJson<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  limits: BodyLimits,
  schema: z.ZodType<T>,
): Promise<T> {
  const bytes = await readJsonBytes(request, reply, limits)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new HttpError(400, 'BAD_JSON', 'the body is not valid JSON in UTF-8', { hint: (error as Error).message })
  }
  return checked(schema, value)
}

/** The value checked against the schema. Throws 400 naming each wrong field. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues
    .slice(0, 5)
    .map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`))
  throw new HttpError(400, 'BAD_REQUEST', problems.join('; '))
}
