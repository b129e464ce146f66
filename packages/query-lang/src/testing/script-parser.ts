import type { EngineOptions } from '@windrow/core'
import { Cursor, ScriptSyntaxError } from './cursor.ts'
import type { Action, Script, ScriptCase, ScriptProblem, Step } from './script.ts'
import { type Block, blocksOf, scriptLines } from './script-lines.ts'
import { readAction, refuseBody } from './step-notation.ts'

/** Settings of `engine` that are lengths, by the name a script uses. */
export const ENGINE_SETTINGS: ReadonlyMap<string, keyof EngineOptions> = new Map([
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
          throw new ScriptSyntaxError(block.head.number, 1, `there is a case "${read.name}" already`)
        cases.push(read)
      })
  })
  if (cases.length === 0 && problems.length === 0)
    problems.push({ file, line: 1, column: 1, message: 'the script holds no case' })
  return { file, cases, problems }
}

/** Goes on after a step that is wrong, so that all problems of a script are told at once. */
function readCase({ head, body }: Block, attempt: (read: () => void) => void): ScriptCase {
  const cursor = new Cursor(head)
  if (head.indent > 0 || !cursor.wordIf('case')) throw cursor.problem('a script is a list of: case NAME')
  const name = cursor.text('the name of the case')
  if (body.length === 0) throw cursor.problem('the case has no steps; indent them')
  let startMs = 0
  let engineOptions: EngineOptions = {}
  const steps: Step[] = []
  for (const [index, block] of blocksOf(body).entries())
    attempt(() => {
      const line = new Cursor(block.head)
      if (line.wordIf('engine')) {
        if (index > 0) throw line.problem('engine comes first in a case')
        ;({ startMs, engineOptions } = readEngine(line))
        refuseBody(block.body)
      } else steps.push({ line: block.head.number, action: readAction(line, block.body) })
    })
  return {
    name,
    line: head.number,
    startMs,
    engineOptions,
    needsStorage: steps.some(({ action }) => needsStorage(action)),
    steps,
  }
}

/** Without a storage there is no history to run over, and nothing in the background to wait for. */
function needsStorage(action: Action): boolean {
  if (action.type === 'expect-error') return needsStorage(action.action)
  return action.type === 'eval' || action.type === 'settle'
}

function readEngine(cursor: Cursor): { startMs: number; engineOptions: EngineOptions } {
  let startMs = 0
  const settings: [name: string, value: number | string][] = []
  do {
    const name = cursor.take(/\w+/y, 'a setting')
    const option = ENGINE_SETTINGS.get(name)
    if (option === undefined && name !== 'start' && name !== 'dedup')
      throw cursor.problemWithTaken(
        `no setting ${name}; there are start dedup ${[...ENGINE_SETTINGS.keys()].join(' ')}`,
      )
    cursor.skip('=')
    if (option !== undefined) settings.push([option, cursor.time('a time')])
    else if (name === 'dedup') settings.push([name, cursor.take(/(?:exact|last)(?!\w)/y, 'exact or last')])
    else startMs = cursor.time('a time')
  } while (!cursor.atEnd)
  return { startMs, engineOptions: Object.fromEntries(settings) }
}
