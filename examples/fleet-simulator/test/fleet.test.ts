import { describe, expect, test } from 'vitest'
import { behindLine, Fleet } from '../src/fleet.ts'
import { startFleet } from '../src/index.ts'
import { decodeRequest, encodeResponse, sumUp } from './otlp-schema.ts'
import { startReceiver } from './receiver.ts'

const EPOCH_MS = Date.UTC(2026, 6, 1, 12)
const silent = (): void => undefined

describe('fleet', () => {
  test('a receiver finds what the fleet says it sent', async () => {
    await using receiver = await startReceiver()
    const fleet = new Fleet({ url: receiver.url, servers: 250, metrics: 20, log: silent })
    await fleet.sendRound(() => EPOCH_MS)
    await fleet.sendRound(() => EPOCH_MS + 1000)
    fleet.stop()
    const found = sumUp(receiver.bodies.flatMap(decodeRequest))
    const { sent, requests, bytes } = fleet.stats
    expect(found.points).toBe(250 * 20 * 2)
    expect(sent.points).toBe(found.points)
    expect(sent.calls).toBe(found.calls)
    expect(sent.latencySumSeconds).toBeCloseTo(found.latencySumSeconds, 6)
    expect(requests).toBe(receiver.bodies.length)
    expect(requests).toBeGreaterThan(2)
    expect(bytes).toBe(receiver.bodies.reduce((total, body) => total + body.length, 0))
    expect(receiver.headers.every((headers) => headers['content-type'] === 'application/x-protobuf')).toBe(true)
  })

  test('each server is in a round once', async () => {
    await using receiver = await startReceiver()
    const fleet = new Fleet({ url: receiver.url, servers: 333, connections: 3, log: silent })
    await fleet.sendRound(() => EPOCH_MS)
    fleet.stop()
    const names = receiver.bodies.flatMap(decodeRequest).map(({ attributes }) => attributes['host.name'])
    expect(names).toHaveLength(333)
    expect(new Set(names).size).toBe(333)
  })

  test.each([429, 503])('%i is counted and the same bytes come again after Retry-After', async (status) => {
    await using receiver = await startReceiver((response, request) => {
      if (request === 0) response.writeHead(status, { 'retry-after': '0' })
      response.end()
    })
    const fleet = new Fleet({ url: receiver.url, servers: 5, log: silent })
    await fleet.sendRound(() => EPOCH_MS)
    fleet.stop()
    expect(receiver.bodies).toHaveLength(2)
    expect(receiver.bodies[1]).toEqual(receiver.bodies[0])
    expect(fleet.stats).toMatchObject({ pushedBack: 1, lostPoints: 0, sent: { points: 45 } })
  })

  test('gives up at once when told to wait longer than a window is open, and says so', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(503, { 'retry-after': '60' }).end())
    const lines: string[] = []
    const fleet = new Fleet({ url: receiver.url, servers: 5, log: (line) => lines.push(line) })
    await fleet.sendRound(() => EPOCH_MS)
    fleet.stop()
    expect(fleet.stats).toMatchObject({ pushedBack: 1, lostPoints: 45, sent: { points: 0 } })
    expect(lines).toEqual(['receiver said 503, waiting 60000 ms', 'gave up 45 points so far: 503'])
  })

  test('a refusal is not repeated', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(400).end('bad envelope'))
    const lines: string[] = []
    const fleet = new Fleet({ url: receiver.url, servers: 5, log: (line) => lines.push(line) })
    await fleet.sendRound(() => EPOCH_MS)
    fleet.stop()
    expect(receiver.bodies).toHaveLength(1)
    expect(fleet.stats.lostPoints).toBe(45)
    expect(lines).toEqual(['gave up 45 points so far: 400 bad envelope'])
  })

  test('a partial success is counted and quoted', async () => {
    await using receiver = await startReceiver((response) => response.end(encodeResponse(300, 'too old')))
    const lines: string[] = []
    const fleet = new Fleet({ url: receiver.url, servers: 5, log: (line) => lines.push(line) })
    await fleet.sendRound(() => EPOCH_MS)
    fleet.stop()
    expect(fleet.stats).toMatchObject({ rejectedPoints: 300, lostPoints: 0 })
    expect(lines).toEqual(['receiver rejected 300 points: too old'])
  })

  test('stop ends a wait for a receiver that is away', async () => {
    const receiver = await startReceiver()
    await receiver[Symbol.asyncDispose]()
    const { promise: waiting, resolve } = Promise.withResolvers<string>()
    const fleet = new Fleet({ url: receiver.url, servers: 5, log: resolve })
    const round = fleet.sendRound(() => EPOCH_MS)
    expect(await waiting).toMatch(/^receiver said .*, waiting 1000 ms$/)
    fleet.stop()
    await round
    expect(fleet.stats).toMatchObject({ pushedBack: 0, sent: { points: 0 } })
  })

  test('says what was asked and what is sent', () => {
    expect(behindLine(20_000_000, 2_100_000.4)).toBe('asked 20,000,000/s, sending 2,100,000/s')
  })

  test.each([
    { servers: 0 },
    { servers: 10_001 },
    { servers: 1.5 },
    { metrics: 2001 },
    { metrics: Number.NaN },
    { connections: 0 },
  ])('refuses %o', (options) => {
    expect(() => new Fleet({ url: 'http://127.0.0.1:1/', log: silent, ...options })).toThrow(RangeError)
  })
})

describe('startFleet', () => {
  test('sends from its own thread until closed', async () => {
    await using receiver = await startReceiver()
    const lines: string[] = []
    const fleet = startFleet({ url: receiver.url, servers: 3, log: (line) => lines.push(line) })
    await receiver.first
    await fleet.close()
    expect(decodeRequest(receiver.bodies[0]!).map(({ attributes }) => attributes['host.name'])).toEqual([
      'web-01',
      'api-01',
      'web-02',
    ])
    expect(lines[0]).toBe(
      `fleet: 3 simulated servers, 27 points/s to ${receiver.url}; api-01 is the bad one: slow and hot`,
    )
    expect(fleet.stats()).toMatchObject({ lostPoints: 0 })
  })

  test('a fleet that cannot start says why and closes', async () => {
    const { promise: said, resolve } = Promise.withResolvers<string>()
    const fleet = startFleet({ url: 'http://127.0.0.1:1/', servers: -1, log: resolve })
    expect(await said).toBe('fleet: stopped by an error: servers must be a whole number from 1 to 10000, got -1')
    await fleet.close()
  })
})
