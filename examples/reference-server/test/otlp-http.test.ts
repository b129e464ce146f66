import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { otlpJson, otlpProtobuf, readFields } from './support/otlp-payloads.ts'
import { request, START_MS, startTestServer, type TestServer } from './support/test-server.ts'

const DAY_MS = 86_400_000
const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' }

const POINTS = [
  { timeMs: START_MS - 2000, value: 0.25 },
  { timeMs: START_MS - 1000, value: 0.75 },
]

function pointsOf(server: TestServer) {
  return server.engine.stats().tenants.find(({ tenant }) => tenant === 'default')!.points
}

async function postBytes(address: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const response = await fetch(address, { method: 'POST', body, headers })
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}

describe('OTLP over HTTP', () => {
  test('JSON and protobuf, plain and gzip, on both listeners are the same points', async () => {
    const server = await startTestServer()
    const json = Buffer.from(otlpJson('web-1', 'cpu', POINTS))
    const protobuf = Buffer.from(otlpProtobuf('web-2', 'cpu', POINTS))
    const gzip = { 'content-encoding': 'gzip' }

    const first = await postBytes(`${server.otlpUrl}/v1/metrics`, json, JSON_TYPE)
    expect([first.status, first.bytes.toString(), first.headers.get('content-type')]).toEqual([
      200,
      '{}',
      'application/json',
    ])
    expect(first.headers.get('windrow-ack')).toBe('memory')
    const second = await postBytes(`${server.url}/v1/metrics`, protobuf, PROTOBUF_TYPE)
    expect([second.status, second.bytes.length]).toEqual([200, 0])
    expect(second.headers.get('content-type')).toBe('application/x-protobuf')
    expect(pointsOf(server)).toMatchObject({ received: 4, accepted: 4, duplicate: 0 })

    // The same bytes again, in another wrapping and with other spelling of the headers, are the same batch.
    const odd = { 'content-type': 'Application/JSON; charset=utf-8', 'content-encoding': 'GZIP' }
    expect((await postBytes(`${server.url}/v1/metrics`, Buffer.from(gzipSync(json)), odd)).status).toBe(200)
    const third = await postBytes(`${server.otlpUrl}/v1/metrics`, Buffer.from(gzipSync(protobuf)), {
      ...PROTOBUF_TYPE,
      ...gzip,
    })
    expect(third.status).toBe(200)
    expect(pointsOf(server)).toMatchObject({ received: 8, accepted: 4, duplicate: 4 })

    server.engine.advanceTo(START_MS + 60_000)
    const answer = await server.call('POST', '/v1/query', {
      query: 'FROM * SELECT cpu WINDOW 5s COMPUTE count, avg GROUP BY server',
    })
    expect(answer.body.results.map((row: { group: unknown; values: unknown }) => [row.group, row.values])).toEqual([
      [{ server: 'web-1' }, { count: 2, avg: 0.5 }],
      [{ server: 'web-2' }, { count: 2, avg: 0.5 }],
    ])
    expect(answer.body.columns).toEqual([
      { name: 'count', unit: '1', type: 'number' },
      { name: 'avg', unit: '1', type: 'number' },
    ])
  })

  test('gzip of several members is one body', async () => {
    const server = await startTestServer()
    const json = Buffer.from(otlpJson('web-1', 'cpu', POINTS))
    const members = Buffer.concat([gzipSync(json.subarray(0, 50)), gzipSync(json.subarray(50))])
    const answer = await postBytes(`${server.otlpUrl}/v1/metrics`, members, {
      ...JSON_TYPE,
      'content-encoding': 'gzip',
    })
    expect(answer.status).toBe(200)
    expect(pointsOf(server).accepted).toBe(2)
  })

  test('Idempotency-Key names the batch', async () => {
    const server = await startTestServer()
    for (const [value, key] of [
      [1, 'a'],
      [2, 'a'],
      [2, 'b'],
    ] as const)
      await request(`${server.otlpUrl}/v1/metrics`, {
        method: 'POST',
        body: otlpJson('web-1', 'cpu', [{ timeMs: START_MS + value, value }]),
        headers: { ...JSON_TYPE, 'idempotency-key': key },
      })
    expect(pointsOf(server)).toMatchObject({ received: 3, accepted: 2, duplicate: 1 })
    const tooLong = { ...JSON_TYPE, 'idempotency-key': 'x'.repeat(256) }
    const refused = await request(`${server.otlpUrl}/v1/metrics`, { method: 'POST', body: '{}', headers: tooLong })
    expect(refused.status).toBe(400)
  })

  test('points of both decoder and engine that were not taken are counted and named', async () => {
    const server = await startTestServer({ flags: ['--retention', '1d'] })
    const request_ = JSON.parse(otlpJson('web-1', 'cpu', [...POINTS, { timeMs: START_MS - 2 * DAY_MS, value: 1 }]))
    request_.resourceMetrics[0].scopeMetrics[0].metrics.push({
      name: 'calls',
      sum: { dataPoints: [{ timeUnixNano: `${START_MS}000000`, asInt: '1' }] },
    })
    const answer = await request(`${server.otlpUrl}/v1/metrics`, {
      method: 'POST',
      body: JSON.stringify(request_),
      headers: JSON_TYPE,
    })
    expect(answer.status).toBe(200)
    expect(answer.body.partialSuccess.rejectedDataPoints).toBe('2')
    expect(answer.body.partialSuccess.errorMessage).toMatch(/^2 points not taken: .*1 temporality/)
    expect(answer.body.partialSuccess.errorMessage).toContain('1 expired')
    const { received, accepted, rejected } = pointsOf(server)
    expect({ received, accepted, rejected: { ...rejected } }).toEqual({
      received: 4,
      accepted: 2,
      rejected: { temporality: 1, expired: 1 },
    })

    const protobuf = Buffer.from(otlpProtobuf('web-1', 'mem', [{ timeMs: START_MS - 2 * DAY_MS, value: 1 }]))
    const { bytes } = await postBytes(`${server.otlpUrl}/v1/metrics`, protobuf, PROTOBUF_TYPE)
    const partial = readFields(readFields(bytes).get(1)![0] as Buffer)
    expect(partial.get(1)).toEqual([1n])
    expect(String(partial.get(2)![0])).toMatch(/^1 point not taken: 1 expired/)
  })

  test('an empty request is a success', async () => {
    const server = await startTestServer()
    expect(
      (await request(`${server.otlpUrl}/v1/metrics`, { method: 'POST', body: '{}', headers: JSON_TYPE })).body,
    ).toEqual({})
    expect((await postBytes(`${server.otlpUrl}/v1/metrics`, Buffer.alloc(0), PROTOBUF_TYPE)).status).toBe(200)
  })

  test.each<[string, number, number, RequestInit]>([
    ['malformed JSON', 400, 3, { body: '{"resourceMetrics":', headers: JSON_TYPE }],
    ['unknown type', 415, 3, { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['no type', 415, 3, { body: Buffer.from('{}') }],
    ['unknown encoding', 415, 3, { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'br' } }],
    ['gzip twice', 415, 3, { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'gzip, gzip' } }],
    ['not gzip', 400, 3, { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }],
    ['too large', 413, 8, { body: ' '.repeat(4097), headers: JSON_TYPE }],
    ['wrong method', 405, 12, { method: 'PUT', body: '{}', headers: JSON_TYPE }],
  ])('%s is %i with a google.rpc.Status', async (_name, status, code, init) => {
    const server = await startTestServer({ flags: ['--max-body', '4KiB'] })
    for (const base of [server.otlpUrl, server.url]) {
      const answer = await request(`${base}/v1/metrics`, { method: 'POST', ...init })
      expect(answer.status).toBe(status)
      expect(answer.body).toEqual({ code, message: expect.stringMatching(/.{10}/) })
      expect(answer.headers.get('content-type')).toBe('application/json')
      if (status === 405) expect(answer.headers.get('allow')).toBe('POST')
    }
    expect(pointsOf(server).received).toBe(0)
  })

  test('a refusal of protobuf is protobuf', async () => {
    const server = await startTestServer()
    const truncated = Buffer.from(otlpProtobuf('web-1', 'cpu', POINTS).subarray(0, -3))
    const answer = await postBytes(`${server.otlpUrl}/v1/metrics`, truncated, PROTOBUF_TYPE)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/x-protobuf'])
    const status = readFields(answer.bytes)
    expect(status.get(1)).toEqual([3n])
    expect(String(status.get(2)![0]).length).toBeGreaterThan(10)
  })

  test('an unknown address of the OTLP listener is a Status too', async () => {
    const server = await startTestServer()
    const answer = await request(`${server.otlpUrl}/v1/queries`)
    expect([answer.status, answer.body.code]).toEqual([404, 5])
  })
})
