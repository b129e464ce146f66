import { hostname } from 'node:os'
import type { Engine, EngineOptions, StorageAdapter } from '@windrow/core'
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
import { openEngine, type RestoreOutcome } from './state/open-engine.ts'
import { SnapshotKeeper } from './state/snapshot-keeper.ts'
import { openSqliteStore } from './store/sqlite-store.ts'
import { TENANT } from './tenant.ts'
import { setAsideText } from './warnings.ts'

/** Large requests that are read at one time, in multiples of the largest one. */
const BODIES_IN_FLIGHT = 4

/** Connections that are still busy this long after stopping began are cut. */
const STOP_PATIENCE_MS = 4000

export interface RunningServer {
  readonly engine: Engine
  readonly restored: RestoreOutcome
  /** Base addresses, for example `http://127.0.0.1:8080`; undefined where the listener is off. */
  readonly urls: { readonly http: string | undefined; readonly otlpHttp: string | undefined }
  /** Ends streams, closes the listeners, answers what is in flight, takes a snapshot, closes the engine and the store. */
  close(): Promise<void>
}

export interface StartOverrides {
  /** Engine settings that are no flags; tests turn the clock by hand. */
  readonly engine?: Pick<EngineOptions, 'clock' | 'maxQueuedRows' | 'maxFutureMs'>
  /** Where a manual clock stands from the start. */
  readonly startMs?: number
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
  let memory: ReturnType<typeof memoryAdapter>
  const { engine, storage, stateStore, outcome } = await openEngine({
    dataDir: options.dataDir,
    newStorage() {
      memory = memoryAdapter({ maxBytes: options.memoryLimitBytes, retentionMs: options.retentionMs })
      return overrides.wrapStorage?.(memory) ?? memory
    },
    engine: {
      retentionMs: options.retentionMs,
      minWindowMs: options.minWindowMs,
      maxSeries: options.maxSeries,
      generation,
      onError: (error) => http.log.error({ err: error }, 'the engine reports an error'),
      ...overrides.engine,
    },
    restores: options.snapshotEveryMs > 0,
    startMs: overrides.startMs,
  }).catch((error: unknown) => {
    store.close()
    throw error
  })
  if (outcome.kind === 'set-aside') http.log.error(setAsideText(outcome))
  const snapshots = new SnapshotKeeper({
    engine,
    stateStore,
    everyMs: options.snapshotEveryMs,
    onError: (error) => http.log.error({ err: error }, 'a snapshot could not be saved'),
  })

  async function stop({ saves }: { readonly saves: boolean }): Promise<void> {
    stopping.abort()
    const impatience = setTimeout(() => {
      http.server.closeAllConnections()
      otlpHttp.server.closeAllConnections()
    }, STOP_PATIENCE_MS)
    await Promise.all([http.close(), otlpHttp.close()])
    clearTimeout(impatience)
    if (saves) await snapshots.close()
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
      restored: outcome,
      snapshots,
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
    return { engine, restored: outcome, urls, close: () => stop({ saves: true }) }
  } catch (error) {
    // Not all queries may be there yet: the snapshot of the life before is the better one.
    await stop({ saves: false })
    throw error
  }
}
