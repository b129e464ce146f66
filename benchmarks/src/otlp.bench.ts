import { createSampleBatch, createSeriesRegistry } from '@windrow/core'
import { createOtlpDecoder } from '@windrow/core/otlp'
import { measureTogether, type Report, spreadOf } from './harness.ts'
import { protobufjsDecoder } from './otlp-descriptors.ts'
import { gaugePayload } from './otlp-payload.ts'

const POINTS = 2000
/** Different reports of one sender, taken in turn. */
const COLLECTIONS = 8
const PAYLOADS_PER_CALL = 100

/** OTLP protobuf into a batch: a sender that repeats its 2,000 gauges with new times and values. */
export async function run(report: Report): Promise<void> {
  const payloads = Array.from({ length: COLLECTIONS }, (_, collection) => gaugePayload(POINTS, collection))
  const decoder = createOtlpDecoder(createSeriesRegistry())
  const batch = createSampleBatch(POINTS)
  const peer = protobufjsDecoder()
  let expected = 0
  for (let i = 0; i < PAYLOADS_PER_CALL; i++) expected += payloads[i % COLLECTIONS]!.valueSum

  const measured = await measureTogether({
    windrow: () => {
      let sum = 0
      for (let i = 0; i < PAYLOADS_PER_CALL; i++) {
        batch.clear()
        decoder.decode(payloads[i % COLLECTIONS]!.bytes, batch, { contentType: 'application/x-protobuf' })
        for (let row = 0; row < batch.length; row++) sum += batch.values[row]!
      }
      return sum
    },
    protobufjs: () => {
      let sum = 0
      for (let i = 0; i < PAYLOADS_PER_CALL; i++)
        for (const { scopeMetrics } of peer(payloads[i % COLLECTIONS]!.bytes).resourceMetrics)
          for (const { metrics } of scopeMetrics)
            for (const { gauge } of metrics) for (const { asDouble } of gauge.dataPoints) sum += asDouble
      return sum
    },
  })
  for (const [name, { checksum }] of Object.entries(measured))
    if (checksum % expected !== 0) throw new Error(`${name} read ${checksum}, not a multiple of ${expected}`)

  const rate = (ms: number): number => (POINTS * PAYLOADS_PER_CALL) / ms / 1000
  report({
    name: 'otlp/decode',
    unit: 'M points/s',
    value: rate(measured.windrow.median),
    spread: spreadOf(measured.windrow),
    peer: 'protobufjs',
    peerValue: rate(measured.protobufjs.median),
    ratio: measured.protobufjs.median / measured.windrow.median,
  })
}
