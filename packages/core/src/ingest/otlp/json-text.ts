import { decodeFailed } from './decode-failed.ts'
import { utf8Text } from './utf8.ts'

/** Integers of 16 digits or more: `JSON.parse` may round them. Also hits text that looks so, which costs time only. */
const LONG_INTEGER = /[:[,]\s*-?\d{16}/

/** Parses a JSON payload; integers beyond 2^53 come out as decimal text, so that no digit is lost. */
export function parseJsonPayload(bytes: Uint8Array): unknown {
  const text = utf8Text(bytes, 0, bytes.length)
  try {
    return LONG_INTEGER.test(text) ? JSON.parse(text, keepLongInteger) : JSON.parse(text)
  } catch (cause) {
    throw decodeFailed(cause instanceof RangeError ? 'the JSON is nested too deep' : 'the body is not JSON', 0)
  }
}

function keepLongInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? context.source : value
}
