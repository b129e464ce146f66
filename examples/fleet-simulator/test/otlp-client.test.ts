import { expect, test } from 'vitest'
import { readPartialSuccess, retryAfterMs } from '../src/otlp-client.ts'
import { RateMeter } from '../src/rate-meter.ts'
import { encodeResponse } from './otlp-schema.ts'

const NOW_MS = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')

test.each([
  [undefined, 1000],
  ['', 1000],
  ['soon', 1000],
  ['0', 0],
  ['-3', 0],
  ['2', 2000],
  ['100000', 60_000],
  ['Wed, 21 Oct 2026 07:28:05 GMT', 5000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
])('Retry-After %s waits %i ms', (header, waitMs) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(waitMs)
})

test('reads a partial success as protobuf has it', () => {
  expect(readPartialSuccess(encodeResponse(70_000, 'future'))).toEqual({ rejectedPoints: 70_000, message: 'future' })
  expect(readPartialSuccess(encodeResponse(0, 'note'))).toEqual({ rejectedPoints: 0, message: 'note' })
})

test('takes a body that is no partial success as a plain success', () => {
  for (const body of [[], [0x7b, 0x7d], [0x0a], [0x0a, 0xff], [0x0a, 0x02, 0x12, 0xff]])
    expect(readPartialSuccess(Uint8Array.from(body)).rejectedPoints).toBe(0)
})

test('the rate is that of the last ten seconds', () => {
  const meter = new RateMeter()
  expect(meter.read(0, 0)).toBe(0)
  expect(meter.read(2000, 2000)).toBe(1000)
  expect(meter.read(12_000, 22_000)).toBe(2000)
})
