import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly bodies: Uint8Array[]
  readonly headers: IncomingHttpHeaders[]
  /** Settles at the first request. */
  readonly first: Promise<void>
}

/** A real OTLP/HTTP endpoint on a free port; `answer` ends each response, a plain 200 by default. */
export async function startReceiver(answer?: (response: ServerResponse, request: number) => void): Promise<Receiver> {
  const bodies: Uint8Array[] = []
  const headers: IncomingHttpHeaders[] = []
  const { promise: first, resolve } = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      headers.push(request.headers)
      const index = bodies.push(Buffer.concat(chunks)) - 1
      if (answer === undefined) response.end()
      else answer(response, index)
      resolve()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`,
    bodies,
    headers,
    first,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
