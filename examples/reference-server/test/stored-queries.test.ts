import { describe, expect, test } from 'vitest'
import { START_MS, sendGauge, startTestServer, temporaryDir } from './support/test-server.ts'

const TEXT = 'FROM * SELECT cpu WINDOW 5s COMPUTE avg, count'

describe('stored queries', () => {
  test('create, read, change, delete', async () => {
    const server = await startTestServer()
    const created = await server.call('POST', '/v1/queries', { name: 'ärger.v-1_2', text: TEXT })
    expect(created.status).toBe(201)
    expect(created.headers.get('location')).toBe(`/v1/queries/${encodeURIComponent('ärger.v-1_2')}`)
    const address = created.headers.get('location')!
    const { diagnostics, ...view } = created.body
    expect(diagnostics).toMatchObject([{ code: 'UNMATCHED_METRIC', severity: 'info' }])
    expect((await server.call('GET', address)).body).toEqual(view)
    expect(created.body).toMatchObject({
      name: 'ärger.v-1_2',
      text: TEXT,
      state: 'running',
      queryVersion: 1,
      window: { type: 'fixed', sizeMs: 5000, stepMs: 5000 },
      columns: [
        { name: 'avg', unit: '', type: 'number' },
        { name: 'count', unit: '1', type: 'number' },
      ],
      coversFromMs: START_MS,
      seriesMatched: 0,
      unmatched: [],
    })

    const paused = await server.call('PUT', address, { state: 'paused' })
    expect([paused.status, paused.body.state, paused.body.text]).toEqual([200, 'paused', TEXT])
    const changed = await server.call('PUT', address, { text: `${TEXT}, max`, state: 'running' })
    expect([changed.body.state, changed.body.queryVersion, changed.body.columns.length]).toEqual(['running', 2, 3])
    const same = await server.call('PUT', address, { text: `${TEXT},   max` })
    expect([same.body.queryVersion, same.body.text]).toEqual([2, `${TEXT},   max`])

    const wrong = await server.call('PUT', address, { text: 'FROM', state: 'paused' })
    expect(wrong.status).toBe(400)
    expect((await server.call('GET', address)).body).toMatchObject({ text: `${TEXT},   max`, state: 'running' })

    const { body } = await server.call('GET', '/v1/queries')
    const names = body.queries.map(({ name }: { name: string }) => name)
    expect(names).toContain('ärger.v-1_2')
    expect(names).toEqual([...names].sort())

    expect((await server.call('DELETE', address)).status).toBe(204)
    expect((await server.call('GET', address)).status).toBe(404)
    expect((await server.call('POST', '/v1/queries', { name: 'ärger.v-1_2', text: TEXT })).status).toBe(201)
  })

  test('a declaration against what senders say is taken, and told', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/ingest', {
      server: 'web-1',
      metrics: [{ name: 'orders', value: 1, kind: 'counter' }],
    })
    const { body } = await server.call('POST', '/v1/query', { query: 'DECLARE METRIC orders KIND DELTA' })
    expect(body.warnings).toEqual([expect.stringContaining('1 of 1 series of orders come as another kind than delta')])
  })

  test('queries, their state and declared metrics come back after a restart; deleted seeds do not', async () => {
    const dataDir = temporaryDir()
    const first = await startTestServer({ dataDir })
    await first.call('POST', '/v1/queries', { name: 'kept', text: TEXT })
    await first.call('POST', '/v1/queries', { name: 'resting', text: TEXT, state: 'paused' })
    await first.call('DELETE', '/v1/queries/fleet_cpu')
    await first.call('PUT', '/v1/metrics-catalog/disk%2Fio', { kind: 'delta', unit: 'By' })
    const declared = await first.call('POST', '/v1/query', { query: 'DECLARE METRIC cpu UNIT "%"' })
    expect(declared.body).toMatchObject({ columns: [], results: [], declared: [{ metric: 'cpu', unit: '%' }] })
    const before = (await first.call('GET', '/v1/queries')).body.queries
    await first.close()

    const second = await startTestServer({ dataDir })
    const after = (await second.call('GET', '/v1/queries')).body.queries
    const lasting = (view: Record<string, unknown>) =>
      ['name', 'text', 'state', 'createdAtMs', 'updatedAtMs'].map((key) => view[key])
    expect(after.map(lasting)).toEqual(before.map(lasting))
    expect(after.map(({ name }: { name: string }) => name)).not.toContain('fleet_cpu')
    expect((await second.call('GET', '/v1/queries/resting')).body.state).toBe('paused')
    expect((await second.call('GET', '/v1/metrics-catalog/disk%2Fio')).body).toMatchObject({
      kind: 'delta',
      unit: 'By',
    })
    expect((await second.call('GET', '/v1/queries/kept')).body.columns[0].unit).toBe('%')
  })

  test('a declaration that makes a query wrong shows in its state, and a later one cures it', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', { name: 'total', text: 'FROM * SELECT work WINDOW 5s COMPUTE sum' })
    await server.call('PUT', '/v1/metrics-catalog/work', { kind: 'counter' })
    const invalid = (await server.call('GET', '/v1/queries/total')).body
    expect([invalid.state, typeof invalid.problem]).toEqual(['invalid', 'string'])
    const refused = await server.call('POST', '/v1/queries', {
      name: 'total2',
      text: 'FROM * SELECT work WINDOW 5s COMPUTE sum',
    })
    expect(refused.body.diagnostics[0].code).toBe('KIND_MISMATCH')
    await server.call('PUT', '/v1/metrics-catalog/work', { kind: 'delta' })
    expect((await server.call('GET', '/v1/queries/total')).body).toMatchObject({ state: 'running' })
  })

  test('a query that was stored before a declaration made it wrong is kept, as invalid', async () => {
    const dataDir = temporaryDir()
    const first = await startTestServer({ dataDir, flags: ['--min-window', '1s'] })
    await first.call('POST', '/v1/queries', { name: 'quick', text: 'FROM * SELECT cpu WINDOW 1s COMPUTE avg' })
    await first.close()
    const second = await startTestServer({ dataDir })
    const view = (await second.call('GET', '/v1/queries/quick')).body
    expect(view).toMatchObject({ state: 'invalid', queryVersion: null, counters: null, progress: null })
    expect(view.problem).toContain('window')
    const results = await second.call('GET', '/v1/queries/quick/results')
    expect([results.status, results.body.error.code]).toEqual([409, 'QUERY_INVALID'])
    const cured = await second.call('PUT', '/v1/queries/quick', { text: TEXT })
    expect(cured.body).toMatchObject({ state: 'running', text: TEXT })
  })

  test('catalog and servers tell what came in', async () => {
    const server = await startTestServer()
    await sendGauge(server, 'cpu', [[START_MS, 1]], 'web-2')
    await sendGauge(server, 'cpu', [[START_MS, 1]], 'web-1')
    expect((await server.call('GET', '/v1/servers')).body).toEqual({ servers: ['web-1', 'web-2'] })
    expect((await server.call('GET', '/v1/metrics-catalog')).body.metrics).toEqual([
      { tenant: 'default', metric: 'cpu', kind: 'gauge', kindAssumed: false, unit: '', seriesCount: 2, conflicts: 0 },
    ])
    const unknown = await server.call('POST', '/v1/queries', {
      name: 'two',
      text: 'FROM web-1, web-9 SELECT cpu WINDOW 5s COMPUTE avg',
    })
    expect(unknown.body).toMatchObject({ seriesMatched: 1, unmatched: ['web-9'] })
  })
})
