import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { StartupError } from '../src/startup-error.ts'
import type { StoredQuery } from '../src/store/metadata-store.ts'
import { MIGRATIONS, SCHEMA_VERSION } from '../src/store/schema.ts'
import { openSqliteStore } from '../src/store/sqlite-store.ts'
import { temporaryDir } from './support/test-server.ts'

const QUERY: StoredQuery = {
  tenant: 'default',
  name: 'naïve.__proto__',
  text: 'FROM * SELECT "temp °C\u0000" WINDOW 5s COMPUTE avg',
  state: 'paused',
  createdAtMs: 1,
  updatedAtMs: 2,
}

describe('sqlite store', () => {
  test('what was written is there after a restart', () => {
    const dir = path.join(temporaryDir(), 'made', 'on', 'the', 'way')
    const store = openSqliteStore(dir, [])
    store.putQuery(QUERY)
    store.putMetric({ tenant: 'default', metric: 'constructor', kind: 'delta' }, 3)
    store.putMetric({ tenant: 'default', metric: 'constructor', unit: 'By' }, 4)
    store.close()
    const again = openSqliteStore(dir, [])
    expect(again.queries()).toEqual([QUERY])
    expect(again.metrics()).toEqual([{ tenant: 'default', metric: 'constructor', unit: 'By' }])
    again.putQuery({ ...QUERY, text: 'changed', createdAtMs: 9, updatedAtMs: 9 })
    expect(again.queries()).toEqual([{ ...QUERY, text: 'changed', updatedAtMs: 9 }])
    again.close()
  })

  test('seeds are written once and not brought back', () => {
    const dir = temporaryDir()
    const store = openSqliteStore(dir, [QUERY])
    expect(store.queries()).toEqual([QUERY])
    store.removeQuery(QUERY.tenant, QUERY.name)
    store.close()
    const again = openSqliteStore(dir, [QUERY])
    expect(again.queries()).toEqual([])
    again.close()
  })

  test('a transaction that throws changes nothing', () => {
    const store = openSqliteStore(temporaryDir(), [])
    const failing = (): void =>
      store.transaction(() => {
        store.putQuery(QUERY)
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect(store.queries()).toEqual([])
    store.transaction(() => store.putQuery(QUERY))
    expect(store.queries()).toHaveLength(1)
    store.close()
  })

  test('each start has a greater generation', () => {
    const dir = temporaryDir()
    const generations = [1, 2, 3].map(() => {
      const store = openSqliteStore(dir, [])
      const generation = store.nextGeneration()
      store.close()
      return generation
    })
    expect(generations).toEqual([1, 2, 3])
  })

  test('the last version of a name outlives the query', () => {
    const dir = temporaryDir()
    const store = openSqliteStore(dir, [QUERY])
    expect(store.lastVersion(QUERY.tenant, QUERY.name)).toBe(0)
    for (const version of [1, 4]) store.putVersion(QUERY.tenant, QUERY.name, version)
    store.removeQuery(QUERY.tenant, QUERY.name)
    store.close()
    const again = openSqliteStore(dir, [])
    expect([again.lastVersion(QUERY.tenant, QUERY.name), again.lastVersion('other', QUERY.name)]).toEqual([4, 0])
    again.close()
  })

  test('a file of the first version is brought up to date and keeps what is in it', () => {
    const dir = temporaryDir()
    const file = path.join(dir, 'windrow.db')
    const old = new DatabaseSync(file)
    old.exec(MIGRATIONS[0]!)
    old.exec("INSERT INTO stored_query VALUES ('default', 'q', 'text', 'running', 1, 2); PRAGMA user_version = 1")
    old.close()
    const store = openSqliteStore(dir, [QUERY])
    expect(store.queries().map(({ name }) => name)).toEqual(['q'])
    store.putVersion('default', 'q', 7)
    expect(store.lastVersion('default', 'q')).toBe(7)
    store.close()
  })

  test('a file of a newer version is refused and left alone', () => {
    const dir = temporaryDir()
    openSqliteStore(dir, [QUERY]).close()
    const file = path.join(dir, 'windrow.db')
    const newer = new DatabaseSync(file)
    newer.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
    newer.close()
    expect(() => openSqliteStore(dir, [])).toThrow(/version 3 and this server reads up to version 2: start a newer/)
    const check = new DatabaseSync(file)
    expect(check.prepare('SELECT count(*) AS n FROM stored_query').get()).toEqual({ n: 1 })
    check.close()
  })

  test('a directory in use, and one that is none, are refused with the remedy', () => {
    const dir = temporaryDir()
    const store = openSqliteStore(dir, [])
    store.putQuery(QUERY)
    expect(() => openSqliteStore(dir, [])).toThrow(/in use by another server/)
    store.close()
    const file = path.join(temporaryDir(), 'file')
    writeFileSync(file, '')
    expect(() => openSqliteStore(file, [])).toThrow(StartupError)
    writeFileSync(path.join(dir, 'windrow.db'), 'this is no database, but it is long enough to look at')
    expect(() => openSqliteStore(dir, [])).toThrow(/cannot be used: file is not a database/)
  })
})
