import type { AggregatePlan } from '@windrow/core'
import type { CallNode } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { nearest } from '../nearest.ts'

export type AggregateFunction = AggregatePlan['fn']

/** Every function of this version, and whether it takes numbers. */
const FUNCTIONS: Readonly<Record<AggregateFunction, 'no arguments' | 'percentiles'>> = {
  count: 'no arguments',
  sum: 'no arguments',
  min: 'no arguments',
  max: 'no arguments',
  avg: 'no arguments',
  percentile: 'percentiles',
}
const FUNCTION_NAMES = Object.keys(FUNCTIONS) as AggregateFunction[]

/** Functions of the full language, with what to do until they are here. */
const LATER_FUNCTIONS: Readonly<Record<string, string>> = {
  quantile: 'write percentile: quantile(0.99) is percentile(99)',
  stddev: 'compute min, max and percentiles instead',
  first: 'use a shorter window and min or max',
  last: 'use a shorter window and min or max',
  distinct: 'group by the label and count the rows',
  topk: 'group by the label and sort the rows where they are read',
}

/** Functions that say what is read, before anything is computed of it. */
const READINGS: readonly string[] = ['rate', 'increase']

const OTHER_WORDS: Readonly<Record<string, string>> = {
  mean: 'avg',
  average: 'avg',
  median: 'percentile(50)',
  minimum: 'min',
  maximum: 'max',
  total: 'sum',
  perc: 'percentile',
  pct: 'percentile',
}

/** The function another word for it stands for: `percentile(99)` for `p99`. */
export function suggestFunction(word: string): string | undefined {
  if (Object.hasOwn(OTHER_WORDS, word)) return OTHER_WORDS[word]
  const digits = /^p(?:ercentile)?_?(\d{1,4})$/.exec(word)?.[1]
  if (digits !== undefined && (Number(digits) <= 100 || digits.startsWith('99')))
    // p999 is how people write 99.9.
    return `percentile(${digits.length > 2 && digits !== '100' ? `${digits.slice(0, 2)}.${digits.slice(2)}` : Number(digits)})`
  return nearest(word, FUNCTION_NAMES)
}

/** The function a call names, or undefined and a diagnostic. */
export function resolveFunction(call: CallNode, diagnostics: DiagnosticList): AggregateFunction | undefined {
  const fn = FUNCTION_NAMES.find((name) => name === call.fn)
  const nameSpan = { ...call.span, end: Math.min(call.span.end, call.span.start + call.fn.length) }
  if (fn === undefined) {
    if (Object.hasOwn(LATER_FUNCTIONS, call.fn)) {
      diagnostics.error('NOT_AVAILABLE', nameSpan, `${call.fn} is not available yet`, LATER_FUNCTIONS[call.fn])
      return undefined
    }
    if (READINGS.includes(call.fn)) {
      const hint = `${call.fn} stands in SELECT: SELECT ${call.fn}(m) WINDOW 1m COMPUTE sum`
      diagnostics.error('UNKNOWN_FUNCTION', nameSpan, `${call.fn} is no function of COMPUTE`, hint)
      return undefined
    }
    const suggestion = suggestFunction(call.fn)
    const hint = suggestion === undefined ? `functions are ${FUNCTION_NAMES.join(', ')}` : `did you mean ${suggestion}?`
    diagnostics.error('UNKNOWN_FUNCTION', nameSpan, `there is no function ${call.fn}`, hint)
    return undefined
  }
  const takesNumbers = FUNCTIONS[fn] === 'percentiles'
  if (takesNumbers === call.args.length > 0) return fn
  if (takesNumbers)
    diagnostics.error(
      'WRONG_ARGUMENTS',
      call.span,
      `${fn} needs at least one number`,
      `write ${fn}(99) or ${fn}(50, 99)`,
    )
  else
    diagnostics.error(
      'WRONG_ARGUMENTS',
      call.span,
      `${fn} takes no arguments`,
      `SELECT names the metric; write ${fn} alone`,
    )
  return undefined
}
