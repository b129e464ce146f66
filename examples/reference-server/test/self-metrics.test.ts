import { describe, expect, test } from 'vitest'
import { MetricsText } from '../src/metrics/metrics-text.ts'
import { START_MS, sendGauge, startTestServer, type TestServer } from './support/test-server.ts'

/** `name{labels}` to value; throws on a line that is not of the format. */
async function scrape(server: TestServer): Promise<Map<string, number>> {
  const { body, headers } = await server.call('GET', '/metrics')
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const samples = new Map<string, number>()
  for (const line of body.split('\n')) {
    if (line === '' || line.startsWith('# HELP ') || line.startsWith('# TYPE ')) continue
    const match = /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)*\})?) (\S+)$/.exec(line)
    if (match === null) throw new Error(`not a sample: ${line}`)
    samples.set(match[1]!, Number(match[2]))
  }
  return samples
}

function sumOf(samples: Map<string, number>, prefix: string): number {
  return [...samples].filter(([name]) => name.startsWith(prefix)).reduce((sum, [, value]) => sum + value, 0)
}

describe('/metrics', () => {
  test('the point law and the query law hold over everything that came in', async () => {
    const server = await startTestServer({ flags: ['--retention', '1d'] })
    await server.call('POST', '/v1/queries', {
      name: 'q',
      text: 'FROM * SELECT cpu WINDOW 5s COMPUTE avg LATENESS 5s THEN DROP',
    })
    await sendGauge(server, 'cpu', [
      [START_MS, 1],
      [START_MS + 1000, 2],
      [START_MS + 1000, 3],
      [START_MS - 9 * 86_400_000, 4],
    ])
    await server.call('POST', '/v1/ingest', {
      server: 'web-1',
      metrics: [
        { name: 'cpu', value: 'NaN', timestamp: START_MS + 2000, kind: 'gauge' },
        { name: 'cpu', value: 'x' },
      ],
    })
    server.engine.advanceTo(START_MS + 17_000)
    await sendGauge(server, 'cpu', [[START_MS + 3000, 5]])
    server.engine.advanceTo(START_MS + 120_000)
    await sendGauge(server, 'cpu', [[START_MS + 4000, 6]])

    const samples = await scrape(server)
    const outcome = (name: string, reason = ''): number | undefined =>
      samples.get(`windrow_points_total{tenant="default",outcome="${name}",reason="${reason}"}`)
    expect(sumOf(samples, 'windrow_points_total{')).toBe(8)
    expect(samples.get('windrow_points_received_total{tenant="default"}')).toBe(8)
    expect([outcome('accepted'), outcome('duplicate'), outcome('shed')]).toEqual([5, 1, 0])
    expect([outcome('rejected', 'expired'), outcome('rejected', 'invalid')]).toEqual([1, 1])

    const query = (name: string): number | undefined =>
      samples.get(`windrow_query_points_total{tenant="default",query="q",outcome="${name}"}`)
    expect([query('applied'), query('lateApplied'), query('lateDropped'), query('excluded')]).toEqual([2, 1, 1, 1])
    expect(sumOf(samples, 'windrow_query_points_total{tenant="default",query="q"')).toBe(5)
    expect(samples.get('windrow_query_points_matched_total{tenant="default",query="q"}')).toBe(5)
    expect(samples.get('windrow_query_rows_total{tenant="default",query="q"}')).toBe(2)
    expect(samples.get('windrow_query_windows_total{tenant="default",query="q"}')).toBe(1)
  })

  test('every family says what it is, once', async () => {
    const server = await startTestServer()
    const { body } = await server.call('GET', '/metrics')
    const families = [...body.matchAll(/^# HELP (\S+) (.+)\n# TYPE (\S+) (counter|gauge|summary)$/gm)]
    const names = families.map(([, name]) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(families.every(([, name, help, typed]) => name === typed && help.endsWith('.'))).toBe(true)
    const sampled = [...body.matchAll(/^([a-z_]+)[{ ]/gm)].map(([, name]) => name.replace(/_(?:sum|count)$/, ''))
    expect(sampled.filter((name) => !names.includes(name))).toEqual([])
  })

  test('what each query does: its delays, its lag, its state, its versions and what waits for repair', async () => {
    const server = await startTestServer()
    await server.call('POST', '/v1/queries', {
      name: 'q',
      text: 'FROM * SELECT cpu WINDOW 10s COMPUTE avg LATENESS 5s',
    })
    await sendGauge(server, 'cpu', [
      [START_MS, 1],
      [START_MS + 12_000, 2],
    ])
    server.engine.advanceTo(START_MS + 21_000)
    await sendGauge(server, 'cpu', [[START_MS + 20_000, 3]])
    server.engine.advanceTo(START_MS + 40_000)
    await sendGauge(server, 'cpu', [[START_MS + 5_000, 4]])
    server.engine.advanceTo(START_MS + 41_000)
    await server.call('PUT', '/v1/queries/q', { text: 'FROM * SELECT cpu WINDOW 5s COMPUTE avg' })

    const samples = await scrape(server)
    const of = (family: string): number | undefined => samples.get(`${family}{tenant="default",query="q"}`)
    const { count, sum } = {
      count: of('windrow_query_fire_delay_seconds_count'),
      sum: of('windrow_query_fire_delay_seconds_sum'),
    }
    expect(count).toBe(of('windrow_query_windows_total'))
    expect(count).toBe(3)
    expect(sum).toBeGreaterThan(0)
    expect(of('windrow_query_fire_delay_max_seconds')).toBeLessThanOrEqual(sum!)
    expect(of('windrow_query_lag_seconds')).toBe(11)
    expect(of('windrow_query_state_items')).toBeGreaterThanOrEqual(0)
    expect(of('windrow_query_versions')).toBe(2)
    expect(samples.get('windrow_query_points_total{tenant="default",query="q",outcome="toRepair"}')).toBe(1)
    expect(samples.get('windrow_dirty_windows{tenant="default"}')).toBe(1)
    expect(samples.get('windrow_tenant_lag_seconds{tenant="default"}')).toBe(10)
    expect(sumOf(samples, 'windrow_source_state{tenant="default",source="http-json"')).toBe(1)
    expect(samples.get('windrow_clock_step_seconds')).toBe(0)
    expect(samples.get('windrow_clock_suspect{tenant="default"}')).toBe(0)
    expect(samples.get('windrow_write_queue_limit_rows')).toBe(2_000_000)
    expect(samples.get('windrow_snapshots_total{outcome="saved"}')).toBe(0)
    expect(samples.get('windrow_snapshot_set_aside')).toBe(0)
  })

  test('what the server holds and how it feels', async () => {
    const server = await startTestServer()
    await sendGauge(server, 'cpu', [[START_MS, 1]])
    server.engine.advanceTo(START_MS + 3000)
    const samples = await scrape(server)
    expect(samples.get('windrow_series')).toBe(1)
    expect(samples.get('windrow_storage_bytes')).toBeGreaterThan(0)
    expect(samples.get('windrow_state_bytes')).toBeGreaterThan(0)
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(samples.get('windrow_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0)
    const lag = samples.get('windrow_watermark_lag_seconds{tenant="default",source="http-json",kind="push"}')
    expect(lag).toBe(5)
  })

  test('label values are escaped', () => {
    const text = new MetricsText()
    text.family('m', 'gauge', 'Help.', [
      [{ a: 'q"\\\n}', b: 'ü' }, 1.5],
      [{}, Number.POSITIVE_INFINITY],
      [{ a: 'left out' }, Number.NaN],
    ])
    expect(String(text)).toBe('# HELP m Help.\n# TYPE m gauge\nm{a="q\\"\\\\\\n}",b="ü"} 1.5\nm +Inf\n')
  })
})

describe('health', () => {
  test('readiness says what an accepted point is worth', async () => {
    const server = await startTestServer({ flags: ['--memory-limit', '64MiB'] })
    expect((await server.call('GET', '/healthz')).body).toEqual({ status: 'ok' })
    const { status, body } = await server.call('GET', '/readyz')
    expect([status, body.ready, body.warnings, body.ackMode]).toEqual([200, true, [], 'memory'])
    expect(body.state).toEqual({ restored: 'none', snapshotEveryMs: 30_000, lastSnapshotMs: null })
    expect(body.storage).toMatchObject({
      name: 'memory',
      durability: 'memory',
      memoryLimitBytes: 67_108_864,
      errors: 0,
    })
    expect((await server.call('HEAD', '/healthz')).status).toBe(200)
  })
})
