import { WindrowError } from '../../errors.ts'
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
    if (cause instanceof RangeError) throw decodeFailed('the JSON is nested too deep', 0)
    throw notJson(text, cause instanceof Error ? cause.message : '')
  }
}

/** Says what the parser said, without the piece of the body that it quotes, and where, if it told. */
function notJson(text: string, message: string): WindrowError {
  const [reason = ''] = message.split(/,? ?(?:"|\.\.\.|in JSON)/)
  const what = reason === '' ? 'the body is not JSON' : `the body is not JSON: ${reason}`
  const position = /at position (\d+)/.exec(message)?.[1]
  if (position === undefined) return new WindrowError('DECODE_FAILED', what, { details: { offset: 0 } })
  return decodeFailed(what, new TextEncoder().encode(text.slice(0, Number(position))).length)
}

function keepLongInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? context.source : value
}
