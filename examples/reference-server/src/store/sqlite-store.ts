import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { MetricKind } from '@windrow/core'
import { StartupError } from '../startup-error.ts'
import type { DeclaredMetric, MetadataStore, StoredQuery } from './metadata-store.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts'

const SQLITE_BUSY = 5
const BUSY_TIMEOUT_MS = 2000

/**
 * Opens `windrow.db` in the directory, creating both. `seeds` are written in the transaction that creates the
 * tables, so a first start that is cut off leaves nothing and one that is through never seeds again.
 * One server at a time: the lock is held until `close` or the end of the process.
 *
 * @throws StartupError when the directory or the file cannot be used, or the file is of a newer version.
 */
export function openSqliteStore(dataDir: string, seeds: readonly StoredQuery[]): MetadataStore {
  const file = path.join(dataDir, 'windrow.db')
  try {
    mkdirSync(dataDir, { recursive: true })
    const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      return prepare(database, file, seeds)
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    if (error instanceof StartupError) throw error
    const inUse = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
    throw new StartupError(
      inUse
        ? `--data-dir ${dataDir} is in use by another server: stop that one, or give this one its own --data-dir`
        : `--data-dir ${dataDir} cannot be used: ${(error as Error).message}. Give a directory this user can write to`,
      { cause: error },
    )
  }
}

function prepare(database: DatabaseSync, file: string, seeds: readonly StoredQuery[]): MetadataStore {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > SCHEMA_VERSION)
    throw new StartupError(
      `${file} is of version ${version} and this server reads up to version ${SCHEMA_VERSION}: ` +
        'start a newer server, or give another --data-dir',
    )
  if (version < SCHEMA_VERSION)
    inTransaction(database, () => {
      for (const migration of MIGRATIONS.slice(version)) database.exec(migration)
      const migrated = createStore(database)
      if (version === 0) for (const seed of seeds) migrated.putQuery(seed)
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    })
  return createStore(database)
}

function createStore(database: DatabaseSync): MetadataStore {
  const selectQueries = database.prepare('SELECT * FROM stored_query ORDER BY tenant, name')
  const selectMetrics = database.prepare('SELECT * FROM declared_metric ORDER BY tenant, metric')
  const upsertQuery = database.prepare(`
    INSERT INTO stored_query (tenant, name, text, state, created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET text = excluded.text, state = excluded.state, updated_at_ms = excluded.updated_at_ms`)
  const deleteQuery = database.prepare('DELETE FROM stored_query WHERE tenant = ? AND name = ?')
  const upsertMetric = database.prepare(`
    INSERT INTO declared_metric (tenant, metric, kind, unit, declared_at_ms) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET kind = excluded.kind, unit = excluded.unit, declared_at_ms = excluded.declared_at_ms`)
  const selectVersion = database.prepare('SELECT version FROM query_version WHERE tenant = ? AND name = ?')
  const upsertVersion = database.prepare(`
    INSERT INTO query_version (tenant, name, version) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET version = excluded.version`)
  const raiseGeneration = database.prepare(
    'UPDATE engine_generation SET generation = generation + 1 RETURNING generation',
  )
  return {
    queries: () =>
      selectQueries.all().map(
        (row): StoredQuery => ({
          tenant: String(row['tenant']),
          name: String(row['name']),
          text: String(row['text']),
          state: row['state'] === 'paused' ? 'paused' : 'running',
          createdAtMs: Number(row['created_at_ms']),
          updatedAtMs: Number(row['updated_at_ms']),
        }),
      ),
    metrics: () =>
      selectMetrics.all().map(
        (row): DeclaredMetric => ({
          tenant: String(row['tenant']),
          metric: String(row['metric']),
          ...(row['kind'] === null ? {} : { kind: row['kind'] as MetricKind }),
          ...(row['unit'] === null ? {} : { unit: String(row['unit']) }),
        }),
      ),
    putQuery(query) {
      upsertQuery.run(query.tenant, query.name, query.text, query.state, query.createdAtMs, query.updatedAtMs)
    },
    removeQuery(tenant, name) {
      deleteQuery.run(tenant, name)
    },
    putMetric(metric, nowMs) {
      upsertMetric.run(metric.tenant, metric.metric, metric.kind ?? null, metric.unit ?? null, nowMs)
    },
    lastVersion: (tenant, name) => Number(selectVersion.get(tenant, name)?.['version'] ?? 0),
    putVersion(tenant, name, version) {
      upsertVersion.run(tenant, name, version)
    },
    nextGeneration: () => Number(raiseGeneration.get()?.['generation']),
    transaction: (work) => inTransaction(database, work),
    close: () => database.close(),
  }
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
