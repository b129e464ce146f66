import { describe, expect, test } from 'vitest'
import { type EventStream, openEventStream } from './support/event-stream.ts'
import { START_MS, sendGauge, startTestServer, type TestServer } from './support/test-server.ts'

const TEXT = 'FROM * SELECT cpu WINDOW 5s COMPUTE avg, count'

interface Row {
  readonly query: string
  readonly startMs: number
  readonly revision: number
  readonly partial: boolean
  readonly source: string
  readonly count: number
  readonly values: { readonly avg: number; readonly count: number }
}

/** One sample a second in `[fromMs, toMs)`, its value the second's number. */
async function sendSeconds(server: TestServer, fromMs: number, toMs: number, metric = 'cpu'): Promise<void> {
  const samples: [number, number][] = []
  for (let timeMs = fromMs; timeMs < toMs; timeMs += 1000) samples.push([timeMs, (timeMs - START_MS) / 1000])
  await sendGauge(server, metric, samples)
}

function rowsOf(stream: EventStream, query = 'q'): Row[] {
  return stream.events.filter(({ event, data }) => event === 'row' && data.query === query).map(({ data }) => data)
}

function starts(rows: readonly Row[]): number[] {
  return rows.map(({ startMs }) => (startMs - START_MS) / 1000)
}

describe('results', () => {
  test('a new query shows the time before it, computed from raw, and then its own rows', async () => {
    const server = await startTestServer()
    await sendSeconds(server, START_MS, START_MS + 17_000)
    server.engine.advanceTo(START_MS + 27_000)
    await server.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await sendSeconds(server, START_MS + 17_000, START_MS + 30_000)
    server.engine.advanceTo(START_MS + 60_000)

    const { body } = await server.call('GET', `/v1/queries/q/results?from=${START_MS}&to=${START_MS + 60_000}`)
    const rows: Row[] = body.results
    expect(starts(rows)).toEqual([0, 5, 10, 15, 20, 25])
    expect(rows.map(({ values }) => values)).toEqual([2, 7, 12, 17, 22, 27].map((avg) => ({ avg, count: 5 })))
    expect(rows.map(({ source }) => source)).toEqual(['backfill', 'backfill', 'backfill', 'backfill', 'live', 'live'])
    expect(rows.filter(({ partial }) => partial)).toEqual([])
    // What the query itself emitted of the window it was added in has a smaller revision than the whole row.
    const cut = server.engine.query('q')!
    expect(Math.min(...rows.slice(0, 4).map(({ revision }) => revision))).toBeGreaterThan(cut.latest()[0]!.revision)
    expect(body).toMatchObject({ queryVersion: 1, stats: { rows: 6 }, columns: [{ name: 'avg' }, { name: 'count' }] })

    const some = await server.call('GET', `/v1/queries/q/results?from=${START_MS + 5000}&to=${START_MS + 25_000}`)
    expect(starts(some.body.results)).toEqual([5, 10, 15, 20])
  })

  test('a query that is made anew under an old name does not show the rows of the old one', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await sendSeconds(server, START_MS, START_MS + 20_000)
    server.engine.advanceTo(START_MS + 60_000)
    await server.call('DELETE', '/v1/queries/q')
    await server.call('POST', '/v1/queries', { name: 'q', text: 'FROM * SELECT cpu WINDOW 10s COMPUTE max' })
    const { body } = await server.call('GET', `/v1/queries/q/results?from=${START_MS}`)
    expect(body.results.map(({ values }: { values: unknown }) => values)).toEqual([{ max: 9 }, { max: 19 }])
  })
})

