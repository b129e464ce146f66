import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BodyBudget } from '../src/http/body-budget.ts'
import { HttpError } from '../src/http/http-error.ts'
import { request, startTestServer } from './support/test-server.ts'

const MIB = 1024 ** 2
const POLL = { timeout: 20_000 }
const GZIP_JSON = { 'content-type': 'application/json', 'content-encoding': 'gzip' }

/** Spaces are valid JSON before a value, and compress a thousand to one. */
function bomb(sizeBytes: number): Buffer<ArrayBuffer> {
  const member = gzipSync(Buffer.alloc(16 * MIB, ' '), { level: 9 })
  return Buffer.concat(Array.from({ length: sizeBytes / (16 * MIB) }, () => member))
}

describe('limits of request bodies', () => {
  test('a gzip bomb is cut at the limit, and memory stays', async () => {
    const server = await startTestServer({ flags: ['--max-body', '8MiB'] })
    const body = bomb(512 * MIB)
    expect(body.length).toBeLessThan(MIB)
    let peakBytes = 0
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    }, 1)
    const beforeBytes = process.memoryUsage.rss()
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        request(`${server.otlpUrl}/v1/metrics`, { method: 'POST', body, headers: GZIP_JSON }),
      ),
    )
    clearInterval(watch)
    for (const { status } of answers) expect([413, 503]).toContain(status)
    expect(answers.map(({ status }) => status)).toContain(413)
    // This process is also the client and holds its own copies; 2 GiB of spaces would not fit by far.
    expect(peakBytes - beforeBytes).toBeLessThan(200 * MIB)
    expect((await request(`${server.url}/healthz`)).status).toBe(200)
    const metrics = await request(`${server.url}/metrics`)
    expect(metrics.body).toContain('windrow_body_bytes_in_flight 0\n')
  })

  test('a body is counted after decompression, to the byte', async () => {
    const server = await startTestServer({ flags: ['--max-body', '100B'] })
    const send = async (body: string, headers: Record<string, string>): Promise<number> =>
      (
        await request(`${server.url}/v1/diagnose`, {
          method: 'POST',
          body: 'content-encoding' in headers ? gzipSync(body) : body,
          headers,
        })
      ).status
    const fits = JSON.stringify({ query: 'x'.repeat(88) })
    expect(fits.length).toBe(100)
    const plain = { 'content-type': 'application/json' }
    expect([await send(fits, plain), await send(`${fits} `, plain)]).toEqual([200, 413])
    expect([await send(fits, GZIP_JSON), await send(`${fits} `, GZIP_JSON)]).toEqual([200, 413])
  })

  test.each([
    ['truncated', (gzip: Buffer) => gzip.subarray(0, -9)],
    [
      'with a wrong check sum',
      (gzip: Buffer) => gzip.map((byte, index) => (index === gzip.length - 8 ? byte ^ 1 : byte)),
    ],
    ['not gzip at all', () => Buffer.from('{}')],
  ])('gzip that is %s is 400', async (_name, spoil) => {
    const server = await startTestServer()
    const body = Buffer.from(spoil(gzipSync('{"query":"x"}')))
    const answer = await request(`${server.url}/v1/diagnose`, { method: 'POST', body, headers: GZIP_JSON })
    expect([answer.status, answer.body.error.code]).toEqual([400, 'BAD_ENCODING'])
  })

  test('an endless body is refused while it still comes', async () => {
    const server = await startTestServer({ flags: ['--max-body', '64KiB'] })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      'POST /v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
    const endless = setInterval(() => socket.write(chunk), 1)
    const [head] = await socket.take(1).toArray()
    clearInterval(endless)
    socket.destroy()
    expect(String(head)).toMatch(/^HTTP\/1.1 413 /)
  })

  test('a client that leaves in the middle gives its bytes back', async () => {
    const server = await startTestServer()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(
      'POST /v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n',
    )
    socket.write(' '.repeat(3000))
    await expect.poll(async () => (await request(`${server.url}/metrics`)).body, POLL).toContain('in_flight 3000\n')
    socket.destroy()
    await expect.poll(async () => (await request(`${server.url}/metrics`)).body, POLL).toContain('in_flight 0\n')
  })

  test('bodies beyond the budget are 503 and change nothing', () => {
    const budget = new BodyBudget(100)
    budget.take(60)
    expect(() => budget.take(41)).toThrow(HttpError)
    budget.take(40)
    budget.release(60)
    expect(budget.heldBytes).toBe(40)
  })
})
