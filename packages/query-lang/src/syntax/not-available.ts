import type { IToken } from 'chevrotain'
import type { SyntaxProblem } from './syntax-messages.ts'

/** Words of the full language that this version does not run, with what to do instead. */
const WORDS: Readonly<Record<string, string>> = {
  HAVING: 'filter the rows where they are read',
  FILL: 'a window without samples has no row',
  EMIT: 'rows come at the end of the window, then again when late samples change them',
  'ORDER BY': 'sort the rows where they are read',
  LIMIT: 'take the first rows where they are read',
  'MIN SAMPLES': 'look at the count of the row',
  SESSION: 'use a window of fixed length: WINDOW 5m',
  TZ: 'days and weeks are those of UTC',
  USING: 'percentiles use the default sketch',
  PER: 'group by server and combine the rows where they are read',
  THEN: 'samples later than LATENESS are counted and left out',
  CREATE: 'store a query through the engine or the server',
  ALTER: 'alter a query through the engine or the server',
  DROP: 'remove a query through the engine or the server',
  EXPLAIN: 'ask the engine for the state of a query',
  SHOW: 'ask the engine for its queries, metrics and servers',
  BLOCK: 'leave the metric out before it is sent',
  UNBLOCK: 'no metric is blocked',
  PRIORITY: 'every metric has the same priority',
  RANGE: 'leave out what is out of range before it is sent',
  FIRST: 'leave it out',
  INTO: 'subscribe to the query and write the rows',
}

const SECOND_WORDS: Readonly<Record<string, string>> = { ORDER: 'BY', MIN: 'SAMPLES' }

/** The problem when what stands at `index` is a word of the language that this version lacks. */
export function notAvailable(tokens: readonly IToken[], index: number): SyntaxProblem | undefined {
  const first = tokens[index]?.image.toUpperCase()
  if (first === undefined) return undefined
  const second = Object.hasOwn(SECOND_WORDS, first) ? SECOND_WORDS[first] : undefined
  if (second !== undefined && tokens[index + 1]?.image.toUpperCase() !== second) return undefined
  const words = second === undefined ? first : `${first} ${second}`
  const hint = Object.hasOwn(WORDS, words) ? WORDS[words] : undefined
  return hint === undefined ? undefined : { message: `${words} is not available yet`, hint }
}
