import { type IProduction, NonTerminal, type Rule, Terminal, type TokenType } from 'chevrotain'
import { expect, test } from 'vitest'
import { QueryParser } from '../src/syntax/grammar.ts'
import { As, KEYWORDS, Per, RESERVED_IN_EXPRESSIONS, RESERVED_IN_NAMES } from '../src/syntax/keywords.ts'
import { ALL_TOKENS, tokenize } from '../src/syntax/lexer.ts'
import { Comma, RightParen } from '../src/syntax/tokens.ts'

test('chevrotain finds no fault with the grammar', () => {
  expect(() => new QueryParser({ recovery: false, selfAnalysis: true })).not.toThrow()
})

const RULES: Rule[] = Object.values(new QueryParser({ recovery: false, selfAnalysis: true }).getGAstProductions())

/** What a production holds directly; a call of a rule holds nothing of its own. */
function partsOf(production: IProduction | Rule): IProduction[] {
  if (production instanceof NonTerminal || production instanceof Terminal) return []
  return (production as { definition: IProduction[] }).definition
}

function allProductions(production: IProduction | Rule): IProduction[] {
  return partsOf(production).flatMap((part) => [part, ...allProductions(part)])
}

test('every rule is reached', () => {
  const calls = RULES.flatMap(allProductions).filter((production) => production instanceof NonTerminal)
  const called = new Set(['statement', ...calls.map((call) => call.nonTerminalName)])
  expect(RULES.map((rule) => rule.name).filter((name) => !called.has(name))).toEqual([])
})

/** Concrete token types a type of the grammar stands for, by name. */
function concrete(type: TokenType): string[] {
  const within = (token: TokenType): boolean =>
    token === type || (token.CATEGORIES ?? []).some((category) => within(category) || category === type)
  return ALL_TOKENS.filter(within).map((token) => token.name)
}

interface First {
  readonly tokens: Set<string>
  readonly empty: boolean
}

function firstOfSequence(parts: readonly IProduction[]): First {
  const tokens = new Set<string>()
  for (const part of parts) {
    const first = firstOf(part)
    for (const token of first.tokens) tokens.add(token)
    if (!first.empty) return { tokens, empty: false }
  }
  return { tokens, empty: true }
}

function firstOf(production: IProduction): First {
  if (production instanceof Terminal) return { tokens: new Set(concrete(production.terminalType)), empty: false }
  if (production instanceof NonTerminal) return firstOfSequence(production.referencedRule.definition)
  const kind = production.constructor.name
  if (kind === 'Alternation') {
    const alternatives = partsOf(production).map(firstOf)
    return {
      tokens: new Set(alternatives.flatMap(({ tokens }) => [...tokens])),
      empty: alternatives.some(({ empty }) => empty),
    }
  }
  const inside = firstOfSequence(partsOf(production))
  const optional = kind === 'Option' || kind === 'Repetition' || kind === 'RepetitionWithSeparator'
  return { tokens: inside.tokens, empty: inside.empty || optional }
}

test('what may be left out never begins like what follows it', () => {
  const follow = new Map(RULES.map((rule) => [rule.name, new Set<string>()]))
  const conflicts: string[] = []
  let checked = 0
  const walk = (parts: readonly IProduction[], after: Set<string>, rule: string, judge: boolean): void => {
    parts.forEach((part, i) => {
      const rest = firstOfSequence(parts.slice(i + 1))
      const next = new Set([...rest.tokens, ...(rest.empty ? after : [])])
      if (part instanceof Terminal) return
      if (part instanceof NonTerminal) {
        for (const token of next) follow.get(part.nonTerminalName)?.add(token)
        return
      }
      const kind = part.constructor.name
      const separator = (part as { separator?: TokenType }).separator
      const own = [...firstOf(part).tokens]
      if (judge && kind !== 'Alternation' && kind !== 'Alternative') {
        checked += 1
        const begins = separator === undefined ? own : concrete(separator)
        const skippable = kind === 'RepetitionWithSeparator' ? [...begins, ...own] : begins
        for (const token of skippable) if (next.has(token)) conflicts.push(`${rule}: ${kind} ${token}`)
      }
      const inner = new Set(next)
      if (kind.startsWith('Repetition'))
        for (const token of separator === undefined ? own : concrete(separator)) inner.add(token)
      if (kind === 'Alternation') for (const alternative of partsOf(part)) walk(partsOf(alternative), next, rule, judge)
      else walk(partsOf(part), inner, rule, judge)
    })
  }
  // Twice as often as rules are nested: then the sets grow no more.
  for (let round = 0; round < 2 * RULES.length; round++)
    for (const rule of RULES) walk(rule.definition, follow.get(rule.name) as Set<string>, rule.name, false)
  for (const rule of RULES) walk(rule.definition, follow.get(rule.name) as Set<string>, rule.name, true)
  expect(conflicts).toEqual([])
  expect(checked).toBeGreaterThan(15)
  expect([...(follow.get('call') as Set<string>)]).toEqual(
    expect.arrayContaining([As, Comma, Per, RightParen].map((type) => type.name)),
  )
})

test('every keyword has a token', () => {
  const labels = new Set(ALL_TOKENS.map((type) => type.LABEL))
  expect(KEYWORDS.filter((word) => !labels.has(word))).toEqual([])
})

test('the reserved words of each mode', () => {
  expect([...RESERVED_IN_NAMES].sort()).toEqual(['AND', 'EXCEPT', 'EXISTS', 'IN', 'NOT', 'SELECT', 'WHERE', 'WINDOW'])
  expect([...RESERVED_IN_EXPRESSIONS].sort()).toEqual(
    'AND AS BETWEEN BY CARDINALITY COMPUTE EMIT FILL FOR FROM GROUP HAVING INTO IS LATENESS LIMIT METRIC NOT NULL OR ORDER PER SELECT SINCE UNTIL USING WHEN WHERE WINDOW'.split(
      ' ',
    ),
  )
})

test('words are tokens in full, in each mode', () => {
  const shown = (text: string): string[] => tokenize(text).map((token) => `${token.tokenType.name} ${token.image}`)
  expect(shown('window_x windows min.window 5 5s 5.5 1e-5')).toEqual([
    'Ident window_x',
    'Ident windows',
    'DottedName min.window',
    'NumberLiteral 5',
    'Duration 5s',
    'NumberLiteral 5.5',
    'NumberLiteral 1e-5',
  ])
  expect(shown('FROM a- -- note\nb- in in-1 WINDOW 5s')).toEqual([
    'FROM FROM',
    'Name a',
    'Unexpected -',
    'Name b',
    'Unexpected -',
    'IN in',
    'Name in-1',
    'WindowInNames WINDOW',
    'Duration 5s',
  ])
  expect(shown('METRIC a-b kind METRIC "x" kind METRIC ; kind')).toEqual([
    'METRIC METRIC',
    'NameOnce a-b',
    'KIND kind',
    'METRIC METRIC',
    'StringOnce "x"',
    'KIND kind',
    'METRIC METRIC',
    'SemicolonOnce ;',
    'KIND kind',
  ])
  expect(shown('FROM a ; kind')).toEqual(['FROM FROM', 'Name a', 'SemicolonInNames ;', 'KIND kind'])
})
