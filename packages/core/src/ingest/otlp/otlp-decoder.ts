import { WindrowError } from '../../errors.ts'
import type { SeriesDirectory } from '../../registry/series-directory.ts'
import type { DecodeResult } from '../decode-result.ts'
import type { SampleBatch } from '../sample-batch.ts'
import { otlpEncoding } from './encoding.ts'
import { JsonDecoder } from './json-decoder.ts'
import { DEFAULT_OTLP_LIMITS, type OtlpLimits } from './limits.ts'
import { PointWriter } from './point-writer.ts'
import { ProtobufDecoder } from './protobuf-decoder.ts'

export interface OtlpDecoderOptions {
  /** Whose series they are. Default `default`. */
  readonly tenant?: string
  readonly limits?: Partial<OtlpLimits>
}

export interface OtlpDecodeOptions {
  /** The `Content-Type` the payload came with. */
  readonly contentType: string
}

export interface OtlpDecoder {
  /**
   * Appends the points of an `ExportMetricsServiceRequest` (decompressed) to the batch. Points that cannot
   * be taken are refused alone; `index` counts all data points of the payload in order.
   *
   * Throws `WindrowError` `DECODE_FAILED` with `details.offset` for a broken payload or another content
   * type; nothing is appended and nothing registered then.
   */
  decode(bytes: Uint8Array, batch: SampleBatch, options: OtlpDecodeOptions): DecodeResult
}

/** Reads OTLP metrics, protobuf and JSON, into batches. Keep one per tenant: it remembers the series it has seen. */
export function createOtlpDecoder(registry: SeriesDirectory, options: OtlpDecoderOptions = {}): OtlpDecoder {
  const limits: OtlpLimits = { ...DEFAULT_OTLP_LIMITS, ...options.limits }
  const tenant = options.tenant ?? 'default'
  const writer = new PointWriter(registry, tenant, limits)
  const decoders = {
    protobuf: new ProtobufDecoder(writer, tenant, limits),
    json: new JsonDecoder(writer, tenant, limits),
  }
  return {
    decode(bytes, batch, { contentType }) {
      const encoding = otlpEncoding(contentType)
      if (encoding === undefined)
        throw new WindrowError('DECODE_FAILED', `content type ${JSON.stringify(contentType)} is not one of OTLP's`, {
          hint: 'Send application/x-protobuf or application/json.',
          details: { offset: 0, contentType },
        })
      writer.open(batch)
      try {
        decoders[encoding].decode(bytes)
        return writer.close()
      } catch (error) {
        writer.rollback()
        throw error
      }
    },
  }
}
