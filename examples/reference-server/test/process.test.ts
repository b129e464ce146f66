import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { openEventStream, type StreamEvent } from './support/event-stream.ts'
import { otlpJson } from './support/otlp-payloads.ts'
import { startProcess } from './support/server-process.ts'
import { request, temporaryDir } from './support/test-server.ts'

const PATIENCE_MS = 60_000
const POLL = { timeout: 20_000 }

function json(method: string, body: unknown): RequestInit {
  return { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

/** A connection with a request whose last byte, a brace, is missing. */
async function halfSent(port: number): Promise<Socket> {
  const body = '{"query":""'
  const socket = connect(port, '127.0.0.1')
  const head = `POST /v1/diagnose HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length + 1}\r\n\r\n`
  socket.write(head + body)
  const inFlight = async (): Promise<string> => (await request(`http://127.0.0.1:${port}/metrics`)).body
  await expect.poll(inFlight, POLL).toContain(`windrow_body_bytes_in_flight ${body.length}\n`)
  return socket
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

describe('the process', { timeout: PATIENCE_MS }, () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('says what it listens on, and %s stops it cleanly', async (signal) => {
    const server = startProcess(temporaryDir())
    const url = await server.url
    await expect.poll(() => server.lines.some((line) => line.includes('ackMode')), POLL).toBe(true)
    expect(server.lines[0]).toMatch(/^windrow listening: http http:\/\/127\.0\.0\.1:\d+$/)
    expect(server.lines[1]).toMatch(/^windrow listening: otlp-http http:\/\/127\.0\.0\.1:\d+$/)
    expect(server.lines[2]).toContain('ackMode memory (accepted points are in memory and lost at a crash')
    expect(server.lines[2]).toContain('at most 1 GiB, retention 365d')
    expect(server.lines[2]).toContain('a snapshot of open windows every 30s')

    const otlpUrl = server.lines[1]!.split(' ').at(-1)
    const body = otlpJson('web-1', 'cpu', [{ timeMs: Date.now(), value: 1 }])
    const headers = { 'content-type': 'application/json' }
    expect((await request(`${otlpUrl}/v1/metrics`, { method: 'POST', body, headers })).status).toBe(200)
    const stream = await openEventStream(`${url}/v1/stream?queries=fleet_cpu`)
    expect(stream.status).toBe(200)

    server.child.kill(signal)
    const startedMs = performance.now()
    expect(await server.exit).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(10_000)
    await stream.ended
    expect(server.errors()).toBe('')
  })

  test('a request in flight is answered while it stops', async () => {
    const server = startProcess(temporaryDir())
    const port = Number(new URL(await server.url).port)
    const socket = await halfSent(port)
    server.child.kill('SIGTERM')
    await expect.poll(() => canConnect(port), POLL).toBe(false)
    socket.write('}')
    const [answer] = await once(socket, 'data')
    const answeredMs = performance.now()
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(await server.exit).toBe(0)
    expect(performance.now() - answeredMs).toBeLessThan(3000)
  })

  test('a second signal ends it at once', async () => {
    const server = startProcess(temporaryDir())
    const port = Number(new URL(await server.url).port)
    const socket = await halfSent(port)
    socket.on('error', () => undefined)
    server.child.kill('SIGTERM')
    await expect.poll(() => canConnect(port), POLL).toBe(false)
    expect(server.child.exitCode).toBe(null)
    // Within a quarter of a second it is taken for the same signal, come a second time through a parent.
    const again = (): number | null => {
      server.child.kill('SIGTERM')
      return server.child.exitCode
    }
    await expect.poll(again, POLL).toBe(1)
  })

  test('after kill -9 every acknowledged change is there, and each query is old or new, never a mix', async () => {
    const dataDir = temporaryDir()
    const textOf = (version: number): string =>
      `FROM web-${version} SELECT cpu WINDOW ${5 + (version % 5)}s COMPUTE avg AS v${version}`
    let version = 0
    for (let round = 0; round < 2; round++) {
      const server = startProcess(dataDir)
      const url = await server.url
      if (round === 0)
        for (const name of ['a', 'b', 'ü']) await request(`${url}/v1/queries`, json('POST', { name, text: textOf(0) }))
      const acknowledged = new Map<string, number>()
      const stopAt = version + 20
      const updates = (async () => {
        try {
          for (;;) {
            version++
            for (const name of ['a', 'b', 'ü']) {
              const answer = await request(
                `${url}/v1/queries/${encodeURIComponent(name)}`,
                json('PUT', { text: textOf(version) }),
              )
              if (answer.status === 200) acknowledged.set(name, version)
            }
            if (version === stopAt) server.child.kill('SIGKILL')
          }
        } catch {
          // The connection broke: the server is gone.
        }
      })()
      await server.exit
      await updates
      expect(acknowledged.size).toBe(3)

      const again = startProcess(dataDir)
      const { body } = await request(`${await again.url}/v1/queries`)
      for (const [name, atLeast] of acknowledged) {
        const view = body.queries.find((query: { name: string }) => query.name === name)
        expect(view.state).toBe('running')
        const found = Number(/AS v(\d+)$/.exec(view.text)?.[1])
        expect(found).toBeGreaterThanOrEqual(atLeast)
        expect(found).toBeLessThanOrEqual(version)
        expect(view.text).toBe(textOf(found))
        expect(view.columns[0].name).toBe(`v${found}`)
      }
      again.child.kill('SIGTERM')
      expect(await again.exit).toBe(0)
    }
  })

  test('after kill -9 open windows go on, partial, and what was emitted is not emitted again as something older', async () => {
    const dataDir = temporaryDir()
    const flags = ['--snapshot-every', '1s', '--min-window', '1s']
    const server = startProcess(dataDir, ...flags)
    const url = await server.url
    for (const [name, text] of [
      ['open', 'FROM * SELECT cpu WINDOW 10h COMPUTE count, max EMIT EVERY 1s'],
      ['short', 'FROM * SELECT cpu WINDOW 1s COMPUTE count'],
    ])
      expect((await request(`${url}/v1/queries`, json('POST', { name, text }))).status).toBe(201)
    const stream = await openEventStream(`${url}/v1/stream?queries=open,short`)
    let sent = 0
    const send = async (to: string): Promise<void> => {
      const metrics = [{ name: 'cpu', value: ++sent, kind: 'gauge' }]
      const { body } = await request(`${to}/v1/ingest`, json('POST', { server: 'web-1', metrics }))
      expect(body.accepted).toBe(1)
    }
    const rowsOf = (events: readonly StreamEvent[], name: string): StreamEvent['data'][] =>
      events.filter(({ event, data }) => event === 'row' && data.query === name).map(({ data }) => data)
    const enough = async (): Promise<number> => {
      await send(url)
      return new Set(rowsOf(stream.events, 'short').map(({ startMs }) => startMs)).size
    }
    await expect.poll(enough, { ...POLL, interval: 200 }).toBeGreaterThanOrEqual(3)
    const sentBefore = sent
    const saved = async (): Promise<number> =>
      Number(/windrow_snapshots_total\{outcome="saved"\} (\d+)/.exec((await request(`${url}/metrics`)).body)?.[1])
    // The one that may be under way is of before the last sample.
    const atLeast = (await saved()) + 2
    await expect.poll(saved, POLL).toBeGreaterThanOrEqual(atLeast)
    server.child.kill('SIGKILL')
    await server.exit
    await stream.ended
    const before = new Map(rowsOf(stream.events, 'short').map((row) => [row.startMs, row.revision]))
    const newest = Math.max(...rowsOf(stream.events, 'open').map(({ revision }) => revision))

    const again = startProcess(dataDir, ...flags)
    const urlAgain = await again.url
    const streamAgain = await openEventStream(`${urlAgain}/v1/stream?queries=open,short&from=${Date.now() - 600_000}`)
    expect((await request(`${urlAgain}/readyz`)).body).toMatchObject({ warnings: [], state: { restored: 'restored' } })
    for (const name of ['open', 'short'])
      expect((await request(`${urlAgain}/v1/queries/${name}`)).body).toMatchObject({
        state: 'running',
        queryVersion: 1,
      })
    await send(urlAgain)
    const goesOn = await streamAgain.until(({ data }) => data?.query === 'open' && data.values?.max === sent)
    expect(goesOn.data).toMatchObject({ queryVersion: 1, count: sentBefore + 1, partial: true, early: true })
    expect(goesOn.data.revision).toBeGreaterThan(newest)
    const fresh = await streamAgain.until(
      ({ event, data }) => event === 'row' && data.query === 'short' && !before.has(data.startMs),
    )
    expect(fresh.data.count).toBeGreaterThan(0)
    for (const { startMs, revision } of rowsOf(streamAgain.events, 'short'))
      expect(revision).toBeGreaterThan(before.get(startMs) ?? 0)
    again.child.kill('SIGTERM')
    expect(await again.exit).toBe(0)
    expect(again.lines).toContain('windrow: open windows go on from the last snapshot')
  })

  test('the first start has queries for the fleet and for this machine', async () => {
    const server = startProcess(temporaryDir())
    const { body } = await request(`${await server.url}/v1/queries`)
    const byName = new Map<string, { text: string; state: string }>(
      body.queries.map((query: { name: string; text: string; state: string }) => [query.name, query]),
    )
    for (const { state } of byName.values()) expect(state).toBe('running')
    expect(byName.get('fleet_cpu')?.text).toContain('COMPUTE min, max, avg, percentile(95)')
    expect(byName.get('host_memory')?.text).toContain(hostname())
  })

  test('a wrong flag ends it with 2, naming flag, value and remedy', async () => {
    const server = startProcess(temporaryDir(), '--retention', 'ever', '--sevrers', '5')
    expect(await server.exit).toBe(2)
    expect(server.errors()).toBe(
      'windrow: --sevrers: there is no such flag, did you mean --servers; see --help\n' +
        'windrow: --retention: "ever" is not valid; give a duration such as 5s, 12h, 30d, 1y or 20y (a year is 365 days)\n',
    )
    expect(server.lines).toEqual([])
  })

  test('a replay file that is not there ends it with 1 before anything listens', async () => {
    const server = startProcess(temporaryDir(), '--replay', 'nofile.csv')
    expect(await server.exit).toBe(1)
    expect(server.errors()).toMatch(
      /^windrow: cannot replay nofile\.csv: there is no such file \(looked for \/.*nofile\.csv\)\n$/,
    )
    expect(server.lines).toEqual([])
  })

  test('help ends it with 0', async () => {
    const server = startProcess(temporaryDir(), '--help')
    expect(await server.exit).toBe(0)
    expect(server.lines.slice(0, 4).join('\n')).toContain('Examples\n  npm start')
  })

  test('a port or a data directory in use ends it with 1 and the remedy', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    const dataDir = temporaryDir()
    const running = startProcess(dataDir)
    await running.url
    const { port } = other.address() as { port: number }
    const samePort = startProcess(temporaryDir(), '--port', String(port))
    expect(await samePort.exit).toBe(1)
    expect(samePort.errors()).toMatch(
      /^windrow: --port \d+: the port is in use on 127\.0\.0\.1\. Stop .* \(0 = any free one\)\n$/,
    )
    const sameDir = startProcess(dataDir)
    expect(await sameDir.exit).toBe(1)
    expect(sameDir.errors()).toContain(
      'is in use by another server: stop that one, or give this one its own --data-dir',
    )
    other.close()
  })
})
