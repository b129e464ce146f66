import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { StartupError } from '../startup-error.ts'

/**
 * Listens and returns the address to reach it at, `http://127.0.0.1:8080`.
 *
 * @throws StartupError naming the flag and the remedy when the port or the address cannot be had.
 */
export async function listen(app: FastifyInstance, flag: string, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw new StartupError(reasonOf(error as NodeJS.ErrnoException, flag, host, port), { cause: error })
  }
  const address = app.server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${name}:${address.port}`
}

function reasonOf(error: NodeJS.ErrnoException, flag: string, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `--${flag} ${port}: the port is in use on ${host}. Stop the other program, or give another port (0 = any free one)`
    case 'EACCES':
      return `--${flag} ${port}: this user may not listen on that port. Give one above 1023`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `--host ${host}: this machine has no such address. Give 127.0.0.1, or 0.0.0.0 for all of its addresses`
    default:
      return `--${flag} ${port} on ${host}: ${error.message}`
  }
}
