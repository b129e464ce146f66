import type { IToken } from 'chevrotain'
import type { SyntaxProblem } from './syntax-messages.ts'

/** Words of the full language that this version does not run, with what to do instead. */
const WORDS: Readonly<Record<string, string>> = {
  USING: 'percentiles use the default sketch',
  PER: 'group by server and combine the rows where they are read',
  CREATE: 'store a query through the engine or the server',
  ALTER: 'alter a query through the engine or the server',
  DROP: 'remove a query through the engine or the server',
  EXPLAIN: 'ask the engine for the state of a query',
  SHOW: 'ask the engine for its queries, metrics and servers',
  BLOCK: 'leave the metric out before it is sent',
  UNBLOCK: 'no metric is blocked',
  PRIORITY: 'every metric has the same priority',
  RANGE: 'leave out what is out of range before it is sent',
  INTO: 'subscribe to the query and write the rows',
}

/** The problem when this is a word of the language that this version lacks. */
export function notAvailable(token: IToken): SyntaxProblem | undefined {
  const word = token.image.toUpperCase()
  const hint = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
  return hint === undefined ? undefined : { message: `${word} is not available yet`, hint }
}
