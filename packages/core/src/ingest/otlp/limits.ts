/** What a decoder takes. A point over a limit is refused alone, with reason `too-large` or `invalid`. */
export interface OtlpLimits {
  /** UTF-8 bytes of an attribute key. Default 1,024. */
  readonly attributeKeyBytes: number
  /** UTF-8 bytes of an attribute value as text; arrays and maps as JSON. Default 2,048. */
  readonly attributeValueBytes: number
  /** Attributes of one point, one resource or one scope. Default 64. */
  readonly attributes: number
  /** UTF-8 bytes of a metric name. Default 1,024. */
  readonly metricNameBytes: number
  /** Levels of arrays and maps in an attribute value. Default 100, as Protocol Buffers' own parsers. */
  readonly nestingDepth: number
  /** Buckets of a histogram point, of each sign for an exponential one. Default 16,384. */
  readonly buckets: number
  /** Memory for the bytes of known series; when it is full the decoder starts to learn anew. Default 256 MiB. */
  readonly cacheBytes: number
}

export const DEFAULT_OTLP_LIMITS: OtlpLimits = {
  attributeKeyBytes: 1024,
  attributeValueBytes: 2048,
  attributes: 64,
  metricNameBytes: 1024,
  nestingDepth: 100,
  buckets: 16_384,
  cacheBytes: 256 * 1024 * 1024,
}
