import type { LateRow, WindowResult } from '@windrow/core'
import {
  type ExpectedLate,
  type ExpectedRow,
  type ExpectedValue,
  ROW_FLAGS,
  type RowFlag,
  type RowNumber,
  type RowWord,
} from './script.ts'
import { printScriptTime, SCRIPT_EPOCH_MS } from './script-time.ts'

/** Numbers that are checked even where they are not written, with the value that is then expected. */
const USUAL_NUMBERS: ReadonlyMap<RowNumber, number> = new Map([
  ['rev', 1],
  ['late', 0],
] as const)
/** A revision is the number of its generation times this, plus a count from 1. */
export const GENERATION_SIZE = 65_536

type Line = readonly [same: boolean, left: string, right: string]

/** Compares rows in order; undefined when all are as expected, else both sides beside each other. */
export function compareRows(expected: readonly ExpectedRow[], actual: readonly WindowResult[]): string | undefined {
  const lines: Line[] = []
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    const [want, row] = [expected[i], actual[i]]
    const same = want !== undefined && row !== undefined && matches(want, row)
    lines.push([same, want === undefined ? '-' : printExpected(want), row === undefined ? '-' : printActual(row, want)])
  }
  return besideEachOther(lines)
}

/** Compares late samples in order, as `compareRows` does rows. */
export function compareLate(expected: readonly ExpectedLate[], actual: readonly LateRow[]): string | undefined {
  const [wanted, found] = [
    expected.map(printLate),
    actual.map(({ server, timeMs, value }) => printLate({ server, timeMs: timeMs - SCRIPT_EPOCH_MS, value })),
  ]
  const length = Math.max(wanted.length, found.length)
  return besideEachOther(
    Array.from({ length }, (_, i) => [wanted[i] === found[i], wanted[i] ?? '-', found[i] ?? '-'] as const),
  )
}

function besideEachOther(lines: readonly Line[]): string | undefined {
  if (lines.every(([same]) => same)) return undefined
  const width = Math.max('expected'.length, ...lines.map(([, left]) => left.length))
  return [
    'the rows differ',
    `  ${'expected'.padEnd(width)} | actual`,
    ...lines.map(([same, left, right]) => `${same ? ' ' : '>'} ${left.padEnd(width)} | ${right}`),
  ].join('\n')
}

function matches(want: ExpectedRow, row: WindowResult): boolean {
  if (row.startMs !== SCRIPT_EPOCH_MS + want.startMs || row.endMs !== SCRIPT_EPOCH_MS + want.endMs) return false
  const group = Object.entries(row.group)
  if (group.length !== want.group.size || group.some(([name, value]) => want.group.get(name) !== value)) return false
  const values = Object.entries(row.values)
  if (values.length !== want.values.size) return false
  for (const [name, value] of values) {
    const wanted = want.values.get(name)
    if (wanted === undefined || !isAsExpected(wanted, value)) return false
  }
  for (const flag of ROW_FLAGS) if (flagOf(row, flag) !== want.flags.has(flag)) return false
  for (const [name, usual] of USUAL_NUMBERS) if (!want.numbers.has(name) && numberOf(row, name) !== usual) return false
  for (const [name, value] of want.numbers) if (!isAsExpected(value, numberOf(row, name))) return false
  for (const [name, word] of want.words) if (wordOf(row, name) !== word) return false
  return true
}

/** Exactly equal (0 and -0 alike) unless a tolerance is given. */
function isAsExpected({ value, tolerance }: ExpectedValue, actual: number | null): boolean {
  if (value === actual) return true
  if (value === null || actual === null || tolerance === undefined) return false
  return Math.abs(actual - value) <= tolerance.by * (tolerance.kind === 'relative' ? Math.abs(value) : 1)
}

function flagOf(row: WindowResult, flag: RowFlag): boolean {
  switch (flag) {
    case 'partial':
      return row.partial
    case 'early':
      return row.early === true
    case 'retracted':
      return row.retracted === true
    case 'infinite':
      return row.quality?.infinite === true
    case 'interval-longer':
      return row.quality?.intervalLongerThanWindow === true
    case 'stale':
      return row.quality?.stale === true
  }
}

function numberOf(row: WindowResult, name: RowNumber): number | null {
  switch (name) {
    case 'rev':
      return row.revision % GENERATION_SIZE
    case 'late':
      return row.lateApplied
    case 'n':
      return row.count
    case 'seen':
      return row.seriesSeen
    case 'expected':
      return row.seriesExpected
    case 'completeness':
      return row.completeness
    case 'version':
      return row.queryVersion
    case 'generation':
      return Math.floor(row.revision / GENERATION_SIZE)
  }
}

/** The sketches of a row's columns, each once. */
function wordOf(row: WindowResult, name: RowWord): string {
  if (name === 'source') return row.source
  return [...new Set(Object.values(row.quality?.columns ?? {}).map(({ sketch }) => sketch))].join('+')
}

function printLate({ server, timeMs, value }: ExpectedLate): string {
  return `${server} ${printScriptTime(timeMs)} ${printNumber(value)}`
}

function printExpected(want: ExpectedRow): string {
  return printRow(
    [want.startMs, want.endMs],
    [...want.group],
    [
      ...[...want.values].map(([name, value]) => `${name}=${printExpectedValue(value)}`),
      ...ROW_FLAGS.filter((flag) => want.flags.has(flag)).map((flag) => `@${flag}`),
      ...[...want.numbers].map(([name, value]) => `@${name}=${printExpectedValue(value)}`),
      ...[...want.words].map(([name, word]) => `@${name}=${word}`),
    ],
  )
}

/** In the order of the expected row, so that the two can be read side by side; then whatever else is unusual. */
function printActual(row: WindowResult, want: ExpectedRow | undefined): string {
  const columns = new Set([...(want?.values.keys() ?? []), ...Object.keys(row.values)])
  const unusual = [...USUAL_NUMBERS].filter(([name, usual]) => numberOf(row, name) !== usual).map(([name]) => name)
  const numbers = new Set([...(want?.numbers.keys() ?? []), ...unusual])
  return printRow([row.startMs - SCRIPT_EPOCH_MS, row.endMs - SCRIPT_EPOCH_MS], Object.entries(row.group), [
    ...[...columns]
      .filter((name) => Object.hasOwn(row.values, name))
      .map((name) => `${name}=${printNumber(row.values[name] ?? null)}`),
    ...ROW_FLAGS.filter((flag) => flagOf(row, flag)).map((flag) => `@${flag}`),
    ...[...numbers].map((name) => `@${name}=${printNumber(numberOf(row, name))}`),
    ...[...(want?.words.keys() ?? [])].map((name) => `@${name}=${wordOf(row, name)}`),
  ])
}

function printRow(
  [startMs, endMs]: readonly [number, number],
  group: readonly (readonly [string, string | null])[],
  rest: readonly string[],
): string {
  const dimensions = group.map(([name, value]) => `${name}=${value === null ? 'null' : JSON.stringify(value)}`)
  const groupText = dimensions.length === 0 ? [] : [`{${dimensions.join(', ')}}`]
  return [`[${printScriptTime(startMs)}, ${printScriptTime(endMs)})`, ...groupText, ...rest].join(' ')
}

function printExpectedValue({ value, tolerance }: ExpectedValue): string {
  if (tolerance === undefined) return printNumber(value)
  const by = tolerance.kind === 'relative' ? `${tolerance.by * 100}%` : `${tolerance.by}`
  return `${printNumber(value)}~${by}`
}

function printNumber(value: number | null): string {
  return `${value}`.replace('Infinity', 'Inf')
}
