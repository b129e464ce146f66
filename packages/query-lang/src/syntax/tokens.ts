import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain'
import { scanName, scanNumeric, scanQuoted } from './scan.ts'

/**
 * The lexer has three modes. *Expression* is where a text begins. *Name* starts at FROM and ends at WINDOW or `;`:
 * there, names may hold digits, dashes, dots and globs, and few words are reserved. *One name* is name mode for a
 * single name or string, after METRIC, INTO and CARDINALITY.
 */
const EXPRESSION = 'expression'
const NAME = 'name'
const ONE_NAME = 'one-name'

/** One `start_chars_hint` that stands for every character: the lexer groups those above 255 in steps of 255. */
const ANY_START = Array.from({ length: 512 }, (_, i) => (i < 256 ? i : (i - 255) * 255))
const DIGITS = [...'0123456789']
const NAME_STARTS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:*?[{']

/** Adapts a scanner that tells where a word ends. */
function scanned(scan: (text: string, at: number) => number): (text: string, at: number) => RegExpExecArray | null {
  return (text, at) => {
    const end = scan(text, at)
    return end > at ? ([text.slice(at, end)] as unknown as RegExpExecArray) : null
  }
}

interface CustomOptions {
  readonly name: string
  readonly label: string
  readonly starts: (string | number)[]
  readonly scan: (text: string, at: number) => number
  readonly lineBreaks?: boolean
  readonly skipped?: boolean
  readonly pops?: boolean
}

function custom(options: CustomOptions): TokenType {
  return createToken({
    name: options.name,
    label: options.label,
    pattern: scanned(options.scan),
    start_chars_hint: options.starts,
    line_breaks: options.lineBreaks ?? false,
    ...(options.skipped === true ? { group: Lexer.SKIPPED } : {}),
    ...(options.pops === true ? { pop_mode: true } : {}),
  })
}

// -- space and comments, in every mode

const Space = createToken({ name: 'Space', pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true })
const LineComment = createToken({ name: 'LineComment', pattern: /--(?!\S)[^\r\n]*/, group: Lexer.SKIPPED })
const BlockComment = custom({
  name: 'BlockComment',
  label: 'a comment',
  starts: ['/'],
  scan: (text, at) => {
    if (!text.startsWith('/*', at)) return at
    const close = text.indexOf('*/', at + 2)
    return close < 0 ? at : close + 2
  },
  lineBreaks: true,
  skipped: true,
})

// -- words that are none: one diagnostic each, and the parser never accepts them

const UnclosedComment = custom({
  name: 'UnclosedComment',
  label: 'a comment that is not closed',
  starts: ['/'],
  scan: (text, at) => (text.startsWith('/*', at) ? text.length : at),
  lineBreaks: true,
})
const scanBetween =
  (quotes: string, closed: boolean) =>
  (text: string, at: number): number => {
    if (!quotes.includes(text[at] ?? ' ')) return at
    const quoted = scanQuoted(text, at)
    return quoted.closed === closed ? quoted.end : at
  }
const UnclosedString = custom({
  name: 'UnclosedString',
  label: 'a string that is not closed',
  starts: ['"', "'"],
  scan: scanBetween(`"'`, false),
})
const UnclosedRegex = custom({
  name: 'UnclosedRegex',
  label: 'a regular expression that is not closed',
  starts: ['/'],
  scan: scanBetween('/', false),
})
const BadNumber = custom({
  name: 'BadNumber',
  label: 'a number that runs into letters',
  starts: DIGITS,
  scan: (text, at) => scanNumeric(text, at).end,
})
const PLAIN_START = /[\s!-~]/
const Unexpected = custom({
  name: 'Unexpected',
  label: 'an unexpected character',
  starts: ANY_START,
  scan: (text, at) => {
    let end = at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
    while (end < text.length && !PLAIN_START.test(text[end] as string)) end += 1
    return end
  },
})

// -- literals

const STRING_STARTS = ['"', "'"]
export const StringLiteral: TokenType = custom({
  name: 'StringLiteral',
  label: 'a quoted string',
  starts: STRING_STARTS,
  scan: scanBetween(`"'`, true),
})
export const Regex: TokenType = custom({
  name: 'Regex',
  label: 'a /regular expression/',
  starts: ['/'],
  scan: scanBetween('/', true),
})
export const Name: TokenType = custom({ name: 'Name', label: 'a name', starts: NAME_STARTS, scan: scanName })
export const Ident: TokenType = createToken({ name: 'Ident', label: 'a word', pattern: /[A-Za-z_][A-Za-z0-9_]*/ })
export const DottedName: TokenType = createToken({
  name: 'DottedName',
  label: 'a dotted name',
  pattern: /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+/,
})
const numeric =
  (kind: 'number' | 'duration') =>
  (text: string, at: number): number => {
    const word = scanNumeric(text, at)
    return word.kind === kind ? word.end : at
  }
export const NumberLiteral: TokenType = custom({
  name: 'NumberLiteral',
  label: 'a number',
  starts: DIGITS,
  scan: numeric('number'),
})
export const Duration: TokenType = custom({
  name: 'Duration',
  label: 'a duration',
  starts: DIGITS,
  scan: numeric('duration'),
})

// -- signs

function sign(name: string, text: string, options: { readonly pops?: boolean } = {}): TokenType {
  return createToken({
    name,
    label: `\`${text}\``,
    pattern: text,
    ...(options.pops === true ? { pop_mode: true } : {}),
  })
}

export const Comma: TokenType = sign('Comma', ',')
export const LeftParen: TokenType = sign('LeftParen', '(')
export const RightParen: TokenType = sign('RightParen', ')')
export const Equal: TokenType = sign('Equal', '=')
export const NotEqual: TokenType = sign('NotEqual', '!=')
export const RegexEqual: TokenType = sign('RegexEqual', '=~')
export const RegexNotEqual: TokenType = sign('RegexNotEqual', '!~')
export const Minus: TokenType = sign('Minus', '-')
export const Plus: TokenType = sign('Plus', '+')
export const Percent: TokenType = sign('Percent', '%')
/** Both kinds of `;`: the one that ends name mode, and the one in expression mode. */
export const Semicolon: TokenType = createToken({ name: 'Semicolon', label: '`;`', pattern: Lexer.NA })
const popping = { label: '`;`', pattern: ';', categories: [Semicolon] }
const SemicolonInNames = createToken({ ...popping, name: 'SemicolonInNames', pop_mode: true })
const SemicolonInExpressions = createToken({ ...popping, name: 'SemicolonInExpressions' })
/** Signs that only the rest of the language uses; here so that they are one word each and not bad characters. */
const LaterSigns = [
  ['GreaterEqual', '>='],
  ['LessEqual', '<='],
  ['Greater', '>'],
  ['Less', '<'],
  ['Star', '*'],
  ['Slash', '/'],
  ['LeftBrace', '{'],
  ['RightBrace', '}'],
].map(([name, text]) => sign(name as string, text as string))

// -- keywords

interface KeywordOptions {
  /** What the lexer takes instead when that is longer. */
  readonly longer: TokenType
  readonly name?: string
  readonly categories?: TokenType[]
  readonly push?: string
  readonly pops?: boolean
}

function keyword(word: string, options: KeywordOptions): TokenType {
  return createToken({
    name: options.name ?? word,
    label: word,
    pattern: new RegExp(word, 'i'),
    longer_alt: options.longer,
    ...(options.categories === undefined ? {} : { categories: options.categories }),
    ...(options.push === undefined ? {} : { push_mode: options.push }),
    ...(options.pops === true ? { pop_mode: true } : {}),
  })
}

/** Reserved in name mode, where they are the only words that are no names. */
const inNames = { longer: Name }
export const Select: TokenType = keyword('SELECT', inNames)
export const Where: TokenType = keyword('WHERE', inNames)
export const Except: TokenType = keyword('EXCEPT', inNames)
export const And: TokenType = keyword('AND', inNames)
export const Not: TokenType = keyword('NOT', inNames)
export const In: TokenType = keyword('IN', inNames)
export const Exists: TokenType = keyword('EXISTS', inNames)

/** Both kinds of WINDOW: only the one in name mode leaves a mode. */
export const Window: TokenType = createToken({ name: 'Window', label: 'WINDOW', pattern: Lexer.NA })
const WindowInNames = keyword('WINDOW', { name: 'WindowInNames', longer: Name, categories: [Window], pops: true })
const WindowInExpressions = keyword('WINDOW', { name: 'WindowInExpressions', longer: Ident, categories: [Window] })

/** Reserved in expression mode. */
const reserved = { longer: Ident }
export const From: TokenType = keyword('FROM', { longer: Ident, push: NAME })
export const Metric: TokenType = keyword('METRIC', { longer: Ident, push: ONE_NAME })
export const Compute: TokenType = keyword('COMPUTE', reserved)
export const Group: TokenType = keyword('GROUP', reserved)
export const By: TokenType = keyword('BY', reserved)
export const Lateness: TokenType = keyword('LATENESS', reserved)
export const Since: TokenType = keyword('SINCE', reserved)
export const Until: TokenType = keyword('UNTIL', reserved)
export const As: TokenType = keyword('AS', reserved)
export const Per: TokenType = keyword('PER', reserved)
const Having = keyword('HAVING', reserved)
const Fill = keyword('FILL', reserved)
const Emit = keyword('EMIT', reserved)
const Order = keyword('ORDER', reserved)
const Limit = keyword('LIMIT', reserved)
const Using = keyword('USING', reserved)
const reservedForLater = [
  ...['INTO', 'CARDINALITY'].map((word) => keyword(word, { longer: Ident, push: ONE_NAME })),
  ...['WHEN', 'FOR', 'OR', 'BETWEEN', 'IS', 'NULL'].map((word) => keyword(word, reserved)),
  ...['SELECT', 'WHERE', 'AND', 'NOT'].map((word) => keyword(word, { name: `${word}InExpressions`, longer: Ident })),
]

/** Keywords where the grammar asks for them, and names everywhere else. */
const free = { longer: Ident, categories: [Ident] }
export const Every: TokenType = keyword('EVERY', free)
export const Offset: TokenType = keyword('OFFSET', free)
export const Now: TokenType = keyword('NOW', free)
export const Declare: TokenType = keyword('DECLARE', free)
export const Kind: TokenType = keyword('KIND', free)
export const Unit: TokenType = keyword('UNIT', free)

// Longer words before their beginnings is not needed within this list: `longer_alt` sees to it.
const EXPRESSION_KEYWORDS = [
  WindowInExpressions,
  From,
  Metric,
  Compute,
  Group,
  By,
  Lateness,
  Since,
  Until,
  As,
  Per,
  Having,
  Fill,
  Emit,
  Order,
  Limit,
  Using,
  ...reservedForLater,
]
const NAME_KEYWORDS = [Select, Where, WindowInNames, Except, And, Not, In, Exists]

const wordSet = (types: readonly TokenType[]): ReadonlySet<string> => new Set(types.map((type) => type.LABEL as string))
/** In upper case; a name that equals one must be quoted there. */
export const RESERVED_IN_NAMES: ReadonlySet<string> = wordSet(NAME_KEYWORDS)
export const RESERVED_IN_EXPRESSIONS: ReadonlySet<string> = wordSet(EXPRESSION_KEYWORDS)

/** Every keyword of this version's grammar, for suggestions. */
export const KEYWORDS: readonly string[] = [
  ...['FROM', 'EXCEPT', 'SELECT', 'WHERE', 'AND', 'NOT', 'IN', 'EXISTS', 'WINDOW', 'EVERY', 'OFFSET', 'COMPUTE', 'AS'],
  ...['GROUP', 'BY', 'LATENESS', 'SINCE', 'UNTIL', 'NOW', 'DECLARE', 'METRIC', 'KIND', 'UNIT'],
]

/** One name, string or anything else ends the mode that METRIC began. */
const oneName = { pops: true }
const NameOnce = createToken({
  name: 'NameOnce',
  label: 'a name',
  pattern: scanned(scanName),
  start_chars_hint: NAME_STARTS,
  line_breaks: false,
  categories: [Name],
  pop_mode: true,
})
const StringOnce = createToken({
  name: 'StringOnce',
  label: 'a quoted string',
  pattern: scanned(scanBetween(`"'`, true)),
  start_chars_hint: STRING_STARTS,
  line_breaks: false,
  categories: [StringLiteral],
  pop_mode: true,
})
const SemicolonOnce = createToken({ ...popping, name: 'SemicolonOnce', pop_mode: true })
const KeywordsOnce = NAME_KEYWORDS.map((type) =>
  keyword(type.LABEL as string, { name: `${type.LABEL}Once`, longer: NameOnce, ...oneName }),
)
const UnclosedStringOnce = custom({
  name: 'UnclosedStringOnce',
  label: 'a string that is not closed',
  starts: STRING_STARTS,
  scan: scanBetween(`"'`, false),
  ...oneName,
})
const UnexpectedOnce = custom({
  name: 'UnexpectedOnce',
  label: 'an unexpected character',
  starts: ANY_START,
  scan: (_, at) => at + 1,
  ...oneName,
})

export type BadTokenKind = 'comment' | 'string' | 'regex' | 'number' | 'character'

export const BAD_TOKENS: ReadonlyMap<TokenType, BadTokenKind> = new Map<TokenType, BadTokenKind>([
  [UnclosedComment, 'comment'],
  [UnclosedString, 'string'],
  [UnclosedStringOnce, 'string'],
  [UnclosedRegex, 'regex'],
  [BadNumber, 'number'],
  [Unexpected, 'character'],
  [UnexpectedOnce, 'character'],
])

const SPACES = [Space, LineComment, BlockComment, UnclosedComment]

const definition = {
  modes: {
    [EXPRESSION]: [
      ...SPACES,
      StringLiteral,
      UnclosedString,
      DottedName,
      ...EXPRESSION_KEYWORDS,
      ...[Every, Offset, Now, Declare, Kind, Unit],
      Ident,
      NumberLiteral,
      Duration,
      BadNumber,
      ...[SemicolonInExpressions, Comma, LeftParen, RightParen, NotEqual, Equal, Minus, Plus, Percent, ...LaterSigns],
      Unexpected,
    ],
    [NAME]: [
      ...SPACES,
      Regex,
      UnclosedRegex,
      StringLiteral,
      UnclosedString,
      ...NAME_KEYWORDS,
      Name,
      ...[SemicolonInNames, Comma, LeftParen, RightParen, RegexEqual, RegexNotEqual, NotEqual, Equal],
      Unexpected,
    ],
    [ONE_NAME]: [...SPACES, StringOnce, UnclosedStringOnce, ...KeywordsOnce, NameOnce, SemicolonOnce, UnexpectedOnce],
  },
  defaultMode: EXPRESSION,
}

/** Every token type of the vocabulary, categories included. */
export const ALL_TOKENS: TokenType[] = [...new Set([Semicolon, Window, ...Object.values(definition.modes).flat()])]

const lexer = new Lexer(definition, { positionTracking: 'onlyOffset', ensureOptimizations: true })

/** Words of a text in order, without space and comments. Never fails: what is no word is a token of `BAD_TOKENS`. */
export function tokenize(text: string): IToken[] {
  return lexer.tokenize(text).tokens
}

/** End of a token, exclusive, in UTF-16 units. */
export function tokenEnd(token: IToken): number {
  return token.startOffset + token.image.length
}
