import { describe, expect, test } from 'vitest'
import { request, START_MS, startTestServer } from './support/test-server.ts'

const DAY_MS = 86_400_000

describe('POST /v1/ingest', () => {
  test('takes what is right and names what is not, by its place in the body', async () => {
    const server = await startTestServer({ flags: ['--retention', '1d'] })
    const answer = await server.call('POST', '/v1/ingest', {
      server: 'web-1',
      metrics: [
        { name: 'bad', value: 'many' },
        { name: 'cpu', value: 1, timestamp: START_MS },
        { name: 'old', value: 1, timestamp: START_MS - 2 * DAY_MS },
        { name: '', value: 1 },
        { name: 'older', value: 1, timestamp: START_MS - 3 * DAY_MS },
        { name: 'now', value: 2 },
      ],
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('windrow-ack')).toBe('memory')
    expect(answer.body).toMatchObject({ accepted: 2, duplicates: 0, shed: 0 })
    expect(answer.body.rejected.map(({ index, reason }: { index: number; reason: string }) => [index, reason])).toEqual(
      [
        [0, 'invalid'],
        [2, 'expired'],
        [3, 'invalid'],
        [4, 'expired'],
      ],
    )
  })

  test('the same sample twice is a duplicate, the same key is a duplicate batch', async () => {
    const server = await startTestServer()
    const body = { server: 'web-1', metrics: [{ name: 'cpu', value: 1, timestamp: START_MS, kind: 'gauge' }] }
    expect((await server.call('POST', '/v1/ingest', body)).body).toMatchObject({ accepted: 1, duplicates: 0 })
    expect((await server.call('POST', '/v1/ingest', body)).body).toMatchObject({ accepted: 0, duplicates: 1 })
    const withKey = async (value: number) =>
      (
        await request(`${server.url}/v1/ingest`, {
          method: 'POST',
          body: JSON.stringify({ server: 'web-2', metrics: [{ name: 'cpu', value, timestamp: START_MS + value }] }),
          headers: { 'content-type': 'application/json', 'idempotency-key': 'once' },
        })
      ).body
    expect(await withKey(1)).toMatchObject({ accepted: 1 })
    expect(await withKey(2)).toMatchObject({ accepted: 0, duplicates: 1 })
  })

  test('infinities are text on the way out', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/ingest', {
      server: 'web-1',
      metrics: [{ name: 'cpu', value: 'Infinity', timestamp: START_MS, kind: 'gauge' }],
    })
    server.engine.advanceTo(START_MS + 60_000)
    const answer = await server.call('POST', '/v1/query', { query: 'FROM * SELECT cpu WINDOW 5s COMPUTE max, count' })
    expect(answer.body.results[0].values).toEqual({ max: 'Infinity', count: 1 })
  })
})

describe('POST /v1/query', () => {
  test('the range: of the request, of the text, or the last 15 minutes', async () => {
    const server = await startTestServer()
    const minute = 60_000
    await server.call('POST', '/v1/ingest', {
      server: 'web-1',
      metrics: [-20, -10, -5].map((at) => ({
        name: 'cpu',
        value: -at,
        timestamp: START_MS + at * minute,
        kind: 'gauge',
      })),
    })
    const text = 'FROM * SELECT cpu WINDOW 1m COMPUTE max'
    const values = async (body: object): Promise<number[]> =>
      (await server.call('POST', '/v1/query', body)).body.results.map(
        (row: { values: { max: number } }) => row.values.max,
      )
    expect(await values({ query: text })).toEqual([10, 5])
    expect(await values({ query: `${text} SINCE 30m` })).toEqual([20, 10, 5])
    expect(await values({ query: `${text} SINCE 30m UNTIL 8m` })).toEqual([20, 10])
    expect(await values({ query: `${text} SINCE 30m`, from: START_MS - 12 * minute })).toEqual([10, 5])
    const iso = new Date(START_MS - 8 * minute).toISOString()
    expect(await values({ query: text, from: String(START_MS - 30 * minute), to: iso })).toEqual([20, 10])
  })

  test('more rows than an answer holds are refused with the remedy', async () => {
    const server = await startTestServer({ flags: ['--min-window', '1s'] })
    const rows = 100_001
    await server.call('POST', '/v1/ingest', {
      server: 'web-1',
      metrics: Array.from({ length: rows }, (_, i) => ({ name: 'cpu', value: 1, timestamp: START_MS - i * 1000 })),
    })
    const answer = await server.call('POST', '/v1/query', {
      query: 'FROM * SELECT cpu WINDOW 1s COMPUTE count',
      from: START_MS - rows * 1000,
      to: START_MS + 1000,
    })
    expect([answer.status, answer.body.error.code, typeof answer.body.error.hint]).toEqual([
      400,
      'TOO_MANY_ROWS',
      'string',
    ])
  }, 20_000)
})
