import { describe, expect, it } from 'vitest'
import { encodeExportResponse, encodeStatus } from '../../../src/ingest/otlp/response.ts'
import { lengthField, textField, varintField } from './otlp-encode.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('answers to an export', () => {
  it('says nothing when all is well', () => {
    expect(encodeExportResponse(0)).toEqual(new Uint8Array(0))
    expect(text(encodeExportResponse(0, '', 'json'))).toBe('{}')
  })

  it('says how many points were rejected and why', () => {
    expect(Array.from(encodeExportResponse(300, 'bad'))).toEqual(
      lengthField(1, [...varintField(1, 300), ...textField(2, 'bad')]),
    )
    expect(JSON.parse(text(encodeExportResponse(300, 'bad', 'json')))).toEqual({
      partialSuccess: { rejectedDataPoints: '300', errorMessage: 'bad' },
    })
  })

  it('warns without rejecting', () => {
    expect(Array.from(encodeExportResponse(0, 'slow down'))).toEqual(lengthField(1, textField(2, 'slow down')))
    expect(JSON.parse(text(encodeExportResponse(0, 'w', 'json')))).toEqual({ partialSuccess: { errorMessage: 'w' } })
  })

  it('gives a status with its code', () => {
    expect(Array.from(encodeStatus(3, 'né'))).toEqual([...varintField(1, 3), ...textField(2, 'né')])
    expect(JSON.parse(text(encodeStatus(3, 'né', 'json')))).toEqual({ code: 3, message: 'né' })
  })

  it('cuts long messages and mends torn surrogates', () => {
    expect(encodeStatus(3, 'x'.repeat(1_000_000)).length).toBeLessThan(5000)
    expect(JSON.parse(text(encodeStatus(3, `${'x'.repeat(4095)}😀`, 'json'))).message).toBe(
      `${'x'.repeat(4095)}\ufffd...`,
    )
  })
})
