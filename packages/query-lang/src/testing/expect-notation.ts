import type { Severity } from '../diagnostics.ts'
import { Cursor, type ScriptLine } from './cursor.ts'
import {
  FACTS,
  type FactSubject,
  type FactType,
  type FactValue,
  factType,
  isFactSubject,
  NAMED_SUBJECTS,
} from './facts.ts'
import { readRows } from './row-notation.ts'
import type { Action, ExpectedDiagnostic } from './script.ts'

const SEVERITIES: ReadonlyMap<string, Severity> = new Map([
  ['fail', 'error'],
  ['warn', 'warning'],
  ['note', 'info'],
])
const CODE_PATTERN = /[A-Z][A-Z_]*/y

type ReadAction = (cursor: Cursor, body: readonly ScriptLine[]) => Action

/** Reads what stands after `expect`. `readAction` reads the step that `expect error CODE:` holds. */
export function readExpect(cursor: Cursor, body: readonly ScriptLine[], readAction: ReadAction): Action {
  for (const [word, severity] of SEVERITIES) if (cursor.wordIf(word)) return readDiagnostics(cursor, body, severity)
  if (cursor.wordIf('error')) {
    const code = cursor.take(CODE_PATTERN, 'the code of an error')
    cursor.skip(':')
    return { type: 'expect-error', code, action: readAction(cursor, body) }
  }
  const subject = cursor.takeIf(/[a-z]+(?= +[\w"])/y)
  if (subject !== undefined && isFactSubject(subject)) return readFacts(cursor, body, subject)
  if (subject === 'late') return readExpectedLate(cursor, body)
  const latest = subject === 'latest'
  const name = subject === undefined || latest ? cursor.name('the name of a query') : subject
  return readExpectedRows(cursor, body, name, latest)
}

/** Reads the rows under the name of a query, or `nothing` after it. */
export function readExpectedRows(cursor: Cursor, body: readonly ScriptLine[], name: string, latest: boolean): Action {
  return { type: 'expect-rows', latest, name, rows: readRows(linesUnder(cursor, body, name)) }
}

/** Reads lines of `SERVER TIME VALUE`. */
function readExpectedLate(cursor: Cursor, body: readonly ScriptLine[]): Action {
  const name = cursor.name('the name of a query')
  const rows = linesUnder(cursor, body, `late ${name}`).map((text) => {
    const line = new Cursor(text)
    const row = { server: line.name('a server'), timeMs: line.time('a time'), value: line.number('a value') }
    line.end()
    return row
  })
  return { type: 'expect-late', name, rows }
}

function linesUnder(cursor: Cursor, body: readonly ScriptLine[], what: string): readonly ScriptLine[] {
  const nothing = cursor.wordIf('nothing')
  cursor.end()
  if (nothing) return []
  if (body.length === 0) throw cursor.problem(`expected rows under it, or: expect ${what} nothing`)
  return body
}

/** Reads `CODE at 1:5, CODE at 2:1: text` or, for none, `none: text`. */
function readDiagnostics(cursor: Cursor, body: readonly ScriptLine[], severity: Severity): Action {
  const stored = cursor.wordIf('stored')
  const diagnostics: ExpectedDiagnostic[] = []
  if (!cursor.wordIf('none'))
    do {
      const code = cursor.take(CODE_PATTERN, 'the code of a diagnostic, or none')
      if (!cursor.wordIf('at')) throw cursor.problem(`where? Write ${code} at LINE:COLUMN`)
      const line = Number(cursor.take(/\d+(?=:\d)/y, 'LINE:COLUMN'))
      cursor.skip(':')
      diagnostics.push({ code, line, column: Number(cursor.take(/\d+/y, 'a column')) })
    } while (cursor.skipIf(','))
  cursor.skip(':')
  const text = [cursor.rest(), ...body.map((line) => line.text)].filter((line) => line !== '').join('\n')
  return { type: 'expect-diagnostics', severity, stored, diagnostics, text }
}

function readFacts(cursor: Cursor, body: readonly ScriptLine[], subject: FactSubject): Action {
  const name = NAMED_SUBJECTS.has(subject) ? cursor.name(`the name of a ${subject}`) : ''
  const facts = new Map<string, FactValue>()
  const read = (line: Cursor): void => {
    while (!line.atEnd) {
      const fact = line.take(/[a-zA-Z.-]+(?==)/y, 'fact=value')
      const type = factType(subject, fact)
      if (type === undefined)
        throw line.problemWithTaken(`no fact ${fact} of ${subject}; there are ${Object.keys(FACTS[subject]).join(' ')}`)
      line.skip('=')
      facts.set(fact, readFact(line, type))
    }
  }
  read(cursor)
  for (const line of body) read(new Cursor(line))
  if (facts.size === 0) throw cursor.problem('expected fact=value')
  return { type: 'expect-facts', subject, name, facts }
}

function readFact(cursor: Cursor, type: FactType): FactValue {
  if (cursor.wordIf('null')) return null
  switch (type) {
    case 'number':
      return cursor.number('a number')
    case 'time':
      // -Inf: the progress of what has not begun.
      return cursor.takeIf(/-Inf(?!\w)/y) === undefined ? cursor.time('a time') : Number.NEGATIVE_INFINITY
    case 'boolean':
      return cursor.take(/true|false/y, 'true or false') === 'true'
    case 'text':
      return cursor.quotedIf() ?? cursor.take(/[^\s"]+/y, 'text')
  }
}
