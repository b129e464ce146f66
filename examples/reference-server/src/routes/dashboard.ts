import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** Where `vite build` puts the dashboard. */
const BUILT_DASHBOARD = fileURLToPath(new URL('../../dist/dashboard', import.meta.url))

/** The dashboard's files at `/`, or a plain word that they are not built. */
export async function dashboardRoutes(app: FastifyInstance, root: string = BUILT_DASHBOARD): Promise<void> {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('referrer-policy', 'no-referrer')
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY)
  })
  if (existsSync(path.join(root, 'index.html'))) {
    await app.register(fastifyStatic, {
      root,
      setHeaders: (reply, file) => {
        // Names under assets/ carry a hash of the content; the page itself does not.
        const isHashed = path.relative(root, file).startsWith(`assets${path.sep}`)
        reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
    return
  }
  app.get('/', async (_request, reply) =>
    reply
      .code(503)
      .type('text/plain; charset=utf-8')
      .send(
        'The dashboard is not built. Run `npm run build` once and start the server again; the API under /v1 works.\n',
      ),
  )
}
