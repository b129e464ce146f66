/** How an OTLP payload is written. */
export type OtlpEncoding = 'protobuf' | 'json'

/**
 * The encoding a `Content-Type` header names; parameters and case do not matter. Undefined when it is none
 * of OTLP's (a server answers that with 415).
 */
export function otlpEncoding(contentType: string): OtlpEncoding | undefined {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf'
  return type === 'application/json' ? 'json' : undefined
}
