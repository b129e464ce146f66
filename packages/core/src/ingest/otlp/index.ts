// Payloads into batches.

// The meaning of OTLP points without the wire: for what holds points in another form, such as an SDK.
export {
  type AttributeEntry,
  type CheckedAttributes,
  checkAttributes,
  checkMetricName,
  type PointProblem,
} from './attribute-list.ts'
export type { AttributeNode } from './attribute-node.ts'
export { type OtlpEncoding, otlpEncoding } from './encoding.ts'
export { DEFAULT_OTLP_LIMITS, type OtlpLimits } from './limits.ts'
export {
  type MetricHeader,
  type MetricStream,
  metricStream,
  OtlpTemporality,
  type PointForm,
  type SeriesContext,
} from './metric-stream.ts'
export {
  createOtlpDecoder,
  type OtlpDecodeOptions,
  type OtlpDecoder,
  type OtlpDecoderOptions,
} from './otlp-decoder.ts'
export {
  clearHistogramFields,
  createHistogramFields,
  createNumberFields,
  type HistogramFields,
  type NumberFields,
  type TimedFields,
} from './point-fields.ts'
export { PointWriter } from './point-writer.ts'
// Answers of a server.
export { encodeExportResponse, encodeStatus } from './response.ts'
