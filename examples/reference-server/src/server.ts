import { hostname } from 'node:os'
import { createEngine, type Engine, type EngineOptions, type StorageAdapter } from '@windrow/core'
import { memoryAdapter } from '@windrow/storage-adapters/memory'
import type { ServerContext } from './context.ts'
import { BodyBudget } from './http/body-budget.ts'
import { createHttpApp } from './http/http-app.ts'
import { listen } from './http/listen.ts'
import type { ServerOptions } from './options.ts'
import { createQueryText } from './queries/query-text.ts'
import { createStoredQueries } from './queries/stored-queries.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { dashboardRoutes } from './routes/dashboard.ts'
import { healthRoutes } from './routes/health.ts'
import { ingestRoutes } from './routes/ingest.ts'
import { otlpErrors, otlpRoutes } from './routes/otlp.ts'
import { queryRoutes } from './routes/queries.ts'
import { runRoutes } from './routes/query.ts'
import { selfMetricsRoutes } from './routes/self-metrics.ts'
import { streamRoutes } from './routes/stream.ts'
import { seedQueries } from './seed-queries.ts'
import { openSqliteStore } from './store/sqlite-store.ts'
import { TENANT } from './tenant.ts'

/** Large requests that are read at one time, in multiples of the largest one. */
const BODIES_IN_FLIGHT = 4

/** Connections that are still busy this long after stopping began are cut. */
const STOP_PATIENCE_MS = 4000

export interface RunningServer {
  readonly engine: Engine
  /** Base addresses, for example `http://127.0.0.1:8080`; undefined where the listener is off. */
  readonly urls: { readonly http: string | undefined; readonly otlpHttp: string | undefined }
  /** Ends streams, closes the listeners, answers what is in flight, then closes the engine and the store. */
  close(): Promise<void>
}

export interface StartOverrides {
  /** Engine settings that are no flags; tests turn the clock by hand. */
  readonly engine?: Pick<EngineOptions, 'clock' | 'maxQueuedRows'>
  /** Puts something around the memory storage, for example one that stalls. */
  readonly wrapStorage?: (storage: StorageAdapter) => StorageAdapter
  readonly logStream?: NodeJS.WritableStream
}

/**
 * Starts everything but the built-in inputs. Resolves when all listeners accept.
 *
 * @throws StartupError when the data directory or a port cannot be had; nothing is left open then.
 */
export async function startServer(options: ServerOptions, overrides: StartOverrides = {}): Promise<RunningServer> {
  const store = openSqliteStore(options.dataDir, seedQueries(TENANT, hostname(), Date.now()))
  const generation = store.nextGeneration()
  const stopping = new AbortController()
  const log = { level: options.logLevel, stream: overrides.logStream ?? process.stderr }
  const http = createHttpApp({
    log,
    errorFaces: [otlpErrors((request) => /^\/v1\/metrics(?:\?|$)/.test(request.url))],
    stopping: stopping.signal,
  })
  const otlpHttp = createHttpApp({ log: http.log, errorFaces: [otlpErrors(() => true)], stopping: stopping.signal })
  const memory = memoryAdapter({ maxBytes: options.memoryLimitBytes, retentionMs: options.retentionMs })
  const storage = overrides.wrapStorage?.(memory) ?? memory
  const engine = createEngine({
    storage,
    retentionMs: options.retentionMs,
    minWindowMs: options.minWindowMs,
    maxSeries: options.maxSeries,
    generation,
    onError: (error) => http.log.error({ err: error }, 'the engine reports an error'),
    ...overrides.engine,
  })

  async function close(): Promise<void> {
    stopping.abort()
    const impatience = setTimeout(() => {
      http.server.closeAllConnections()
      otlpHttp.server.closeAllConnections()
    }, STOP_PATIENCE_MS)
    await Promise.all([http.close(), otlpHttp.close()])
    clearTimeout(impatience)
    await engine.close()
    store.close()
  }

  try {
    const queryText = createQueryText(engine, options.minWindowMs)
    const queries = createStoredQueries({ engine, store, queryText, tenant: TENANT, nowMs: Date.now })
    const context: ServerContext = {
      options,
      engine,
      storage,
      storageBytes: () => memory.stats().bytes,
      generation,
      queryText,
      queries,
      bodyLimits: {
        maxBodyBytes: options.maxBodyBytes,
        budget: new BodyBudget(options.maxBodyBytes * BODIES_IN_FLIGHT),
      },
      log: http.log,
      stopping: stopping.signal,
    }
    otlpRoutes(http, context)
    ingestRoutes(http, context)
    runRoutes(http, context)
    queryRoutes(http, context)
    streamRoutes(http, context)
    catalogRoutes(http, context)
    healthRoutes(http, context)
    selfMetricsRoutes(http, context)
    await http.register((scope) => dashboardRoutes(scope))
    otlpRoutes(otlpHttp, context)

    const { host, port, otlpHttpPort } = options
    const urls = {
      http: port === 'off' ? undefined : await listen(http, 'port', host, port),
      otlpHttp: otlpHttpPort === 'off' ? undefined : await listen(otlpHttp, 'otlp-http-port', host, otlpHttpPort),
    }
    return { engine, urls, close }
  } catch (error) {
    await close()
    throw error
  }
}
