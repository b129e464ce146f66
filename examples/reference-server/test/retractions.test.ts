import { describe, expect, test } from 'vitest'
import { openEventStream } from './support/event-stream.ts'
import { START_MS, sendGauge, startTestServer, type TestServer } from './support/test-server.ts'

const FROM = `from=${START_MS - 60_000}`

interface Row {
  readonly startMs: number
  readonly endMs: number
  readonly revision: number
  readonly count: number
  readonly early?: boolean
  readonly retracted?: boolean
  readonly partial: boolean
  readonly values: Readonly<Record<string, number | null>>
}

async function resultsOf(server: TestServer, name = 'q'): Promise<Row[]> {
  return (await server.call('GET', `/v1/queries/${name}/results?${FROM}`)).body.results
}

async function store(server: TestServer, text: string): Promise<void> {
  const { status, body } = await server.call('POST', '/v1/queries', { name: 'q', text })
  expect([status, body.error]).toEqual([201, undefined])
}

describe('rows that are taken back', () => {
  test('a late sample takes a row out of HAVING: the stream says so, results and latest no longer have it', async () => {
    const server = await startTestServer()
    await store(server, 'FROM * SELECT cpu WINDOW 10s COMPUTE avg HAVING avg > 5')
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream`)
    await sendGauge(server, 'cpu', [[START_MS, 10]])
    server.engine.advanceTo(START_MS + 21_000)
    const shown = await stream.until(({ event }) => event === 'row')
    expect((await resultsOf(server)).map(({ values }) => values)).toEqual([{ avg: 10 }])

    await sendGauge(server, 'cpu', [[START_MS + 1000, -10]])
    // Revisions of one window come 5 s apart.
    server.engine.advanceTo(START_MS + 27_000)
    const back = await stream.until(({ data }) => data?.retracted === true)
    expect(back.data).toMatchObject({ startMs: START_MS, endMs: START_MS + 10_000, group: {} })
    expect(back.data.revision).toBeGreaterThan(shown.data.revision)
    expect([shown.id, back.id]).toEqual([String(START_MS + 10_000), undefined])
    expect(await resultsOf(server)).toEqual([])
    expect(server.engine.query('q')!.latest()).toEqual([])
    const once = await server.call('POST', '/v1/query', {
      query: 'FROM * SELECT cpu WINDOW 10s COMPUTE avg HAVING avg > 5',
      from: START_MS,
    })
    expect(once.body.results).toEqual([])
  })

  test('a reader that comes back is told from where on to forget, and does not get what was taken back', async () => {
    const server = await startTestServer()
    await store(server, 'FROM * SELECT cpu WINDOW 10s COMPUTE avg HAVING avg > 5')
    await sendGauge(server, 'cpu', [
      [START_MS, 10],
      [START_MS + 10_000, 20],
    ])
    server.engine.advanceTo(START_MS + 31_000)
    await sendGauge(server, 'cpu', [[START_MS + 11_000, -20]])
    server.engine.advanceTo(START_MS + 37_000)
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream`, {
      'last-event-id': String(START_MS + 20_000),
    })
    await stream.until(({ event }) => event === 'row')
    const [columns, reset, ...rows] = stream.events.filter(({ event }) => event !== 'progress')
    expect([columns?.event, reset?.event]).toEqual(['columns', 'reset'])
    expect(reset?.data).toEqual({ query: 'q', fromMs: START_MS + 20_000 - 10_000 - 10_000 - 30_000 })
    expect(rows.map(({ data }) => data.startMs)).toEqual([START_MS])
  })

  test('a session whose start moves is one session', async () => {
    const server = await startTestServer()
    await store(server, 'FROM * SELECT cpu WINDOW SESSION GAP 10s MAX 1h COMPUTE count EMIT EVERY 1s')
    const view = (await server.call('GET', '/v1/queries/q')).body
    expect(view.window).toEqual({ type: 'session', sizeMs: 3_600_000, stepMs: 10_000 })
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream`)
    await sendGauge(server, 'cpu', [[START_MS + 8000, 1]])
    server.engine.advanceTo(START_MS + 11_000)
    const early = await stream.until(({ event }) => event === 'row')
    expect(early.data).toMatchObject({ startMs: START_MS + 8000, endMs: START_MS + 18_000, early: true })
    expect(early.id).toBe(undefined)
    expect((await resultsOf(server)).map(({ early: open }) => open)).toEqual([true])

    await sendGauge(server, 'cpu', [[START_MS + 2000, 1]])
    server.engine.advanceTo(START_MS + 40_000)
    const back = await stream.until(({ data }) => data?.retracted === true)
    expect(back.data.startMs).toBe(START_MS + 8000)
    const whole = await stream.until(({ data }) => data?.startMs === START_MS + 2000 && data.early !== true)
    expect([whole.data.endMs, whole.data.count]).toEqual([START_MS + 18_000, 2])
    expect((await resultsOf(server)).map(({ startMs, count }) => [startMs - START_MS, count])).toEqual([[2000, 2]])
  })

  test('a sample behind the lateness has its window computed anew: the row comes again, or is taken back', async () => {
    const server = await startTestServer()
    await store(
      server,
      'FROM * SELECT cpu WINDOW 10s COMPUTE avg GROUP BY server HAVING avg > 5 LATENESS 5s THEN REPAIR',
    )
    const stream = await openEventStream(`${server.url}/v1/queries/q/stream`)
    for (const from of ['goes', 'stays']) await sendGauge(server, 'cpu', [[START_MS, 10]], from)
    server.engine.advanceTo(START_MS + 60_000)
    await stream.until(({ data }) => data?.group?.server === 'stays')
    await sendGauge(server, 'cpu', [[START_MS + 1000, -10]], 'goes')
    await sendGauge(server, 'cpu', [[START_MS + 1000, 20]], 'stays')
    expect((await server.call('GET', '/v1/queries/q')).body.counters.toRepair).toBe(2)
    server.engine.advanceTo(START_MS + 61_000)
    server.engine.advanceTo(START_MS + 92_000)
    await server.engine.settled()
    const back = await stream.until(({ data }) => data?.retracted === true)
    const again = await stream.until(({ data }) => data?.values?.avg === 15)
    expect([back.data.group, again.data.group]).toEqual([{ server: 'goes' }, { server: 'stays' }])
    expect([again.data.source, again.data.count]).toEqual(['backfill', 2])
    expect((await resultsOf(server)).map(({ values }) => values)).toEqual([{ avg: 15 }])
    expect((await server.call('GET', '/metrics')).body).toContain('windrow_dirty_windows{tenant="default"} 0\n')
  })

  test('sessions from before the query was there are whole, and the one it was added in is not there twice', async () => {
    const server = await startTestServer()
    await sendGauge(
      server,
      'cpu',
      [0, 4000, 30_000, 34_000].map((at): [number, number] => [START_MS + at, 1]),
    )
    server.engine.advanceTo(START_MS + 36_000)
    await store(server, 'FROM * SELECT cpu WINDOW SESSION GAP 10s COMPUTE count')
    await sendGauge(
      server,
      'cpu',
      [38_000, 60_000].map((at): [number, number] => [START_MS + at, 1]),
    )
    server.engine.advanceTo(START_MS + 90_000)
    const rows = await resultsOf(server)
    expect(
      rows.map(({ startMs, endMs, count }) => [(startMs - START_MS) / 1000, (endMs - START_MS) / 1000, count]),
    ).toEqual([
      [0, 14, 2],
      [30, 48, 3],
      [60, 70, 1],
    ])
  })

  test('an empty window that FILL fills has no samples, in results and over history', async () => {
    const server = await startTestServer()
    await store(server, 'FROM * SELECT cpu WINDOW 10s COMPUTE max, count FILL PREVIOUS')
    await sendGauge(server, 'cpu', [
      [START_MS, 7],
      [START_MS + 20_000, 8],
    ])
    server.engine.advanceTo(START_MS + 45_000)
    const wanted = [
      [{ max: 7, count: 1 }, 1],
      [{ max: 7, count: 0 }, 0],
      [{ max: 8, count: 1 }, 1],
    ]
    expect((await resultsOf(server)).slice(0, 3).map(({ values, count }) => [values, count])).toEqual(wanted)
    const once = await server.call('POST', '/v1/query', {
      query: 'FROM * SELECT cpu WINDOW 10s COMPUTE max, count FILL PREVIOUS',
      from: START_MS,
      to: START_MS + 30_000,
    })
    expect(once.body.results.map(({ values, count }: Row) => [values, count])).toEqual(wanted)
  })

  test('days of a zone have the lengths they have', async () => {
    const server = await startTestServer()
    await store(server, 'FROM * SELECT cpu WINDOW 1d TZ "Europe/Berlin" COMPUTE max EMIT EVERY 1m')
    const view = (await server.call('GET', '/v1/queries/q')).body
    expect(view.window.type).toBe('calendar')
    expect(view.window.sizeMs).toBeGreaterThanOrEqual(86_400_000)
    await sendGauge(server, 'cpu', [[START_MS, 3]])
    server.engine.advanceTo(START_MS + 120_000)
    const [row] = await resultsOf(server)
    expect(row).toBe(undefined)
    const day = (await server.call('GET', `/v1/queries/q/results?from=${START_MS - 86_400_000}`)).body.results
    expect(day).toMatchObject([{ startMs: START_MS - 3_600_000, endMs: START_MS + 82_800_000, early: true }])
  })
})
