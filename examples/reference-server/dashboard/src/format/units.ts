/** A unit to print in: `divisor` of the raw value per one of `label`. */
export interface DisplayUnit {
  readonly divisor: number
  readonly label: string
  /** What is counted, such as `request`: said once beside a value, not on every tick. */
  readonly noun?: string
}

const MINUS = '\u2212'
const THIN_SPACE = '\u2009'

const SECONDS: readonly DisplayUnit[] = [
  { divisor: 86_400, label: 'd' },
  { divisor: 3_600, label: 'h' },
  { divisor: 60, label: 'min' },
  { divisor: 1, label: 's' },
  { divisor: 1e-3, label: 'ms' },
  { divisor: 1e-6, label: 'µs' },
  { divisor: 1e-9, label: 'ns' },
]

const BYTES: readonly DisplayUnit[] = [
  { divisor: 1024 ** 4, label: 'TiB' },
  { divisor: 1024 ** 3, label: 'GiB' },
  { divisor: 1024 ** 2, label: 'MiB' },
  { divisor: 1024, label: 'KiB' },
  { divisor: 1, label: 'B' },
]

const PLAIN: readonly DisplayUnit[] = [
  { divisor: 1e12, label: 'T' },
  { divisor: 1e9, label: 'G' },
  { divisor: 1e6, label: 'M' },
  { divisor: 1e3, label: 'k' },
  { divisor: 1, label: '' },
]

const TIME_FACTORS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3_600 }

/** Scales of at most this value keep plain numbers whole: 1,234 rather than 1.23 k. */
const PLAIN_LIMIT = 100_000

/**
 * The unit in which values as large as `magnitude` are printed. `unit` is UCUM as metrics carry it: `s`, `ms`, `By`,
 * `By/s`, `%`, `{request}`. A dimensionless `1` is a percentage only when the metric says that it is a fraction.
 */
export function displayUnit(unit: string, magnitude: number, isFraction = false): DisplayUnit {
  const size = Math.abs(magnitude)
  const [head = '', per] = splitRate(unit)
  const suffix = per === undefined ? '' : `/${per}`
  const timeFactor = Object.hasOwn(TIME_FACTORS, head) ? TIME_FACTORS[head] : undefined
  if (timeFactor !== undefined) {
    const chosen = pick(SECONDS, size * timeFactor, SECONDS[3])
    return { divisor: chosen.divisor / timeFactor, label: chosen.label + suffix }
  }
  if (head === 'By') {
    const chosen = pick(BYTES, size, BYTES.at(-1))
    return { divisor: chosen.divisor, label: chosen.label + suffix }
  }
  if (head === '%') return { divisor: 1, label: `%${suffix}` }
  if (head === '1' && isFraction) return { divisor: 0.01, label: `%${suffix}` }
  const noun = head === '1' ? '' : head.replaceAll(/[{}]/g, '')
  const chosen = size < PLAIN_LIMIT ? { divisor: 1, label: '' } : pick(PLAIN, size, PLAIN.at(-1))
  return { divisor: chosen.divisor, label: chosen.label + suffix, ...(noun === '' ? {} : { noun }) }
}

function splitRate(unit: string): [string, string | undefined] {
  const slash = unit.lastIndexOf('/')
  return slash < 0 ? [unit, undefined] : [unit.slice(0, slash), unit.slice(slash + 1)]
}

function pick(units: readonly DisplayUnit[], size: number, whenZero: DisplayUnit | undefined): DisplayUnit {
  const fallback = whenZero ?? { divisor: 1, label: '' }
  if (size === 0 || !Number.isFinite(size)) return fallback
  return units.find((unit) => size >= unit.divisor) ?? units.at(-1) ?? fallback
}

const formatters = new Map<string, Intl.NumberFormat>()

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options)
  const known = formatters.get(key)
  if (known) return known
  const made = new Intl.NumberFormat('en', options)
  formatters.set(key, made)
  return made
}

/** Digits with a true minus; three significant ones, but never a whole number cut short. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '∞'
  if (value === Number.NEGATIVE_INFINITY) return `${MINUS}∞`
  const size = Math.abs(value)
  const text =
    size >= 100 || Number.isInteger(value)
      ? numberFormat({ maximumFractionDigits: 0 }).format(size)
      : numberFormat({ minimumSignificantDigits: 3, maximumSignificantDigits: 3 }).format(size)
  return value < 0 ? MINUS + text : text
}

export interface ValueParts {
  readonly digits: string
  readonly unit: string
  readonly noun: string
}

/** Digits and unit apart, for tiles that set them differently. `null` is an en dash, never zero. */
export function formatParts(value: number | null, unit: string, isFraction = false): ValueParts {
  if (value === null) return { digits: '–', unit: '', noun: '' }
  const display = displayUnit(unit, value, isFraction)
  return { digits: formatNumber(value / display.divisor), unit: display.label, noun: display.noun ?? '' }
}

/** Digits and unit in one, without the noun. */
export function formatValue(value: number | null, unit: string, isFraction = false): string {
  const parts = formatParts(value, unit, isFraction)
  return parts.unit === '' ? parts.digits : `${parts.digits}${THIN_SPACE}${parts.unit}`
}

/** All digits, in the unit as stored. */
export function formatExact(value: number | null, unit: string): string {
  if (value === null) return 'no value'
  return unit === '' || unit === '1' ? String(value) : `${value} ${unit}`
}

const DECIMAL_STEPS = Array.from({ length: 48 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** (power - 24)),
).flat()
const BINARY_STEPS = Array.from({ length: 60 }, (_, power) => 2 ** power)

/** Distances between ticks that come out round in the unit they are printed in. */
export function tickSteps(unit: string): number[] {
  return splitRate(unit)[0] === 'By' ? BINARY_STEPS : DECIMAL_STEPS
}

/** Labels of one axis: they share a unit, and have the fraction digits their step needs. */
export function formatTicks(ticks: readonly number[], unit: string, isFraction = false): string[] {
  const largest = ticks.reduce((most, tick) => Math.max(most, Math.abs(tick)), 0)
  const display = displayUnit(unit, largest, isFraction)
  const step = ticks.length > 1 ? Math.abs((ticks[1] ?? 0) - (ticks[0] ?? 0)) / display.divisor : 1
  const digits = step > 0 && step < 1 ? Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)) : 0
  const format = numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits })
  return ticks.map((tick) => {
    const scaled = tick / display.divisor
    const text = (scaled < 0 ? MINUS : '') + format.format(Math.abs(scaled))
    return display.label === '' ? text : `${text}${THIN_SPACE}${display.label}`
  })
}
