import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { QueryStatement } from '../src/ast.ts'
import { check, compile } from '../src/compile.ts'
import { parse } from '../src/parse.ts'
import { print } from '../src/print.ts'
import { renderDiagnostics } from '../src/render-diagnostics.ts'
import { KEYWORDS } from '../src/syntax/keywords.ts'
import { condition, statement } from './arbitrary-ast.ts'
import { withoutSpans } from './marked-text.ts'

// 1. parse(print(tree)) is the tree, spans apart, and its canonical text prints as itself.
// 2. What is read from any text prints as text that reads the same. parse, check and rendering never throw, whatever the text; every diagnostic lies inside it.
// 3. Equal plans have one text: compiling plan.text gives the plan again.
// 4. Time is linear in the length of the text.

test('print and parse are inverse', () => {
  fc.assert(
    fc.property(fc.array(statement, { minLength: 1, maxLength: 3 }), (statements) => {
      const text = statements.map(print).join('; ')
      const { statements: read, diagnostics } = parse(text)
      expect(diagnostics).toEqual([])
      expect(withoutSpans(read)).toEqual(withoutSpans(statements))
      expect(read.map(print).join('; ')).toBe(text)
    }),
    { numRuns: 300 },
  )
}, 60_000)

test('the text of a plan compiles to the plan', () => {
  let compiled = 0
  const seen = new Set<string>()
  fc.assert(
    fc.property(statement, condition, (tree, having) => {
      if (tree.type !== 'query') return
      const { fill, orderBy, limit, ...query } = tree
      const { span } = tree
      const aligned = {
        ...(fill === undefined ? {} : { fill }),
        ...(orderBy === undefined
          ? {}
          : { orderBy: { ...orderBy, column: { type: 'column-ref', name: 'avg', span } as const } }),
        ...(limit === undefined ? {} : { limit }),
      }
      const meaningful: QueryStatement = {
        ...query,
        ...(tree.window.type === 'session' ? {} : aligned),
        compute: {
          ...tree.compute,
          columns: [{ type: 'column', call: { type: 'call', fn: 'avg', args: [], span }, span }],
        },
        ...(tree.having === undefined ? {} : { having: { ...tree.having, condition: having } }),
      }
      const { plan } = compile(meaningful, { minWindowMs: 1 })
      if (plan === undefined) return
      compiled += 1
      for (const key of [...Object.keys(plan), plan.window.type]) seen.add(key)
      const { range: _, ...withoutRange } = plan
      const [again] = parse(plan.text).statements
      expect(again?.type === 'query' && compile(again, { minWindowMs: 1 }).plan).toEqual(withoutRange)
    }),
    { numRuns: 2_000 },
  )
  expect(compiled).toBeGreaterThan(25)
  for (const part of [
    'reading',
    'having',
    'fill',
    'emit',
    'orderBy',
    'limit',
    'minSamples',
    'late',
    'calendar',
    'session',
  ])
    expect([...seen]).toContain(part)
}, 60_000)

describe('no text makes it throw', () => {
  const words = fc.constantFrom(
    ...KEYWORDS,
    ...['USING', 'CREATE', 'web-*', 'x', '10s', '5', '99.9', '"s"', '/r/', '(', ')', ',', ';'],
    ...[
      '=',
      '!=',
      '=~',
      '-',
      '+',
      '%',
      '*',
      '{',
      '}',
      '--',
      '/*',
      '"',
      "'",
      '\\',
      '[',
      '\n',
      'avg',
      'percentile',
      'server',
      '1d2h',
      '1mo',
      '>',
      '<=',
      '/',
      '"Europe/Berlin"',
      '😀',
    ],
  )
  const nearQuery = fc
    .tuple(statement.map(print), fc.nat(200), fc.nat(20), fc.array(words, { maxLength: 3 }))
    .map(([text, at, cut, put]) => `${text.slice(0, at)}${put.join(' ')}${text.slice(at + cut)}`)
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 40 }).map((soup) => soup.join(' ')),
    nearQuery,
  )

  test.each([false, true])(
    'recovery %s',
    (recovery) => {
      fc.assert(
        fc.property(anyText, (text) => {
          const { statements } = parse(text, { recovery })
          for (const tree of statements) {
            const canonical = print(tree)
            if (!recovery) expect(withoutSpans(parse(canonical).statements)).toEqual(withoutSpans([tree]))
          }
          const diagnostics = check(text, { recovery })
          for (const { start, end, line, column, message } of diagnostics) {
            expect(start).toBeGreaterThanOrEqual(0)
            expect(end).toBeGreaterThanOrEqual(start)
            expect(end).toBeLessThanOrEqual(text.length)
            const before = text.slice(0, start).split(/\r\n?|\n/)
            expect([line, column]).toEqual([before.length, (before.at(-1) as string).length + 1])
            expect(message).not.toBe('')
          }
          renderDiagnostics(text, diagnostics)
        }),
        { numRuns: 1_000 },
      )
    },
    60_000,
  )
})

describe('time is linear in 64 KiB of the worst', () => {
  const size = 65_536
  const fill = (unit: string, prefix = ''): string =>
    prefix + unit.repeat(Math.floor((size - prefix.length) / unit.length))
  const start = 'FROM a SELECT m WINDOW 5s COMPUTE '

  test.each([
    ['open brackets', fill('(')],
    ['brackets opened and closed', fill('f(),', start)],
    ['double quotes', fill('"')],
    ['quote and escapes', fill('\\"', '"')],
    ['dashes', fill('-')],
    ['dashes in names', fill('-', 'FROM a')],
    ['dashes and space', fill('- ', 'FROM ')],
    ['unclosed comment', fill('x', '/*')],
    ['comment beginnings', fill('/*')],
    ['slashes in names', fill('/', 'FROM ')],
    ['open classes', fill('[', 'FROM ')],
    ['open braces', fill('{', 'FROM ')],
    ['braces and classes', fill('{[a', 'FROM ')],
    ['digits', fill('1')],
    ['durations', fill('1s', start)],
    ['dotted', fill('a.')],
    ['one long name', fill('a', 'FROM ')],
    ['dots in names', fill('.', 'FROM a')],
    ['semicolons', fill(';')],
    ['statements', fill('a;')],
    ['many columns', fill('avg,', start)],
    ['many servers', fill('a,', 'FROM ')],
    ['letters that are none', fill('é')],
    ['surrogates', fill('😀', 'FROM ')],
    ['white space', fill(' \n')],
    ['lines', fill('\r')],
    ['misspelt keywords', fill('FRMO ')],
    ['globs', fill('{a*,b*}?', 'FROM ')],
    ['sums', fill('+1', `${start}avg HAVING 1`)],
    ['conditions', fill(' AND avg>1', `${start}avg HAVING avg>1`)],
    ['brackets in expressions', fill('(', `${start}avg HAVING `)],
    ['sums in brackets', fill('+1', `${start}avg HAVING ${'('.repeat(60)}1`)],
    ['minus signs', fill('- ', `${start}avg HAVING `)],
    ['options', fill(' FILL 1', `${start}avg`)],
    ['matchers', fill('a=b AND ', 'FROM a SELECT m WHERE ')],
  ])('%s', (_, text) => {
    expect(text.length).toBeLessThanOrEqual(size)
    // Processor time, so that other work on the machine does not count.
    const started = process.cpuUsage()
    check(text)
    check(text, { recovery: true })
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1_000).toBeLessThan(1_500)
  })
})
