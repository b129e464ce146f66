import { Cursor, NUMBER_PATTERN, readNumber, type ScriptLine } from './cursor.ts'
import {
  type ExpectedRow,
  type ExpectedValue,
  ROW_FLAGS,
  ROW_NUMBERS,
  ROW_WORDS,
  type RowFlag,
  type RowNumber,
  type RowWord,
  type TimeRange,
} from './script.ts'

const COLUMN_PATTERN = /[A-Za-z_]\w*(?==)/y
const ABOUT_PATTERN = /@[a-z-]+/y

/** Reads the rows under an expectation: each `[start, end) {group} column=value.. @about..`, or the word `nothing`. */
export function readRows(body: readonly ScriptLine[]): ExpectedRow[] {
  if (body.length === 1 && body[0]!.text === 'nothing') return []
  return body.map((line) => readRow(new Cursor(line)))
}

/** Reads `[start, end)`. */
export function readRange(cursor: Cursor): TimeRange {
  cursor.skip('[')
  const fromMs = cursor.time('a start')
  cursor.skip(',')
  const toMs = cursor.time('an end')
  cursor.skip(')')
  if (toMs <= fromMs) throw cursor.problem('the end is not after the start')
  return { fromMs, toMs }
}

function readRow(cursor: Cursor): ExpectedRow {
  const { fromMs: startMs, toMs: endMs } = readRange(cursor)
  const group = readGroup(cursor)
  const values = new Map<string, ExpectedValue>()
  const flags = new Set<RowFlag>()
  const numbers = new Map<RowNumber, ExpectedValue>()
  const words = new Map<RowWord, string>()
  while (!cursor.atEnd) {
    const about = cursor.takeIf(ABOUT_PATTERN)
    if (about === undefined) {
      const column = cursor.take(COLUMN_PATTERN, 'column=value or @about')
      if (values.has(column)) throw cursor.problemWithTaken(`${column} stands twice`)
      cursor.skip('=')
      values.set(column, readValue(cursor))
      continue
    }
    const name = about.slice(1)
    if (isOneOf(ROW_FLAGS, name)) flags.add(name)
    else if (isOneOf(ROW_NUMBERS, name)) {
      cursor.skip('=')
      numbers.set(name, readValue(cursor))
    } else if (isOneOf(ROW_WORDS, name)) {
      cursor.skip('=')
      words.set(name, cursor.take(/[a-z-]+/y, 'a word'))
    } else {
      const known = [...ROW_FLAGS, ...ROW_NUMBERS, ...ROW_WORDS].map((word) => `@${word}`).join(' ')
      throw cursor.problemWithTaken(`${about} says nothing about a row; there are ${known}`)
    }
  }
  if (values.size === 0) throw cursor.problem('a row has all its columns: column=value')
  return { line: cursor.line, startMs, endMs, group, values, flags, numbers, words }
}

function readGroup(cursor: Cursor): Map<string, string | null> {
  const group = new Map<string, string | null>()
  if (!cursor.skipIf('{')) return group
  do {
    const name = cursor.name('a dimension')
    cursor.skip('=')
    group.set(name, cursor.wordIf('null') ? null : cursor.quoted('a value'))
  } while (cursor.skipIf(','))
  cursor.skip('}')
  return group
}

function readValue(cursor: Cursor): ExpectedValue {
  if (cursor.wordIf('null')) return { value: null }
  const value = readNumber(
    cursor.take(/[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)(?![\w.])/y, 'a number, Inf or null'),
  )
  if (!cursor.skipIf('~')) return { value }
  const by = readNumber(cursor.take(NUMBER_PATTERN, 'a tolerance'))
  return cursor.skipIf('%')
    ? { value, tolerance: { kind: 'relative', by: by / 100 } }
    : { value, tolerance: { kind: 'absolute', by } }
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word)
}
