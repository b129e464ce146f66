import type { DistributionState } from '../../../src/aggregate/distribution-state.ts'
import { decodeDistribution } from '../../../src/aggregate/state-codec.ts'
import type { RejectedPoint } from '../../../src/ingest/decode-result.ts'
import type { OtlpLimits } from '../../../src/ingest/otlp/limits.ts'
import { createOtlpDecoder } from '../../../src/ingest/otlp/otlp-decoder.ts'
import { BatchColumn, createSampleBatch, type SampleBatch } from '../../../src/ingest/sample-batch.ts'
import type { CanonicalDescriptor, SeriesRef } from '../../../src/registry/identity.ts'
import type { SeriesDirectory } from '../../../src/registry/series-directory.ts'
import { createSeriesRegistry } from '../../../src/registry/series-registry.ts'
import { encodeRequest } from './otlp-encode.ts'

/** A batch row with everything about it, for comparison. */
export interface Row {
  readonly descriptor: CanonicalDescriptor
  readonly timestampMs: number
  readonly value: number
  readonly startMs: number
  readonly flags: number
  readonly state: DistributionState | undefined
}

export interface Decoded {
  readonly rows: Row[]
  readonly rejected: readonly RejectedPoint[]
}

export type Encoding = 'protobuf' | 'json'

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

export function encodePayload(request: Readonly<Record<string, unknown>>, encoding: Encoding): Uint8Array {
  return encoding === 'protobuf' ? encodeRequest(request) : new TextEncoder().encode(JSON.stringify(request))
}

/** Decodes a request into a fresh registry. */
export function decodeRows(
  request: Readonly<Record<string, unknown>>,
  encoding: Encoding,
  limits: Partial<OtlpLimits> = {},
): Decoded {
  return decodeBytes(encodePayload(request, encoding), encoding, limits)
}

export function decodeBytes(bytes: Uint8Array, encoding: Encoding, limits: Partial<OtlpLimits> = {}): Decoded {
  const registry = createSeriesRegistry()
  const batch = createSampleBatch(4)
  const result = createOtlpDecoder(registry, { limits }).decode(bytes, batch, { contentType: CONTENT_TYPES[encoding] })
  if (result.decoded !== batch.length) throw new Error(`${result.decoded} decoded, ${batch.length} rows`)
  return { rows: rowsOf(batch, registry), rejected: result.rejected }
}

export function rowsOf(batch: SampleBatch, registry: SeriesDirectory): Row[] {
  const states = new Map<number, DistributionState>()
  if ((batch.columns & BatchColumn.states) !== 0) {
    const { count, rows, offsets, bytes } = batch.states!
    for (let i = 0; i < count; i++) states.set(rows[i]!, decodeDistribution(bytes, offsets[i], offsets[i + 1]))
  }
  return Array.from({ length: batch.length }, (_, row) => ({
    descriptor: registry.describe(batch.series[row]! as SeriesRef).descriptor,
    timestampMs: batch.timestampsMs[row]!,
    value: batch.values[row]!,
    startMs: (batch.columns & BatchColumn.startTimes) === 0 ? 0 : batch.startTimesMs![row]!,
    flags: (batch.columns & BatchColumn.flags) === 0 ? 0 : batch.flags![row]!,
    state: states.get(row),
  }))
}

/** A request with one resource, one scope and these metrics. */
export function requestOf(...metrics: readonly Readonly<Record<string, unknown>>[]): Readonly<Record<string, unknown>> {
  return {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'host.name', value: { stringValue: 'web-1' } }] },
        scopeMetrics: [{ scope: { name: 'test', version: '1' }, metrics }],
      },
    ],
  }
}
