import { describe, expect, test } from 'vitest'
import { otlpJson, otlpProtobuf } from './support/otlp-payloads.ts'
import { type Answer, request, START_MS, sendGauge, startTestServer, type TestServer } from './support/test-server.ts'

const HOUR_MS = 3_600_000

function sendOtlp(server: TestServer, timeMs: number, encoding: 'json' | 'protobuf' = 'json'): Promise<Answer> {
  const points = [{ timeMs, value: 1 }]
  return request(`${server.otlpUrl}/v1/metrics`, {
    method: 'POST',
    body: encoding === 'json' ? otlpJson('web-1', 'cpu', points) : new Uint8Array(otlpProtobuf('web-1', 'cpu', points)),
    headers: { 'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf' },
  })
}

/** A server that two sources have told twice, 6 s apart, that its clock is an hour slow. */
async function startSlowServer(): Promise<TestServer> {
  const server = await startTestServer({ overrides: { engine: { maxFutureMs: 300_000 } } })
  for (const at of [0, 6000]) {
    server.engine.advanceTo(START_MS + at)
    await sendOtlp(server, START_MS + HOUR_MS + at)
    await sendGauge(server, 'cpu', [[START_MS + HOUR_MS + at, 1]])
  }
  return server
}

describe('a clock that is slow', () => {
  test('one sender that is ahead is refused for good: its points are named as future', async () => {
    const server = await startTestServer({ overrides: { engine: { maxFutureMs: 300_000 } } })
    const answer = await sendGauge(server, 'cpu', [[START_MS + HOUR_MS, 1]])
    expect([answer.status, answer.body.rejected[0].reason, answer.body.warnings]).toEqual([200, 'future', undefined])
    expect((await server.call('GET', '/readyz')).body.warnings).toEqual([])
  })

  test('when most are ahead nothing is refused for good: 503, and the same is taken once the clock is right', async () => {
    const server = await startSlowServer()
    const samples = [[START_MS + HOUR_MS + 9000, 7]] as const
    const refused = await sendGauge(server, 'cpu', samples)
    expect([refused.status, refused.headers.get('retry-after'), refused.body.error.code]).toEqual([
      503,
      '30',
      'CLOCK_SUSPECT',
    ])
    expect(refused.body.error.message).toContain("this server's clock, which reads 2026-01-01T00:00:06.000Z")
    server.engine.advanceTo(START_MS + HOUR_MS + 10_000)
    const taken = await sendGauge(server, 'cpu', samples)
    expect([taken.status, taken.body.accepted]).toEqual([200, 1])
  })

  test.each(['json', 'protobuf'] as const)('OTLP/%s says UNAVAILABLE', async (encoding) => {
    const server = await startSlowServer()
    const refused = await sendOtlp(server, START_MS + HOUR_MS + 9000, encoding)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30'])
    if (encoding === 'json') expect(refused.body).toMatchObject({ code: 14, message: expect.stringContaining('clock') })
    else expect(refused.headers.get('content-type')).toBe('application/x-protobuf')
  })

  test('a batch of which something was taken is a partial success that names the clock', async () => {
    const server = await startSlowServer()
    const answer = await sendGauge(server, 'cpu', [
      [START_MS + 5000, 1],
      [START_MS + HOUR_MS + 9000, 2],
    ])
    expect([answer.status, answer.body.accepted, answer.body.rejected[0].reason]).toEqual([200, 1, 'future'])
    expect(answer.body.warnings).toEqual([expect.stringContaining("most senders are ahead of this server's clock")])
  })

  test('readiness and metrics warn of it, until the clock is right', async () => {
    const server = await startSlowServer()
    const { status, body } = await server.call('GET', '/readyz')
    expect([status, body.ready]).toEqual([200, true])
    expect(body.warnings).toEqual([{ code: 'CLOCK_SUSPECT', message: expect.stringContaining('restart the server') }])
    expect((await server.call('GET', '/metrics')).body).toContain('windrow_clock_suspect{tenant="default"} 1\n')
    server.engine.advanceTo(START_MS + HOUR_MS + 120_000)
    expect((await server.call('GET', '/readyz')).body.warnings).toEqual([])
  })
})
