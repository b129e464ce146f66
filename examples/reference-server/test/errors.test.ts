import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { request, START_MS, sendGauge, startTestServer } from './support/test-server.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const RIGHT = 'FROM * SELECT cpu WINDOW 5s COMPUTE avg'

describe('errors outside OTLP', () => {
  test.each<[string, string, number, string, unknown?]>([
    ['GET', '/v1/nothing', 404, 'NOT_FOUND'],
    ['DELETE', '/v1/queries', 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/healthz', 405, 'METHOD_NOT_ALLOWED', {}],
    ['PATCH', '/v1/queries/a', 405, 'METHOD_NOT_ALLOWED', {}],
    ['GET', '/v1/queries/a', 404, 'QUERY_NOT_FOUND'],
    ['PUT', '/v1/queries/a', 404, 'QUERY_NOT_FOUND', { state: 'paused' }],
    ['DELETE', '/v1/queries/a', 404, 'QUERY_NOT_FOUND'],
    ['GET', '/v1/queries/a/results', 404, 'QUERY_NOT_FOUND'],
    ['GET', '/v1/queries/a/stream', 404, 'QUERY_NOT_FOUND'],
    ['GET', '/v1/queries/fleet_cpu/results?from=yesterday', 400, 'BAD_REQUEST'],
    ['GET', '/v1/queries/fleet_cpu/results?from=2026-01-01', 400, 'BAD_REQUEST'],
    ['GET', '/v1/queries/fleet_cpu/results?from=5&to=5', 400, 'EMPTY_RANGE'],
    ['GET', '/v1/stream', 400, 'BAD_REQUEST'],
    ['GET', '/v1/stream?queries=,', 400, 'BAD_REQUEST'],
    ['GET', '/v1/metrics-catalog/nope', 404, 'METRIC_NOT_FOUND'],
    ['PUT', '/v1/metrics-catalog/m', 400, 'BAD_REQUEST', { kind: 'histogram' }],
    ['PUT', '/v1/metrics-catalog/m', 400, 'BAD_REQUEST', {}],
    ['POST', '/v1/queries', 400, 'BAD_REQUEST', { name: 'a b', text: RIGHT }],
    ['POST', '/v1/queries', 400, 'BAD_REQUEST', { name: '..', text: RIGHT }],
    ['POST', '/v1/queries', 400, 'BAD_REQUEST', { name: 'x'.repeat(129), text: RIGHT }],
    ['POST', '/v1/queries', 400, 'BAD_REQUEST', { name: 'a' }],
    ['POST', '/v1/queries', 400, 'BAD_REQUEST', { name: 'a', text: RIGHT, state: 'invalid' }],
    ['POST', '/v1/queries', 400, 'BAD_REQUEST', { name: 'a', text: RIGHT, stat: 'paused' }],
    ['POST', '/v1/queries', 409, 'QUERY_EXISTS', { name: 'fleet_cpu', text: RIGHT }],
    ['POST', '/v1/query', 400, 'BAD_REQUEST', { query: 5 }],
    ['POST', '/v1/query', 400, 'BAD_REQUEST', []],
    ['POST', '/v1/query', 400, 'EMPTY_RANGE', { query: RIGHT, from: 10, to: 5 }],
    ['POST', '/v1/ingest', 400, 'DECODE_FAILED', { metrics: [] }],
  ])('%s %s is %i %s', async (method, address, status, code, body) => {
    const server = await startTestServer()
    const answer = await server.call(method, address, body)
    expect(answer.status).toBe(status)
    expect(answer.body).toEqual({ error: expect.objectContaining({ code, message: expect.stringMatching(/.{8}/) }) })
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/[A-Z]/)
  })

  test.each<[string, number, string, RequestInit]>([
    ['malformed JSON', 400, 'BAD_JSON', { body: '{"query":', headers: JSON_TYPE }],
    [
      'bytes that are not UTF-8',
      400,
      'BAD_JSON',
      { body: Buffer.from('{"query":"\xff"}', 'latin1'), headers: JSON_TYPE },
    ],
    ['no body', 400, 'BAD_JSON', { headers: JSON_TYPE }],
    ['text', 415, 'UNSUPPORTED_MEDIA_TYPE', { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['a type that is none', 415, 'UNSUPPORTED_MEDIA_TYPE', { body: '{}', headers: { 'content-type': 'json' } }],
    ['no type', 415, 'UNSUPPORTED_MEDIA_TYPE', { body: Buffer.from('{}') }],
    ['brotli', 415, 'UNSUPPORTED_ENCODING', { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'br' } }],
  ])('%s is %i %s', async (_name, status, code, init) => {
    const server = await startTestServer()
    const answer = await request(`${server.url}/v1/query`, { method: 'POST', ...init })
    expect([answer.status, answer.body.error?.code]).toEqual([status, code])
  })

  test('JSON nested very deep is refused quickly', async () => {
    const server = await startTestServer()
    const body = '['.repeat(100_000) + ']'.repeat(100_000)
    const answer = await request(`${server.url}/v1/query`, { method: 'POST', body, headers: JSON_TYPE })
    expect(answer.status).toBe(400)
  })

  test('a bad query has its diagnostics beside the error', async () => {
    const server = await startTestServer()
    for (const [address, body] of [
      ['/v1/query', { query: 'FROM * SELECT cpu WINDOW 5s COMPUTE mean' }],
      ['/v1/queries', { name: 'a', text: 'FROM * SELECT cpu WINDOW 5s COMPUTE mean' }],
    ] as const) {
      const answer = await server.call('POST', address, body)
      expect(answer.status).toBe(400)
      expect(answer.body.error.code).toBe('QUERY_INVALID')
      expect(answer.body.diagnostics).toEqual([
        expect.objectContaining({
          code: 'UNKNOWN_FUNCTION',
          severity: 'error',
          start: 36,
          end: 40,
          line: 1,
          column: 37,
        }),
      ])
    }
    const shortWindow = await server.call('POST', '/v1/query', { query: 'FROM * SELECT cpu WINDOW 1s COMPUTE avg' })
    expect(shortWindow.body.diagnostics[0].code).toBe('WINDOW_TOO_SHORT')
    const range = await server.call('POST', '/v1/queries', { name: 'a', text: `${RIGHT} SINCE 1h` })
    expect(range.body.diagnostics[0].code).toBe('RANGE_IN_STORED_QUERY')
    const two = await server.call('POST', '/v1/query', { query: `${RIGHT}; ${RIGHT}` })
    expect(two.body.diagnostics[0]).toMatchObject({ code: 'NOT_ONE_QUERY', start: RIGHT.length + 2 })
    expect((await server.call('POST', '/v1/query', { query: '' })).body.diagnostics[0].code).toBe('NOT_ONE_QUERY')
  })

  test('diagnose always answers 200', async () => {
    const server = await startTestServer()
    await sendGauge(server, 'cpu', [[START_MS, 1]])
    const diagnose = async (query: string, stored = false): Promise<string[]> => {
      const answer = await server.call('POST', '/v1/diagnose', { query, stored })
      expect(answer.status).toBe(200)
      return answer.body.diagnostics.map(({ code }: { code: string }) => code)
    }
    expect(await diagnose(RIGHT)).toEqual([])
    expect(await diagnose('FROM * SELECT cpu WINDOW')).toContain('SYNTAX')
    expect(await diagnose('FROM * SELECT cpo WINDOW 5s COMPUTE avg')).toEqual(['UNMATCHED_METRIC'])
    expect(await diagnose(`${RIGHT} SINCE 1h`)).toEqual([])
    expect(await diagnose(`${RIGHT} SINCE 1h`, true)).toEqual(['RANGE_IN_STORED_QUERY'])
  })

  test('bodies with odd keys pollute nothing', async () => {
    const server = await startTestServer()
    const odd = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'
    for (const address of ['/v1/query', '/v1/queries', '/v1/ingest', '/v1/diagnose', '/v1/metrics'])
      await request(`${server.url}${address}`, { method: 'POST', body: `${odd}}`, headers: JSON_TYPE })
    const report = `${odd},"server":"__proto__","metrics":[
      {"name":"__proto__","value":1,"timestamp":${START_MS},"labels":{"__proto__":"a","constructor":"b","then":"c"}}]}`
    const taken = await request(`${server.url}/v1/ingest`, { method: 'POST', body: report, headers: JSON_TYPE })
    expect(taken.body).toEqual({ accepted: 1, duplicates: 0, shed: 0, rejected: [] })
    const text = 'FROM __proto__ SELECT __proto__ WINDOW 5s COMPUTE avg AS __proto__ GROUP BY "__proto__", constructor'
    const stored = await server.call('POST', '/v1/queries', { name: '__proto__', text })
    expect([stored.status, stored.body.name]).toEqual([201, '__proto__'])
    server.engine.advanceTo(START_MS + 60_000)
    const raw = await (await fetch(`${server.url}/v1/queries/__proto__/results`)).text()
    expect(raw).toContain('"group":{"__proto__":"a","constructor":"b"}')
    expect(raw).toContain('"values":{"__proto__":1}')
    expect((await server.call('GET', '/v1/servers')).body).toEqual({ servers: ['__proto__'] })
    expect((await server.call('GET', '/v1/metrics-catalog/__proto__')).body.metric).toBe('__proto__')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test.each([
    ['bytes that are no HTTP', 'hello\r\n\r\n', 400, 'BAD_HTTP'],
    ['headers of a megabyte', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(1e6)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['a broken escape in the address', 'GET /v1/queries/%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'BAD_REQUEST'],
  ])('%s get an answer', async (_name, bytes, status, code) => {
    const server = await startTestServer()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(bytes)
    let answer = ''
    for await (const chunk of socket) {
      answer += chunk
      if (answer.includes('}')) break
    }
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(answer).toContain(`"code":"${code}"`)
  })
})
