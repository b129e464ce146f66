import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import { HttpError } from './http-error.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
type Method = (typeof METHODS)[number]

/** All methods of one path: the given ones, and 405 with `Allow` for the others. GET answers HEAD too, unless it streams. */
export function route(
  app: FastifyInstance,
  url: string,
  handlers: Partial<Record<Method, RouteHandlerMethod>>,
  options: { readonly streams?: boolean } = {},
): void {
  const allowed = METHODS.filter((method) => handlers[method] !== undefined)
  const withHead = handlers.GET !== undefined && options.streams !== true
  for (const method of allowed)
    app.route({ method, url, handler: handlers[method]!, exposeHeadRoute: method === 'GET' && withHead })
  const allow = (withHead ? [...allowed, 'HEAD'] : allowed).join(', ')
  app.route({
    method: METHODS.filter((method) => !allowed.includes(method) && !(method === 'HEAD' && withHead)),
    url,
    onRequest: async (request) => {
      throw new HttpError(405, 'METHOD_NOT_ALLOWED', `${request.method} is not a method of this address`, {
        hint: `use ${allow}`,
        headers: { allow },
      })
    },
    handler: () => undefined,
  })
}