describe('stream', () => {
  test('snapshot, then follow: no window is missing and none comes twice', async () => {
    const server = await startTestServer()
    await sendSeconds(server, START_MS, START_MS + 20_000)
    server.engine.advanceTo(START_MS + 30_000)
    await server.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await sendSeconds(server, START_MS + 20_000, START_MS + 40_000)
    server.engine.advanceTo(START_MS + 50_000)

    // Windows close while the stream is being opened and its snapshot read.
    const opening = openEventStream(`${server.url}/v1/queries/q/stream?from=${START_MS}`)
    for (let at = 40; at < 120; at += 5) {
      await sendSeconds(server, START_MS + at * 1000, START_MS + (at + 5) * 1000)
      server.engine.advanceTo(START_MS + (at + 12) * 1000)
    }
    const stream = await opening
    server.engine.advanceTo(START_MS + 200_000)
    await stream.until(({ data }) => data?.startMs === START_MS + 115_000)

    expect(stream.events[0]).toMatchObject({ event: 'columns', data: { query: 'q', queryVersion: 1 } })
    const rows = rowsOf(stream)
    expect([...new Set(starts(rows))]).toEqual(Array.from({ length: 24 }, (_, index) => index * 5))
    expect(rows.map(({ count }) => count)).toEqual(rows.map(() => 5))
    const identities = rows.map(({ startMs, revision }) => `${startMs}/${revision}`)
    expect(new Set(identities).size).toBe(identities.length)
    const last = stream.events.findLast(({ event }) => event === 'row')!
    expect(last.id).toBe(String(START_MS + 120_000))
  })

  test('a late sample sends the row again with a greater revision', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await sendSeconds(server, START_MS, START_MS + 4000)
    server.engine.advanceTo(START_MS + 16_000)
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream`)
    const first = await stream.until(({ event }) => event === 'row')
    await sendGauge(server, 'cpu', [[START_MS + 4500, 100]])
    server.engine.advanceTo(START_MS + 24_000)
    const second = await stream.until(({ event, data }) => event === 'row' && data.revision > first.data.revision)
    expect([first.data.count, second.data.count, second.data.lateApplied]).toEqual([4, 5, 1])
  })

  test('without from: the newest row of each group, then what is new', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await sendSeconds(server, START_MS, START_MS + 20_000)
    server.engine.advanceTo(START_MS + 40_000)
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream`)
    await stream.until(({ event }) => event === 'row')
    await sendSeconds(server, START_MS + 40_000, START_MS + 45_000)
    server.engine.advanceTo(START_MS + 60_000)
    await stream.until(({ data }) => data?.startMs === START_MS + 40_000)
    expect(starts(rowsOf(stream))).toEqual([15, 40])
  })

  test('Last-Event-ID goes on from a little before', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await sendSeconds(server, START_MS, START_MS + 300_000)
    server.engine.advanceTo(START_MS + 320_000)
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream?from=${START_MS}`, {
      'last-event-id': String(START_MS + 280_000),
    })
    await stream.until(({ data }) => data?.startMs === START_MS + 295_000)
    const got = starts(rowsOf(stream))
    expect(got[0]).toBeLessThan(280)
    expect(got[0]).toBeGreaterThan(200)
    expect(got).toEqual(Array.from({ length: got.length }, (_, index) => got[0]! + index * 5))
  })

  test('many queries over one connection; removing one ends it alone', async () => {
    const server = await startTestServer()
    for (const name of ['q', 'r']) await server.call('POST', '/v1/queries', { name, text: TEXT })
    await sendSeconds(server, START_MS, START_MS + 10_000)
    server.engine.advanceTo(START_MS + 30_000)
    const stream = await openEventStream(`${server.url}/v1/stream?queries=q,r,gone,q&from=${START_MS}`)
    await stream.until(({ data }) => data?.query === 'q' && data.startMs === START_MS + 5000)
    await stream.until(({ data }) => data?.query === 'r' && data.startMs === START_MS + 5000)
    const gone = await stream.until(({ event }) => event === 'end')
    expect(gone.data).toMatchObject({ query: 'gone', reason: 'failed', error: { code: 'QUERY_NOT_FOUND' } })
    const progress = await stream.until(({ event, data }) => event === 'progress' && data.query === 'r')
    expect(progress.data).toMatchObject({ state: 'running', watermarkMs: START_MS + 20_000, freshnessMs: 10_000 })

    await server.call('DELETE', '/v1/queries/q')
    await stream.until(({ event, data }) => event === 'end' && data.query === 'q' && data.reason === 'removed')
    await sendSeconds(server, START_MS + 30_000, START_MS + 35_000)
    server.engine.advanceTo(START_MS + 60_000)
    await stream.until(({ data }) => data?.query === 'r' && data.startMs === START_MS + 30_000)
    expect(starts(rowsOf(stream, 'q'))).toEqual([0, 5])
    expect(starts(rowsOf(stream, 'r'))).toEqual([0, 5, 30])
  })

  test('a new version of the query announces its columns', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream`)
    await stream.until(({ event }) => event === 'columns')
    await server.call('PUT', '/v1/queries/q', { text: 'FROM * SELECT cpu WINDOW 5s COMPUTE max' })
    await sendSeconds(server, START_MS + 5000, START_MS + 10_000)
    server.engine.advanceTo(START_MS + 30_000)
    const row = await stream.until(({ event }) => event === 'row')
    expect(row.data.values).toEqual({ max: 9 })
    expect(stream.events.filter(({ event }) => event === 'columns').map(({ data }) => data.queryVersion)).toEqual([
      1, 2,
    ])
  })

  test('stopping the server ends the streams', async () => {
    const server = await startTestServer()
    const stream = await openEventStream(`${server.url}/v1/stream?queries=fleet_cpu,rpc_calls`)
    expect(stream.status).toBe(200)
    await server.close()
    await stream.ended
  })
})
