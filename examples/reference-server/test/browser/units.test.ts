import { expect, test } from 'vitest'
import { formatTicks, formatValue } from '../../dashboard/src/format/units.ts'

const plain = (text: string): string => text.replaceAll('\u2009', ' ')

test.for<[number | null, string, string]>([
  [0.0124, 's', '12.4 ms'],
  [1.4, 's', '1.40 s'],
  [180, 's', '3 min'],
  [0, 's', '0 s'],
  [250, 'ms', '250 ms'],
  [1536, 'By', '1.50 KiB'],
  [5 * 1024 ** 2, 'By/s', '5 MiB/s'],
  [48_112, '{request}', '48,112'],
  [1_234_567, '', '1.23 M'],
  [0.5, '1', '0.500'],
  [42, '%', '42 %'],
  [-3.5, '', '−3.50'],
  [Number.POSITIVE_INFINITY, 's', '∞ s'],
  [null, 's', '–'],
])('%s in %j reads %s', ([value, unit, text]) => {
  expect(plain(formatValue(value, unit))).toBe(text)
})

test('a fraction of one is a percentage only when the metric says so', () => {
  expect(plain(formatValue(0.61, '1', true))).toBe('61 %')
})

test('the ticks of an axis share a unit and their fraction digits', () => {
  expect(formatTicks([0, 0.0005, 0.001, 0.0015], 's').map(plain)).toEqual(['0.0 ms', '0.5 ms', '1.0 ms', '1.5 ms'])
  expect(formatTicks([-1, 0, 1], '').map(plain)).toEqual(['−1', '0', '1'])
  expect(formatTicks([0, 1000, 2000], '{request}').map(plain)).toEqual(['0', '1,000', '2,000'])
})
