import { decodeFailed } from './decode-failed.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of UTF-8 bytes `[start, end)`; bytes that are not UTF-8 throw `DECODE_FAILED`. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    throw decodeFailed('text is not UTF-8', start)
  }
}
