import type { SeriesRef } from '../../registry/identity.ts'
import type { SeriesDirectory } from '../../registry/series-directory.ts'
import type { DecodeResult, RejectedPoint } from '../decode-result.ts'
import type { PointProblem } from '../otlp/attribute-list.ts'
import { DEFAULT_OTLP_LIMITS, type OtlpLimits } from '../otlp/limits.ts'
import { type SampleBatch, SampleFlag } from '../sample-batch.ts'
import { seriesLimitProblem } from '../series-limit.ts'
import { readIngestBody } from './ingest-body.ts'
import { type JsonPoint, readJsonPoint } from './json-point.ts'

/** A point over a limit is refused alone; the same limits, and defaults, as for OTLP. */
export type JsonLimits = Pick<
  OtlpLimits,
  'attributeKeyBytes' | 'attributeValueBytes' | 'attributes' | 'metricNameBytes'
>

export interface JsonDecoderOptions {
  /** Whose series they are. Default `default`. */
  readonly tenant?: string
  readonly limits?: Partial<JsonLimits>
}

export interface JsonDecodeOptions {
  /** The time of points without a timestamp, ms since the epoch. */
  readonly nowMs: number
}

export interface JsonDecoder {
  /**
   * Appends the points of a body `{ "server", "metrics": [{ "name", "value", "timestamp"?, "kind"?, "unit"?,
   * "labels"? }] }`, or of an array of such, to the batch. `timestamp` is in ms since the epoch; a point
   * without `kind` is an assumed gauge. Points that cannot be taken are refused alone; `index` counts the
   * metrics of all servers in order.
   *
   * Throws `WindrowError` `DECODE_FAILED` when the body is not of that form; nothing is appended then.
   */
  decode(bytes: Uint8Array, batch: SampleBatch, options: JsonDecodeOptions): DecodeResult
}

/** Reads the plain JSON of `POST /v1/ingest` into batches. */
export function createJsonDecoder(registry: SeriesDirectory, options: JsonDecoderOptions = {}): JsonDecoder {
  const limits: OtlpLimits = { ...DEFAULT_OTLP_LIMITS, ...options.limits }
  const tenant = options.tenant ?? 'default'

  function append(point: JsonPoint, server: string, batch: SampleBatch): PointProblem | undefined {
    const { name, kind, temporality, unit, labels, timestampMs, value, precisionLost } = point
    const known = kind === undefined ? {} : { kind }
    let ref: SeriesRef
    try {
      ref = registry.register({ tenant, metric: name, ...known, temporality, unit, server, labels })
    } catch (error) {
      return seriesLimitProblem(error)
    }
    const row = batch.push(ref, timestampMs, value)
    if (precisionLost) batch.setFlags(row, SampleFlag.precisionLost)
    return undefined
  }

  return {
    decode(bytes, batch, { nowMs }) {
      const firstRow = batch.length
      const rejected: RejectedPoint[] = []
      let index = 0
      for (const { server, metrics } of readIngestBody(bytes)) {
        for (const entry of metrics) {
          const result = readJsonPoint(entry, nowMs, limits)
          const problem = result.ok ? append(result.point, server, batch) : result.problem
          if (problem !== undefined) rejected.push({ index, ...problem })
          index++
        }
      }
      return { decoded: batch.length - firstRow, rejected }
    },
  }
}
