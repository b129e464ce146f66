import type { OtlpEncoding } from './encoding.ts'

/** Messages are cut here, so that a response stays far below the 4 MiB a client has to read. */
const MAX_MESSAGE_LENGTH = 4096

const encoder = new TextEncoder()

/**
 * An `ExportMetricsServiceResponse`. `partial_success` is there only when points were rejected or there is
 * something to say (OTLP specification, Full Success and Partial Success).
 */
export function encodeExportResponse(
  rejectedPoints: number,
  message = '',
  encoding: OtlpEncoding = 'protobuf',
): Uint8Array {
  const errorMessage = shortened(message)
  if (encoding === 'json') {
    if (rejectedPoints === 0 && errorMessage === '') return jsonBytes({})
    const rejected = rejectedPoints === 0 ? {} : { rejectedDataPoints: String(rejectedPoints) }
    return jsonBytes({ partialSuccess: { ...rejected, ...(errorMessage === '' ? {} : { errorMessage }) } })
  }
  const partialSuccess = [...varintField(1, rejectedPoints), ...textField(2, errorMessage)]
  return Uint8Array.from(partialSuccess.length === 0 ? [] : lengthField(1, partialSuccess))
}

/** A `google.rpc.Status`, the body of every refusal; `code` is a gRPC status code, for example 3 = INVALID_ARGUMENT. */
export function encodeStatus(code: number, message: string, encoding: OtlpEncoding = 'protobuf'): Uint8Array {
  const text = shortened(message)
  if (encoding === 'json') return jsonBytes({ code, message: text })
  return Uint8Array.from([...varintField(1, code), ...textField(2, text)])
}

function shortened(message: string): string {
  return (message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}...` : message).toWellFormed()
}

function jsonBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value))
}

/** Proto3 leaves defaults out: nothing for 0. */
function varintField(field: number, value: number): number[] {
  return value === 0 ? [] : [field << 3, ...varint(value)]
}

function textField(field: number, text: string): number[] {
  return text === '' ? [] : lengthField(field, [...encoder.encode(text)])
}

function lengthField(field: number, content: readonly number[]): number[] {
  return [(field << 3) | 2, ...varint(content.length), ...content]
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return bytes
}
