import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain'
import { EXPRESSION, EXPRESSION_KEYWORDS, FREE_KEYWORDS, NAME, NAME_KEYWORDS, ONE_NAME, Window } from './keywords.ts'
import { custom, keyword } from './make-token.ts'
import { scanName } from './scan.ts'
import * as t from './tokens.ts'

const semicolon = { label: '`;`', pattern: ';', categories: [t.Semicolon] }
const SemicolonInNames = createToken({ ...semicolon, name: 'SemicolonInNames', pop_mode: true })
const SemicolonInExpressions = createToken({ ...semicolon, name: 'SemicolonInExpressions' })

/** One name, string or anything else ends the mode that METRIC began. */
const oneName = { pops: true }
const NameOnce = custom({
  name: 'NameOnce',
  label: 'a name',
  scan: scanName,
  starts: t.NAME_STARTS,
  categories: [t.Name],
  ...oneName,
})
const StringOnce = custom({
  name: 'StringOnce',
  label: 'a quoted string',
  scan: t.scanBetween(`"'`, true),
  starts: t.STRING_STARTS,
  categories: [t.StringLiteral],
  ...oneName,
})
const SemicolonOnce = createToken({ ...semicolon, name: 'SemicolonOnce', pop_mode: true })
const KeywordsOnce = NAME_KEYWORDS.map((type) =>
  keyword(type.LABEL as string, { name: `${type.LABEL}Once`, longer: NameOnce, ...oneName }),
)
const UnclosedStringOnce = custom({
  name: 'UnclosedStringOnce',
  label: 'a string that is not closed',
  starts: t.STRING_STARTS,
  scan: t.scanBetween(`"'`, false),
  ...oneName,
})
const UnexpectedOnce = custom({
  name: 'UnexpectedOnce',
  label: 'an unexpected character',
  starts: t.ANY_START,
  scan: (_, at) => at + 1,
  ...oneName,
})

export type BadTokenKind = 'comment' | 'string' | 'regex' | 'number' | 'character'

export const BAD_TOKENS: ReadonlyMap<TokenType, BadTokenKind> = new Map<TokenType, BadTokenKind>([
  [t.UnclosedComment, 'comment'],
  [t.UnclosedString, 'string'],
  [UnclosedStringOnce, 'string'],
  [t.UnclosedRegex, 'regex'],
  [t.BadNumber, 'number'],
  [t.Unexpected, 'character'],
  [UnexpectedOnce, 'character'],
])

/** The lexer takes the first that fits, so ORDER stands before OR. */
const WORDS = [...EXPRESSION_KEYWORDS, ...FREE_KEYWORDS].sort(
  (a, b) => (b.LABEL as string).length - (a.LABEL as string).length,
)
const SPACES = [t.Space, t.LineComment, t.BlockComment, t.UnclosedComment]
const SIGNS = [
  ...[t.Comma, t.LeftParen, t.RightParen, t.NotEqual, t.Equal, t.GreaterEqual, t.LessEqual, t.Greater, t.Less],
  ...[t.Minus, t.Plus, t.Star, t.Slash, t.Percent],
  ...t.LATER_SIGNS,
]

const definition = {
  modes: {
    [EXPRESSION]: [
      ...SPACES,
      t.StringLiteral,
      t.UnclosedString,
      t.DottedName,
      ...WORDS,
      t.Ident,
      t.NumberLiteral,
      t.Duration,
      t.BadNumber,
      SemicolonInExpressions,
      ...SIGNS,
      t.Unexpected,
    ],
    [NAME]: [
      ...SPACES,
      t.Regex,
      t.UnclosedRegex,
      t.StringLiteral,
      t.UnclosedString,
      ...NAME_KEYWORDS,
      t.Name,
      ...[SemicolonInNames, t.Comma, t.LeftParen, t.RightParen, t.RegexEqual, t.RegexNotEqual, t.NotEqual, t.Equal],
      t.Unexpected,
    ],
    [ONE_NAME]: [...SPACES, StringOnce, UnclosedStringOnce, ...KeywordsOnce, NameOnce, SemicolonOnce, UnexpectedOnce],
  },
  defaultMode: EXPRESSION,
}

const CATEGORIES = [t.Semicolon, Window, t.CompareSign, t.AddSign, t.MultiplySign]

/** Every token type of the vocabulary, categories included. */
export const ALL_TOKENS: TokenType[] = [...new Set([...CATEGORIES, ...Object.values(definition.modes).flat()])]

const lexer = new Lexer(definition, { positionTracking: 'onlyOffset', ensureOptimizations: true })

/** Words of a text in order, without space and comments. Never fails: what is no word is a token of `BAD_TOKENS`. */
export function tokenize(text: string): IToken[] {
  return lexer.tokenize(text).tokens
}
