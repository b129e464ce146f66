import { describe, expect, test } from 'vitest'
import { createFleetModel, ROUTES, type ServerSample } from '../src/fleet-model.ts'
import { createPayloadTemplate, resourceHead } from '../src/payload-template.ts'
import { PayloadWriter } from '../src/payload-writer.ts'
import { createRandom } from '../src/random.ts'
import { attributesOf, decodeRequest, sumUp } from './otlp-schema.ts'

const EPOCH_MS = Date.UTC(2026, 4, 4, 15, 30)

function writeFleet(options: { servers: number; genericMetrics: number; rounds?: number }) {
  const template = createPayloadTemplate(options.genericMetrics)
  const model = createFleetModel({ servers: options.servers, seed: 7 })
  const heads = model.servers.map((server) => resourceHead(server, template.bytes.length))
  const capacityBytes = options.servers * (template.bytes.length + 300)
  const writer = new PayloadWriter({ template, capacityBytes, random: createRandom(7) })
  const sample: ServerSample = { cpuUtilization: 0, queueUnacked: 0, cartsNonEmpty: 0, latency: [] }
  for (let round = 0; round < (options.rounds ?? 1); round++) {
    writer.begin(EPOCH_MS + round * 1000)
    heads.forEach((head, server) => {
      model.sample(server, EPOCH_MS + round * 1000, sample)
      writer.add(head, sample)
    })
  }
  return { writer, model, template, decoded: decodeRequest(writer.bytes()) }
}

describe('payload', () => {
  test('decodes to the counts and sums the writer says', () => {
    const { writer, decoded } = writeFleet({ servers: 30, genericMetrics: 40 })
    const found = sumUp(decoded)
    expect(found.points).toBe(30 * 49)
    expect(found.points).toBe(writer.totals.points)
    expect(found.calls).toBe(writer.totals.calls)
    expect(found.events).toBe(writer.totals.calls)
    expect(found.latencySumSeconds).toBeCloseTo(writer.totals.latencySumSeconds, 9)
    expect(found.cpuUtilizationSum).toBeCloseTo(writer.totals.cpuUtilizationSum, 9)
  })

  test('carries the resource of each server', () => {
    const { model, decoded } = writeFleet({ servers: 12, genericMetrics: 0 })
    expect(decoded.map((server) => server.attributes['host.name'])).toEqual(model.servers.map(({ name }) => name))
    expect(decoded[1]!.attributes).toEqual({
      'host.name': 'api-01',
      'service.name': 'api',
      'service.namespace': 'shop',
      'cloud.availability_zone': 'eu-central-1b',
    })
  })

  test('reports metrics under their names, units, kinds and labels', () => {
    const { decoded } = writeFleet({ servers: 1, genericMetrics: 2 })
    const metrics = decoded[0]!.metrics
    expect(metrics.map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      'system.cpu.utilization 1',
      'queue.unacked {message}',
      'shop.carts.nonempty {cart}',
      'rpc.calls {call}',
      'rpc.latency s',
      'app.metric.0001 1',
      'app.metric.0002 1',
    ])
    const calls = metrics[3]!.sum!
    expect([calls.aggregationTemporality, calls.isMonotonic]).toEqual([1, true])
    expect(metrics[4]!.exponentialHistogram!.aggregationTemporality).toBe(1)
    expect(calls.dataPoints.map((point) => attributesOf(point.attributes))).toEqual(
      ROUTES.map(({ route, method }) => ({ 'http.route': route, 'rpc.method': method })),
    )
  })

  test('stamps every point with the second, amounts with the second before as their start', () => {
    const { decoded } = writeFleet({ servers: 3, genericMetrics: 5, rounds: 2 })
    const time = `${EPOCH_MS + 1000}000000`
    const start = `${EPOCH_MS}000000`
    for (const { metrics } of decoded) {
      for (const { gauge, sum, exponentialHistogram } of metrics) {
        for (const point of gauge?.dataPoints ?? []) expect(point.timeUnixNano).toBe(time)
        for (const point of [...(sum?.dataPoints ?? []), ...(exponentialHistogram?.dataPoints ?? [])])
          expect([point.startTimeUnixNano, point.timeUnixNano]).toEqual([start, time])
      }
    }
  })

  test('latency histograms agree with themselves', () => {
    const { decoded } = writeFleet({ servers: 40, genericMetrics: 0 })
    const points = decoded.flatMap(({ metrics }) => metrics[4]!.exponentialHistogram!.dataPoints)
    expect(points).toHaveLength(120)
    for (const { positive, scale, count, sum, min, max } of points) {
      const counts = positive.bucketCounts.map(Number)
      expect(counts.reduce((total, bucket) => total + bucket, 0)).toBe(Number(count))
      const bound = (bucket: number): number => 2 ** ((positive.offset + bucket) / 2 ** scale)
      const lowest = counts.findIndex((bucket) => bucket > 0)
      const highest = counts.findLastIndex((bucket) => bucket > 0)
      expect(min).toBeGreaterThan(bound(lowest))
      expect(min).toBeLessThanOrEqual(bound(lowest + 1))
      expect(max).toBeGreaterThan(bound(highest))
      expect(max).toBeLessThanOrEqual(bound(highest + 1))
      const between = (edge: number): number => counts.reduce((total, n, bucket) => total + n * bound(bucket + edge), 0)
      expect(sum).toBeGreaterThan(between(0))
      expect(sum).toBeLessThanOrEqual(between(1))
    }
  })

  test('refuses a server beyond its capacity', () => {
    const template = createPayloadTemplate(0)
    const writer = new PayloadWriter({ template, capacityBytes: 100, random: createRandom(1) })
    const model = createFleetModel({ servers: 1, seed: 1 })
    const sample: ServerSample = { cpuUtilization: 0, queueUnacked: 0, cartsNonEmpty: 0, latency: [] }
    model.sample(0, EPOCH_MS, sample)
    writer.begin(EPOCH_MS)
    expect(() => writer.add(resourceHead(model.servers[0]!, template.bytes.length), sample)).toThrow(RangeError)
  })
})
