import { type Cursor, type ScriptLine, ScriptSyntaxError } from './cursor.ts'
import { readExpect, readExpectedRows } from './expect-notation.ts'
import { readRange, readRows } from './row-notation.ts'
import type { Action, TimeRange } from './script.ts'
import { readLoad } from './series-notation.ts'

const DEFAULT_SOURCE = 'script'

/** The words a step can begin with; `engine` is none, it belongs to the case. */
export const STEP_WORDS: readonly string[] = [
  'load',
  'send',
  'advance',
  'query',
  'alter',
  'pause',
  'resume',
  'drop',
  'declare',
  'poll',
  'caught-up',
  'close',
  'replay',
  'finish',
  'settle',
  'snapshot',
  'restore',
  'eval',
  'expect',
]

/** Reads one step, given its line and the deeper lines under it. */
export function readAction(cursor: Cursor, body: readonly ScriptLine[]): Action {
  const word = cursor.take(/[a-z-]+(?![\w.])/y, 'a step')
  switch (word) {
    case 'load':
      return { type: 'load', ...readLoad(cursor, body) }
    case 'query':
    case 'alter': {
      const name = cursor.name('the name of a query')
      cursor.skip(':')
      return { type: word, name, text: textOf(cursor, body) }
    }
    case 'eval':
      return readEval(cursor, body)
    case 'expect':
      return readExpect(cursor, body, readAction)
  }
  const action = readShortAction(word, cursor)
  cursor.end()
  refuseBody(body)
  return action
}

/** Says that lines are indented under a step that takes none. */
export function refuseBody(body: readonly ScriptLine[]): void {
  const [line] = body
  if (line !== undefined)
    throw new ScriptSyntaxError(line.number, line.indent + 1, 'the line above takes no lines under it')
}

/** The rest of the line and the lines under it, as one text. */
export function textOf(cursor: Cursor, body: readonly ScriptLine[]): string {
  const first = cursor.rest()
  const text = [...(first === '' ? [] : [first]), ...body.map((line) => line.text)].join('\n')
  if (text === '') throw cursor.problem('expected the text of a query')
  return text
}

function readShortAction(word: string, cursor: Cursor): Action {
  switch (word) {
    case 'send':
      return readSend(cursor)
    case 'advance':
      return { type: 'advance', by: cursor.wordIf('by'), ms: cursor.time('a time') }
    case 'declare':
      return { type: 'declare', text: `DECLARE METRIC ${cursor.text('a metric and its KIND, UNIT or FIRST')}` }
    case 'settle':
    case 'snapshot':
      return { type: word }
    case 'restore':
      return { type: 'restore', gapUntilMs: readGap(cursor) }
    case 'pause':
    case 'resume':
    case 'drop':
      return { type: word, name: cursor.name('the name of a query') }
    case 'poll':
    case 'caught-up':
    case 'close':
    case 'replay':
    case 'finish':
      return { type: word, name: cursor.name('the name of a source') }
    default:
      throw cursor.problemWithTaken(`no step ${word}; there are ${STEP_WORDS.join(' ')}`)
  }
}

function readGap(cursor: Cursor): number | undefined {
  if (cursor.wordIf('gapless')) return Number.NEGATIVE_INFINITY
  if (!cursor.wordIf('gap')) return undefined
  cursor.skip('=')
  return cursor.time('a time')
}

function readSend(cursor: Cursor): Action {
  const again = cursor.wordIf('again')
  const reversed = !again && cursor.wordIf('reversed')
  let range: TimeRange | undefined
  let source = DEFAULT_SOURCE
  let batchId: string | undefined
  let backlog = 0
  while (!cursor.atEnd)
    if (cursor.wordIf('from')) source = cursor.name('the name of a source')
    else if (cursor.wordIf('as')) batchId = cursor.name('the id of the batch')
    else if (cursor.wordIf('backlog')) {
      cursor.skip('=')
      backlog = cursor.wholeNumber('a number of records')
    } else if (again || range !== undefined) cursor.end()
    else range = readRange(cursor)
  return { type: 'send', range, again, reversed, source, batchId, backlog }
}

/** The lines under `eval` are the rest of the query, then the rows; `eval live NAME` is `expect NAME`. */
function readEval(cursor: Cursor, body: readonly ScriptLine[]): Action {
  if (cursor.wordIf('live')) return readExpectedRows(cursor, body, cursor.name('the name of a query'), false)
  const range = cursor.skipIf(':') ? undefined : readRange(cursor)
  if (range !== undefined) cursor.skip(':')
  const firstRow = body.findIndex((line) => line.text.startsWith('[') || line.text === 'nothing')
  if (firstRow < 0) throw cursor.problem('expected rows, or nothing, under the query')
  return { type: 'eval', range, text: textOf(cursor, body.slice(0, firstRow)), rows: readRows(body.slice(firstRow)) }
}
