import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { otlpJson } from './support/otlp-payloads.ts'
import { request, START_MS, startTestServer } from './support/test-server.ts'

describe('pressure', () => {
  test('while the storage stalls nothing is taken, and what is sent again is taken once', async () => {
    const stall = Promise.withResolvers<void>()
    const server = await startTestServer({
      overrides: {
        engine: { maxQueuedRows: 2 },
        wrapStorage: (storage) => ({
          ...storage,
          name: storage.name,
          capabilities: storage.capabilities,
          open: (directory) => storage.open(directory),
          writeRaw: async (batch, context) => {
            await stall.promise
            return storage.writeRaw(batch, context)
          },
          scanRaw: (scan) => storage.scanRaw(scan),
          writeResults: (rows) => storage.writeResults(rows),
          scanResults: (scan) => storage.scanResults(scan),
          catalog: (tenant) => storage.catalog(tenant),
          deleteBefore: (tenant, beforeMs) => storage.deleteBefore(tenant, beforeMs),
          close: () => storage.close(),
        }),
      },
    })
    const send = (index: number) =>
      request(`${server.otlpUrl}/v1/metrics`, {
        method: 'POST',
        body: otlpJson(
          'web-1',
          'cpu',
          [1, 2].map((value) => ({ timeMs: START_MS + index * 10 + value, value })),
        ),
        headers: { 'content-type': 'application/json' },
      })
    let refusedAt = 0
    let refused = await send(refusedAt)
    while (refused.status === 200 && refusedAt < 10) refused = await send(++refusedAt)
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([503, 14, '1'])
    const ingest = await server.call('POST', '/v1/ingest', { server: 'web-1', metrics: [{ name: 'cpu', value: 1 }] })
    expect([ingest.status, ingest.body.error.code, ingest.headers.get('retry-after')]).toEqual([503, 'OVERLOADED', '1'])

    stall.resolve()
    await server.engine.flush()
    expect((await send(refusedAt)).status).toBe(200)
    expect((await send(refusedAt)).status).toBe(200)
    const { points } = server.engine.stats().tenants[0]!
    expect(points).toMatchObject({ accepted: (refusedAt + 1) * 2, duplicate: 2, shed: 3 })
    expect(points.received).toBe(points.accepted + points.duplicate + points.shed)
  })

  test('a reader that does not read costs a bounded buffer and is told what it missed', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', {
      name: 'q',
      text: 'FROM * SELECT cpu WINDOW 5s COMPUTE min, max, avg, count GROUP BY server',
    })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write('GET /v1/queries/q/stream HTTP/1.1\r\nHost: x\r\n\r\n')
    const [head] = await once(socket, 'data')
    socket.pause()
    expect(String(head)).toContain('text/event-stream')

    const servers = Array.from({ length: 2000 }, (_, index) => `web-${index}`)
    const windows = 20
    for (let window = 0; window < windows; window++) {
      const timestamp = START_MS + window * 5000
      const metrics = [{ name: 'cpu', value: window, timestamp, kind: 'gauge' }]
      await server.call(
        'POST',
        '/v1/ingest',
        servers.map((name) => ({ server: name, metrics })),
      )
      server.engine.advanceTo(timestamp + 5000)
    }
    server.engine.advanceTo(START_MS + windows * 5000 + 60_000)
    expect((await request(`${server.url}/healthz`)).status).toBe(200)

    expect((await server.call('DELETE', '/v1/queries/q')).status).toBe(204)

    const chunks: Buffer[] = []
    for await (const chunk of socket) {
      chunks.push(chunk)
      if (chunk.includes('event: end\n')) break
    }
    const text = Buffer.concat(chunks).toString()
    const skipped = [...text.matchAll(/event: skipped\ndata: \{"query":"q","rows":(\d+)\}/g)]
    expect(skipped.length).toBeGreaterThan(0)
    const missed = skipped.reduce((sum, [, rows]) => sum + Number(rows), 0)
    const got = text.split('\nevent: row\n').length - 1
    expect(missed + got).toBe(servers.length * windows)
  }, 30_000)
})
