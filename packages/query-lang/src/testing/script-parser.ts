import type { EngineOptions, RepairOptions } from '@windrow/core'
import { Cursor, ScriptSyntaxError } from './cursor.ts'
import type { Action, Script, ScriptCase, ScriptProblem, Step } from './script.ts'
import { type Block, blocksOf, scriptLines } from './script-lines.ts'
import { readAction, refuseBody } from './step-notation.ts'

interface Setting {
  readonly option: keyof EngineOptions | keyof RepairOptions
  /** A length, or a number. */
  readonly is: 'length' | 'number'
  readonly ofRepair?: true
}

/** Settings of `engine` that are engine options, by the name a script uses. */
export const ENGINE_SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ['retention', { option: 'retentionMs', is: 'length' }],
  ['maxFuture', { option: 'maxFutureMs', is: 'length' }],
  ['futureHold', { option: 'futureHoldMs', is: 'length' }],
  ['disorder', { option: 'disorderMs', is: 'length' }],
  ['maxWait', { option: 'maxWaitMs', is: 'length' }],
  ['idleAfter', { option: 'idleAfterMs', is: 'length' }],
  ['stalledAfter', { option: 'stalledAfterMs', is: 'length' }],
  ['lateness', { option: 'latenessMs', is: 'length' }],
  ['dedupHorizon', { option: 'dedupHorizonMs', is: 'length' }],
  ['minWindow', { option: 'minWindowMs', is: 'length' }],
  ['maxStateBytes', { option: 'maxStateBytes', is: 'number' }],
  ['repairEvery', { option: 'everyMs', is: 'length', ofRepair: true }],
  ['maxDirtyWindows', { option: 'maxDirtyWindows', is: 'number', ofRepair: true }],
  ['maxWindowRows', { option: 'maxWindowRows', is: 'number', ofRepair: true }],
])
/** The other settings, with the words they take. */
export const WORD_SETTINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ['dedup', ['exact', 'last']],
  ['storage', ['none']],
])

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
  let settings: EngineSettings = { startMs: 0, hasStorage: true, engineOptions: {} }
  const steps: Step[] = []
  for (const [index, block] of blocksOf(body).entries())
    attempt(() => {
      const line = new Cursor(block.head)
      if (line.wordIf('engine')) {
        if (index > 0) throw line.problem('engine comes first in a case')
        settings = readEngine(line)
        refuseBody(block.body)
      } else steps.push({ line: block.head.number, action: readAction(line, block.body) })
    })
  return {
    name,
    line: head.number,
    ...settings,
    needsStorage: steps.some(({ action }) => needsStorage(action)),
    steps,
  }
}

/** Without a storage there is no history to run over, and nothing in the background to wait for. */
function needsStorage(action: Action): boolean {
  if (action.type === 'expect-error') return needsStorage(action.action)
  return action.type === 'eval' || action.type === 'settle'
}

interface EngineSettings {
  startMs: number
  hasStorage: boolean
  engineOptions: EngineOptions
}

function readEngine(cursor: Cursor): EngineSettings {
  let startMs = 0
  const words = new Map<string, string>()
  const options: [name: string, value: number | string][] = []
  const repair: [name: string, value: number][] = []
  do {
    const name = cursor.take(/\w+/y, 'a setting')
    const setting = ENGINE_SETTINGS.get(name)
    const choices = WORD_SETTINGS.get(name)
    if (setting === undefined && choices === undefined && name !== 'start') {
      const known = ['start', ...WORD_SETTINGS.keys(), ...ENGINE_SETTINGS.keys()]
      throw cursor.problemWithTaken(`no setting ${name}; there are ${known.join(' ')}`)
    }
    cursor.skip('=')
    if (choices !== undefined)
      words.set(name, cursor.take(new RegExp(`(?:${choices.join('|')})(?!\\w)`, 'y'), choices.join(' or ')))
    else if (setting === undefined) startMs = cursor.time('a time')
    else {
      const value = setting.is === 'length' ? cursor.time('a time') : cursor.wholeNumber('a number')
      ;(setting.ofRepair === true ? repair : options).push([setting.option, value])
    }
  } while (!cursor.atEnd)
  const dedup = words.get('dedup')
  if (dedup !== undefined) options.push(['dedup', dedup])
  return {
    startMs,
    hasStorage: !words.has('storage'),
    engineOptions: {
      ...Object.fromEntries(options),
      ...(repair.length === 0 ? {} : { repair: Object.fromEntries(repair) }),
    },
  }
}
