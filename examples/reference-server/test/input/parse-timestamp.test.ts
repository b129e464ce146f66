import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTimestamp } from '../../src/input/parse-timestamp.ts'

describe('parseTimestamp', () => {
  test.each([
    ['2014-02-14 14:30:00', Date.UTC(2014, 1, 14, 14, 30)],
    ['2014-02-14T14:30:00Z', Date.UTC(2014, 1, 14, 14, 30)],
    [' 2014-02-14T14:30:00.250z ', Date.UTC(2014, 1, 14, 14, 30, 0, 250)],
    ['2014-02-14 14:30', Date.UTC(2014, 1, 14, 14, 30)],
    ['2014-02-14', Date.UTC(2014, 1, 14)],
    ['2014-02-14 00:30:00+02:00', Date.UTC(2014, 1, 13, 22, 30)],
    ['2014-02-14T14:30:00 -0530', Date.UTC(2014, 1, 14, 20)],
    ['2014-02-14T14:30:00+01', Date.UTC(2014, 1, 14, 13, 30)],
    ['2014-02-14T14:30:00.123456789Z', Date.UTC(2014, 1, 14, 14, 30, 0, 123)],
    ['2024-02-29 00:00:00', Date.UTC(2024, 1, 29)],
    ['1392388200', Date.UTC(2014, 1, 14, 14, 30)],
    ['1392388200.5', Date.UTC(2014, 1, 14, 14, 30, 0, 500)],
    ['1392388200123', Date.UTC(2014, 1, 14, 14, 30, 0, 123)],
    ['0', 0],
  ])('%s', (text, epochMs) => {
    expect(parseTimestamp(text)).toBe(epochMs)
  })

  test.each([
    '',
    'now',
    '2014-02-30 00:00:00',
    '2023-02-29',
    '2014-13-01 00:00:00',
    '2014-00-10',
    '2014-02-14 24:00:00',
    '2014-02-14 14:60:00',
    '2014-02-14 14:30:00+25:00',
    '14/02/2014 14:30',
    '2014-2-14',
    '1e9',
    '0x10',
  ])('refuses "%s"', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  test('reads back what toISOString writes, with and without the zone', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(9999, 11) }), (epochMs) => {
        const text = new Date(epochMs).toISOString()
        expect(parseTimestamp(text)).toBe(epochMs)
        expect(parseTimestamp(text.replace('T', ' ').replace('Z', ''))).toBe(epochMs)
      }),
    )
  })
})
