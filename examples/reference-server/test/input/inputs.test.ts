import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import { createEngine, createSampleBatch, createSeriesRegistry, type SeriesInfo } from '@windrow/core'
import { createOtlpDecoder } from '@windrow/core/otlp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startInputs } from '../../src/input/index.ts'

interface ReceivedPoint {
  readonly series: SeriesInfo
  readonly value: number
  readonly timestampMs: number
}

/** A real endpoint that decodes what it gets; `until` settles when a check of all points so far holds. */
async function startReceiver() {
  const registry = createSeriesRegistry()
  const decoder = createOtlpDecoder(registry)
  const points: ReceivedPoint[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const batch = createSampleBatch()
      decoder.decode(Buffer.concat(chunks), batch, { contentType: 'application/x-protobuf' })
      for (let row = 0; row < batch.length; row++)
        points.push({
          series: registry.describe(batch.series[row] as SeriesInfo['ref']),
          value: batch.values[row]!,
          timestampMs: batch.timestampsMs[row]!,
        })
      response.end()
      for (const check of waiting) check()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`,
    points,
    until: (holds: () => boolean) =>
      new Promise<void>((resolve) => {
        const check = (): void => {
          if (holds()) resolve()
        }
        waiting.add(check)
        check()
      }),
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

let receiver: Awaited<ReturnType<typeof startReceiver>>
let lines: string[]
const log = (line: string): void => {
  lines.push(line)
}
const nothing = { servers: 0, metrics: 9, simulate: false, hostMetrics: false, replays: [] }

beforeEach(async () => {
  receiver = await startReceiver()
  lines = []
})
afterEach(() => receiver.close())

const named = (metric: string): ReceivedPoint[] => receiver.points.filter(({ series }) => series.metric === metric)

describe('startInputs', { timeout: 30_000 }, () => {
  test('sends the metrics of this machine through the OpenTelemetry SDK', async () => {
    await using engine = createEngine({ clock: 'manual' })
    const beganMs = Date.now()
    const inputs = await startInputs({ ...nothing, otlpUrl: receiver.url, hostMetrics: true, engine, log })
    await receiver.until(() => named('system.memory.utilization').length >= 2)
    await inputs.close()

    expect(new Set(receiver.points.map(({ series }) => series.server))).toEqual(new Set([os.hostname()]))
    const levels = [
      'system.cpu.utilization',
      'system.memory.utilization',
      'process.cpu.utilization',
      'nodejs.eventloop.utilization',
    ]
    for (const metric of levels) {
      expect(named(metric).length, metric).toBeGreaterThan(0)
      for (const { value, series } of named(metric)) {
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
        expect([series.kind, series.unit]).toEqual(['gauge', '1'])
      }
    }
    for (const metric of ['nodejs.eventloop.delay.p50', 'nodejs.eventloop.delay.p99'])
      expect(named(metric)[0]!.series.unit).toBe('s')
    const used = named('system.memory.usage').filter(({ series }) =>
      series.labels.some(([key, value]) => key === 'system.memory.state' && value === 'used'),
    )
    expect(used[0]!.value).toBeGreaterThan(1e6)
    expect(used[0]!.value).toBeLessThan(os.totalmem())
    expect(named('process.memory.usage')[0]!.value).toBeGreaterThan(1e6)
    for (const { timestampMs } of receiver.points) expect(timestampMs).toBeGreaterThanOrEqual(beganMs - 1)
    expect(lines).toEqual([])
  })

  test.runIf(os.platform() === 'linux')('reports processor time as what was used since the last report', async () => {
    await using engine = createEngine({ clock: 'manual' })
    const beganMs = performance.now()
    const inputs = await startInputs({ ...nothing, otlpUrl: receiver.url, hostMetrics: true, engine, log })
    await receiver.until(() => named('system.memory.utilization').length >= 2)
    await inputs.close()
    const elapsedSeconds = (performance.now() - beganMs) / 1000
    const times = named('system.cpu.time')
    expect(new Set(times.map(({ series }) => series.kind))).toEqual(new Set(['delta']))
    const seconds = times.reduce((total, { value }) => total + value, 0)
    // All modes of all processors together pass as fast as the clock does; since boot would be far more.
    const processors = os.cpus().length
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(elapsedSeconds * processors + 0.05 * processors)
  })

  test('starts the simulated fleet, and close ends it', async () => {
    await using engine = createEngine({ clock: 'manual' })
    const inputs = await startInputs({ ...nothing, otlpUrl: receiver.url, simulate: true, servers: 4, engine, log })
    await receiver.until(() => named('rpc.latency').length >= 12)
    await inputs.close()
    const servers = new Set(receiver.points.map(({ series }) => series.server))
    expect(servers).toEqual(new Set(['web-01', 'api-01', 'web-02', 'db-01']))
    expect(lines).toEqual([
      expect.stringMatching(/^fleet: 4 simulated servers, 36 points\/s to .*api-01 is the bad one/),
    ])
  })

  test('says so when the listener is off', async () => {
    await using engine = createEngine({ clock: 'manual' })
    const inputs = await startInputs({ ...nothing, otlpUrl: undefined, simulate: true, servers: 4, engine, log })
    await inputs.close()
    expect(lines).toEqual(['the OTLP/HTTP listener is off: no host metrics and no simulated fleet'])
  })

  test('a replay that cannot be played stops the start', async () => {
    await using engine = createEngine({ clock: 'manual' })
    const start = startInputs({
      ...nothing,
      otlpUrl: receiver.url,
      hostMetrics: true,
      replays: [{ file: 'none.csv' }],
      engine,
      log,
    })
    await expect(start).rejects.toThrow('cannot replay none.csv: ENOENT')
    expect(receiver.points).toEqual([])
  })
})
