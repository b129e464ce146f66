import type { EngineOptions } from '@windrow/core'
import { Cursor, type ScriptLine, ScriptSyntaxError } from './cursor.ts'
import { readExpect } from './expect-notation.ts'
import { readRange, readRows } from './row-notation.ts'
import type { Action, Script, ScriptCase, ScriptProblem, Step, TimeRange } from './script.ts'
import { type Block, blocksOf, scriptLines } from './script-lines.ts'
import { readLoad } from './series-notation.ts'

/** Settings of `engine`, by the name a script uses. */
const ENGINE_SETTINGS: ReadonlyMap<string, keyof EngineOptions> = new Map([
  ['retention', 'retentionMs'],
  ['maxFuture', 'maxFutureMs'],
  ['futureHold', 'futureHoldMs'],
  ['disorder', 'disorderMs'],
  ['maxWait', 'maxWaitMs'],
  ['idleAfter', 'idleAfterMs'],
  ['stalledAfter', 'stalledAfterMs'],
  ['lateness', 'latenessMs'],
  ['dedupHorizon', 'dedupHorizonMs'],
  ['minWindow', 'minWindowMs'],
] as const)

const DEFAULT_SOURCE = 'script'

/**
 * Reads a golden query script. Never throws for text: what is wrong is in `problems`, each with its place.
 *
 * @param file name used in problems and failures
 */
export function parseScript(file: string, text: string): Script {
  const cases: ScriptCase[] = []
  const problems: ScriptProblem[] = []
  const attempt = (read: () => void): void => {
    try {
      read()
    } catch (error) {
      if (!(error instanceof ScriptSyntaxError)) throw error
      problems.push({ file, line: error.line, column: error.column, message: error.message })
    }
  }
  attempt(() => {
    for (const block of blocksOf(scriptLines(text)))
      attempt(() => {
        const read = readCase(block, attempt)
        if (cases.some((other) => other.name === read.name))
          throw new ScriptSyntaxError(block.head.number, 1, `there is a case ${read.name} already`)
        cases.push(read)
      })
  })
  if (cases.length === 0 && problems.length === 0) problems.push({ file, line: 1, column: 1, message: 'no case' })
  return { file, cases, problems }
}

function readCase({ head, body }: Block, attempt: (read: () => void) => void): ScriptCase {
  const cursor = new Cursor(head)
  if (head.indent > 0 || !cursor.wordIf('case')) throw cursor.problem('a script is a list of: case NAME')
  const name = cursor.rest()
  if (name === '') throw cursor.problem('a case has a name')
  if (body.length === 0) throw cursor.problem(`the case ${name} is empty`)
  let startMs = 0
  let engineOptions: EngineOptions = {}
  const steps: Step[] = []
  for (const block of blocksOf(body))
    attempt(() => {
      const line = new Cursor(block.head)
      if (line.wordIf('engine')) {
        if (steps.length > 0) throw line.problem('engine comes first in a case')
        ;({ startMs, engineOptions } = readEngine(line))
        noBody(block.body)
      } else steps.push({ line: block.head.number, action: readAction(line, block.body) })
    })
  return { name, line: head.number, startMs, engineOptions, needsStorage: steps.some(usesHistory), steps }
}

function usesHistory({ action }: Step): boolean {
  return action.type === 'eval' || (action.type === 'expect-error' && action.action.type === 'eval')
}

function readEngine(cursor: Cursor): { startMs: number; engineOptions: EngineOptions } {
  let startMs = 0
  const engineOptions: { [name in keyof EngineOptions]: number } = {}
  do {
    const name = cursor.take(/\w+/y, 'a setting')
    const option = ENGINE_SETTINGS.get(name)
    if (option === undefined && name !== 'start')
      throw cursor.problem(`no setting ${name}; there are start ${[...ENGINE_SETTINGS.keys()].join(' ')}`, name.length)
    cursor.skip('=')
    const ms = cursor.time('a time')
    if (option === undefined) startMs = ms
    else engineOptions[option] = ms
  } while (!cursor.atEnd)
  return { startMs, engineOptions: engineOptions as EngineOptions }
}

/** Reads one step, given its line and the deeper lines under it. */
function readAction(cursor: Cursor, body: readonly ScriptLine[]): Action {
  const word = cursor.take(/[a-z-]+/y, 'a step')
  switch (word) {
    case 'load':
      return { type: 'load', ...readLoad(cursor, body) }
    case 'query':
    case 'alter':
      return { type: word, name: nameBeforeColon(cursor), text: textOf(cursor, body) }
    case 'eval':
      return readEval(cursor, body)
    case 'expect':
      return readExpect(cursor, body, readAction)
  }
  noBody(body)
  switch (word) {
    case 'send':
      return readSend(cursor)
    case 'advance':
      return ended(cursor, { type: 'advance', by: cursor.wordIf('by'), ms: cursor.time('a time') })
    case 'declare':
      return { type: 'declare', text: `DECLARE METRIC ${cursor.rest()}` }
    case 'pause':
    case 'resume':
    case 'drop':
      return ended(cursor, { type: word, name: cursor.name('a query') })
    case 'poll':
    case 'caught-up':
    case 'close':
    case 'replay':
    case 'finish':
      return ended(cursor, { type: word, name: cursor.name('a source') })
  }
  throw new ScriptSyntaxError(
    cursor.line,
    cursor.columnOf(word),
    `no step ${word}; there are load send advance query alter pause resume drop declare poll caught-up close replay finish expect eval`,
  )
}
