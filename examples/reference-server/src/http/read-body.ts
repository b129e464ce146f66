import type { IncomingMessage } from 'node:http'
import { createGunzip, type Gunzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BodyBudget } from './body-budget.ts'
import { HttpError } from './http-error.ts'

export interface BodyLimits {
  /** Counted after decompression. */
  readonly maxBodyBytes: number
  readonly budget: BodyBudget
}

/**
 * The whole body, inflated when it is gzip. Inflation is streamed and stops at the first byte over the limit,
 * so a bomb costs at most `maxBodyBytes`. Throws 413 over the limit, 415 for another encoding, 400 for broken
 * or truncated gzip, 503 when the bodies in flight fill the budget, which gets its bytes back with the response.
 */
export async function readBody(request: FastifyRequest, reply: FastifyReply, limits: BodyLimits): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new HttpError(415, 'UNSUPPORTED_ENCODING', `Content-Encoding ${quote(encoding)} is not known here`, {
      hint: 'send the body with gzip or without an encoding',
      headers: { 'accept-encoding': 'gzip, identity' },
    })
  if (Number(request.headers['content-length'] ?? 0) > limits.maxBodyBytes) throw tooLarge(limits.maxBodyBytes)
  const source = request.raw
  const inflate = encoding === 'gzip' ? createGunzip({ chunkSize: 65_536 }) : undefined
  try {
    return await collect(inflate === undefined ? source : feed(source, inflate), reply, limits)
  } catch (error) {
    if (error instanceof HttpError) throw error
    if (isZlibError(error))
      throw new HttpError(400, 'BAD_ENCODING', 'the body is not valid gzip', { hint: error.message })
    throw new HttpError(400, 'BODY_INCOMPLETE', 'the body ended before it was complete')
  } finally {
    if (inflate !== undefined) {
      source.unpipe(inflate)
      inflate.destroy()
    }
  }
}

async function collect(
  stream: IncomingMessage | Gunzip,
  reply: FastifyReply,
  { maxBodyBytes, budget }: BodyLimits,
): Promise<Buffer> {
  let heldBytes = 0
  reply.raw.once('close', () => budget.release(heldBytes))
  const chunks: Buffer[] = []
  const data = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const chunk of data) {
    if (heldBytes + chunk.length > maxBodyBytes) throw tooLarge(maxBodyBytes)
    budget.take(chunk.length)
    heldBytes += chunk.length
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, heldBytes)
}

/** Pipes, and hands a broken connection on, which `pipe` alone does not. */
function feed(source: IncomingMessage, inflate: Gunzip): Gunzip {
  source.once('error', (error) => inflate.destroy(error))
  source.once('aborted', () => inflate.destroy(new Error('the client went away')))
  return source.pipe(inflate)
}

function tooLarge(maxBodyBytes: number): HttpError {
  return new HttpError(413, 'TOO_LARGE', `the body is larger than ${maxBodyBytes} bytes after decompression`, {
    hint: 'send smaller batches, or start the server with a larger --max-body',
  })
}

function isZlibError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}
