import type { Span } from './span.ts'

/** What each code means; `docs/language.md` shows the same table. Codes are API, messages are not. */
export const DIAGNOSTIC_CODES = {
  TEXT_TOO_LONG: 'The text is longer than the limit of 65,536 UTF-16 units; nothing was parsed.',
  NESTED_TOO_DEEP: 'More than 64 brackets are open at once; nothing was parsed.',
  UNEXPECTED_CHARACTER: 'A character that begins no word, number, string or sign of the language here.',
  UNCLOSED_STRING: 'A quote without its partner on the same line.',
  UNCLOSED_REGEX: 'A `/` that begins a regular expression without its partner on the same line.',
  UNCLOSED_COMMENT: '`/*` without `*/`.',
  BAD_ESCAPE: 'A backslash in a string that is not followed by one of the known escapes.',
  BAD_NUMBER: 'A number that runs into letters, or is too large or too precise.',
  SYNTAX: 'The words do not follow the grammar at this place.',
  NOT_AVAILABLE: 'A word or form of the full language that this version does not run yet.',
  REPEATED_CLAUSE: 'A clause or option that may stand once stands again.',
  BAD_DURATION: 'A duration with parts out of order, of units that do not go together, of no length, or too long.',
  BAD_COUNT: 'LIMIT or MIN SAMPLES that is no whole number of at least 1.',
  BAD_TIME: 'A time that is not ISO 8601 with a zone, or does not exist.',
  BAD_GLOB: 'A glob that cannot be matched: too long, an empty class, a range that runs backwards.',
  GLOB_NOT_ALLOWED: 'A glob where one literal name is needed.',
  EMPTY_NAME: 'A quoted name without a character.',
  UNKNOWN_KIND: 'A metric kind that does not exist.',
  EMPTY_DECLARATION: 'DECLARE METRIC without KIND, UNIT and FIRST says nothing.',
  FIRST_NEEDS_COUNTER: 'FIRST for a metric that is declared to be no counter.',
  SEVERAL_METRICS: 'SELECT with more than one metric.',
  NOT_ONE_QUERY: 'One query was needed, and the text holds none, several, or another statement.',
  UNKNOWN_FUNCTION: 'A function that does not exist.',
  WRONG_ARGUMENTS: 'A function with too few, too many or the wrong kind of arguments.',
  PERCENTILE_FRACTION: 'A percentile between 0 and 1, most likely meant as a fraction.',
  PERCENTILE_RANGE: 'A percentile outside 0 to 100, or with more than 6 decimals.',
  DUPLICATE_COLUMN: 'Two columns of one name.',
  ALIAS_OF_SEVERAL: 'AS on a function that makes several columns.',
  DUPLICATE_DIMENSION: 'Two dimensions of GROUP BY of one name.',
  UNKNOWN_COLUMN: 'HAVING or ORDER BY names a column that COMPUTE does not give.',
  EXPRESSION_TYPE: 'A condition where a number is needed, or a number where a condition is needed.',
  EXPRESSION_TOO_LARGE: 'An expression of more than 256 numbers and columns, or nested more than 64 levels deep.',
  UNKNOWN_TIME_ZONE: 'TZ with a name that is no time zone.',
  MIXED_UNITS: 'Window and step of units that do not go together, or TZ for hours, minutes and seconds.',
  WRONG_UNIT: 'Months or years where a fixed length is needed.',
  OFFSET_TOO_LONG: 'An OFFSET that is as long as a step of months.',
  GAP_LONGER_THAN_MAX: 'The gap of a session is longer than the longest session.',
  NOT_FOR_SESSIONS: 'FILL, ORDER BY, LIMIT, rate or increase for sessions.',
  EMIT_OUT_OF_RANGE: 'EMIT EVERY of less than a second, or not less than the window.',
  WINDOW_TOO_SHORT: 'A window below the floor.',
  STEP_LONGER_THAN_WINDOW: 'EVERY is longer than the window, so that samples between windows would be lost.',
  PANE_TOO_SHORT: 'Window and step share no pane of at least the floor.',
  TOO_MANY_PANES: 'Window and step need more than 4,096 panes.',
  EMPTY_RANGE: 'UNTIL is not after SINCE.',
  RANGE_IN_STORED_QUERY: 'SINCE or UNTIL in a stored query, which has no end.',
  KIND_MISMATCH: 'A function without a meaning for the kind of the metric.',
  UNMATCHED_METRIC: 'No series of this metric is known yet; the query waits for one.',
  UNMATCHED_SERVER: 'No such server is known yet; the query waits for it.',
} as const

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES
export type Severity = 'error' | 'warning' | 'info'

/** Something to say about a stretch of the text. */
export interface Diagnostic extends Span {
  readonly code: DiagnosticCode
  /** Only `error` keeps a query from running. */
  readonly severity: Severity
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** Of one run. */
export const MAX_DIAGNOSTICS = 100

/** Gathers the first 100 diagnostics of one run. */
export class DiagnosticList {
  readonly items: Diagnostic[] = []

  get full(): boolean {
    return this.items.length >= MAX_DIAGNOSTICS
  }

  error(code: DiagnosticCode, span: Span, message: string, hint?: string): void {
    this.add('error', code, span, message, hint)
  }

  add(severity: Severity, code: DiagnosticCode, span: Span, message: string, hint?: string): void {
    const { start, end, line, column } = span
    this.addAll([{ code, severity, message, ...(hint === undefined ? {} : { hint }), start, end, line, column }])
  }

  addAll(diagnostics: readonly Diagnostic[]): void {
    this.items.push(...diagnostics.slice(0, MAX_DIAGNOSTICS - this.items.length))
  }
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}

/** Diagnostics in the order of the text. */
export function inTextOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted((a, b) => a.start - b.start)
}
