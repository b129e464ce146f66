export type { AttributeEntry } from './attribute-list.ts'
export type { AttributeNode } from './attribute-node.ts'
export { type OtlpEncoding, otlpEncoding } from './encoding.ts'
export { DEFAULT_OTLP_LIMITS, type OtlpLimits } from './limits.ts'
export {
  createOtlpDecoder,
  type OtlpDecodeOptions,
  type OtlpDecoder,
  type OtlpDecoderOptions,
} from './otlp-decoder.ts'
export { encodeExportResponse, encodeStatus } from './response.ts'
