/** Digits a number may need when written out. */
const MAX_DIGITS = 40

/**
 * A number as plain decimal text without sign `+`, exponent, leading or trailing zeros: `99.0` is `99`, `5e-1`
 * is `0.5`, `-0` is `0`. Undefined when that takes more than 40 digits.
 */
export function normaliseDecimal(image: string): string | undefined {
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(image)
  if (parts === null) return undefined
  const fraction = parts[3] ?? ''
  const digits = `${parts[2]}${fraction}`.replace(/^0+/, '')
  if (digits === '') return '0'
  const significant = digits.replace(/0+$/, '')
  // value = significant x 10^exponent
  const exponent = Number(parts[4] ?? '0') - fraction.length + (digits.length - significant.length)
  if (significant.length + Math.abs(exponent) > MAX_DIGITS) return undefined
  const sign = parts[1] === '-' ? '-' : ''
  if (exponent >= 0) return `${sign}${significant}${'0'.repeat(exponent)}`
  const padded = significant.padStart(1 - exponent, '0')
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}
