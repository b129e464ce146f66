import { readdirSync, readFileSync } from 'node:fs'
import { kindRule, type MetricKind } from '@windrow/core'
import { describe, expect, test } from 'vitest'
import { check } from '../src/compile.ts'
import { DIAGNOSTIC_CODES } from '../src/diagnostics.ts'
import { parse } from '../src/parse.ts'
import { renderDiagnostics } from '../src/render-diagnostics.ts'
import { RESERVED_IN_EXPRESSIONS, RESERVED_IN_NAMES } from '../src/syntax/keywords.ts'

// Tables may be padded for readers of the source.
const page = readFileSync(new URL('../../../docs/language.md', import.meta.url), 'utf8').replace(/ +\|/g, ' |')

function fenced(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map((match) => match[1] as string)
}

function tableAfter(heading: string): string[][] {
  const rows =
    page
      .slice(page.indexOf(heading))
      .split('\n\n')
      .find((part) => part.startsWith('|'))
      ?.trim()
      .split('\n') ?? []
  return rows
    .filter((_, i) => i !== 1)
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replace(/`/g, '')),
    )
}

test('the table of codes', () => {
  expect(
    Object.fromEntries(
      tableAfter('## Diagnostics\n')
        .slice(1)
        .map(([code, meaning]) => [code, meaning]),
    ),
  ).toEqual(
    Object.fromEntries(Object.entries(DIAGNOSTIC_CODES).map(([code, meaning]) => [code, meaning.replace(/`/g, '')])),
  )
})

test('the table of kinds and functions', () => {
  const [head, ...rows] = tableAfter('| function |')
  const words = { allow: 'yes', refuse: 'error', 'refuse-when-known': 'warning while assumed, error once declared' }
  const readings = ['increase', 'rate'] as const
  const plain = ['count', 'sum', 'min', 'max', 'avg', 'percentile'] as const
  expect(rows.map(([fn]) => fn)).toEqual([...plain, ...readings.map((reading) => `any of ${reading}(m)`)])
  const kinds = (head as string[]).slice(1) as MetricKind[]
  const inTable = (verdicts: (kind: MetricKind) => string[]): string[] =>
    kinds.map((kind) => [...new Set(verdicts(kind))].join())
  expect(rows.map(([, ...cells]) => cells)).toEqual([
    ...plain.map((fn) => inTable((kind) => [words[kindRule(kind, fn).verdict]])),
    ...readings.map((reading) => inTable((kind) => plain.map((fn) => words[kindRule(kind, fn, reading).verdict]))),
  ])
})

describe('examples', () => {
  const examples = fenced('sql')
  test.each(examples)('%s', (text) => {
    expect(check(text)).toEqual([])
    expect(parse(text).statements.length).toBeGreaterThan(0)
  })

  test('are there', () => {
    expect(examples).toHaveLength(2)
  })

  test('of a diagnostic, as it is rendered', () => {
    const [shown] = fenced('text')
    const text = shown?.split('\n')[1]?.trim() as string
    expect(`${renderDiagnostics(text, check(text))}\n`).toBe(shown)
  })
})

test('the reserved words', () => {
  expect(page).toContain('`SELECT WHERE WINDOW EXCEPT AND NOT IN EXISTS` are reserved there')
  expect(new Set('SELECT WHERE WINDOW EXCEPT AND NOT IN EXISTS'.split(' '))).toEqual(RESERVED_IN_NAMES)
  const words = /these are reserved: `([A-Z ]+)`/.exec(page)?.[1]?.split(' ')
  expect(new Set(words)).toEqual(RESERVED_IN_EXPRESSIONS)
})

describe('what is not available is refused by name', () => {
  const query = 'FROM a SELECT m WINDOW 5s COMPUTE avg'
  test.each([
    ...[
      'USING EXACT',
      'HAVING avg > baseline(avg, DAILY)',
      'HAVING avg > baseline_stddev(avg)',
      'HAVING avg > previous(avg)',
      'HAVING avg > other.avg',
    ].map((rest) => `${query} ${rest}`),
    ...[
      'CREATE GROUP g AS FROM a',
      'ALTER QUERY q PAUSE',
      'DROP QUERY q',
      'EXPLAIN QUERY q',
      'SHOW LAG',
      'BLOCK METRIC m',
      'UNBLOCK METRIC m',
    ],
    ...['PRIORITY LOW', 'RANGE (0, 1)'].map((option) => `DECLARE METRIC m KIND GAUGE ${option}`),
    ...['quantile(0.5)', 'stddev', 'first', 'last', 'distinct(user)', 'topk(5, user.id)', 'sum(avg PER server)'].map(
      (fn) => query.replace('avg', fn),
    ),
    ...['tier(x)', 'app(x)', 'zone(x)', 'group(x)', '/x/'].map((source) =>
      query.replace('a SELECT', `${source} SELECT`),
    ),
    ...['m WHERE x =~ /y/', 'm WHERE x !~ /y/'].map((metric) => query.replace('SELECT m', `SELECT ${metric}`)),
    ...['tier', 'app', 'zone'].map((dimension) => `${query} GROUP BY ${dimension}`),
  ])('%s', (text) => {
    expect(check(text).map(({ code }) => code)).toEqual(['NOT_AVAILABLE'])
  })
})

test('no source needs Node.js', () => {
  const files = readdirSync(new URL('../src', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  expect(files.length).toBeGreaterThan(20)
  for (const file of files)
    expect(readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8'), file).not.toMatch(
      /from 'node:|\bprocess\.|\bBuffer\b/,
    )
})
