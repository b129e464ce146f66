import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain'
import { category, custom, sign } from './make-token.ts'
import { scanName, scanNumeric, scanQuoted } from './scan.ts'

/** One `start_chars_hint` that stands for every character: the lexer groups those above 255 in steps of 255. */
export const ANY_START: (string | number)[] = Array.from({ length: 512 }, (_, i) => (i < 256 ? i : (i - 255) * 255))
export const STRING_STARTS: (string | number)[] = ['"', "'"]
export const NAME_STARTS: (string | number)[] = [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:*?[{',
]
const DIGITS = [...'0123456789']

/** Scans what stands between quotes, if it is closed or not, as asked. */
export function scanBetween(quotes: string, closed: boolean): (text: string, at: number) => number {
  return (text, at) => {
    if (!quotes.includes(text[at] ?? ' ')) return at
    const quoted = scanQuoted(text, at)
    return quoted.closed === closed ? quoted.end : at
  }
}

// -- space and comments, in every mode

export const Space: TokenType = createToken({
  name: 'Space',
  pattern: /\s+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
})
export const LineComment: TokenType = createToken({
  name: 'LineComment',
  pattern: /--(?!\S)[^\r\n]*/,
  group: Lexer.SKIPPED,
})
export const BlockComment: TokenType = custom({
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

export const UnclosedComment: TokenType = custom({
  name: 'UnclosedComment',
  label: 'a comment that is not closed',
  starts: ['/'],
  scan: (text, at) => (text.startsWith('/*', at) ? text.length : at),
  lineBreaks: true,
})
export const UnclosedString: TokenType = custom({
  name: 'UnclosedString',
  label: 'a string that is not closed',
  starts: STRING_STARTS,
  scan: scanBetween(`"'`, false),
})
export const UnclosedRegex: TokenType = custom({
  name: 'UnclosedRegex',
  label: 'a regular expression that is not closed',
  starts: ['/'],
  scan: scanBetween('/', false),
})
export const BadNumber: TokenType = custom({
  name: 'BadNumber',
  label: 'a number that runs into letters',
  starts: DIGITS,
  scan: (text, at) => scanNumeric(text, at).end,
})
const PLAIN_START = /[\s!-~]/
export const Unexpected: TokenType = custom({
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

export const CompareSign: TokenType = category('CompareSign', 'a comparison')
export const AddSign: TokenType = category('AddSign', '`+` or `-`')
export const MultiplySign: TokenType = category('MultiplySign', '`*` or `/`')

export const Comma: TokenType = sign('Comma', ',')
export const LeftParen: TokenType = sign('LeftParen', '(')
export const RightParen: TokenType = sign('RightParen', ')')
export const Equal: TokenType = sign('Equal', '=', [CompareSign])
export const NotEqual: TokenType = sign('NotEqual', '!=', [CompareSign])
export const RegexEqual: TokenType = sign('RegexEqual', '=~')
export const RegexNotEqual: TokenType = sign('RegexNotEqual', '!~')
export const GreaterEqual: TokenType = sign('GreaterEqual', '>=', [CompareSign])
export const LessEqual: TokenType = sign('LessEqual', '<=', [CompareSign])
export const Greater: TokenType = sign('Greater', '>', [CompareSign])
export const Less: TokenType = sign('Less', '<', [CompareSign])
export const Minus: TokenType = sign('Minus', '-', [AddSign])
export const Plus: TokenType = sign('Plus', '+', [AddSign])
export const Star: TokenType = sign('Star', '*', [MultiplySign])
export const Slash: TokenType = sign('Slash', '/', [MultiplySign])
export const Percent: TokenType = sign('Percent', '%')
/** Signs that only the rest of the language uses; here so that they are one word each and not bad characters. */
export const LATER_SIGNS: readonly TokenType[] = [sign('LeftBrace', '{'), sign('RightBrace', '}')]

/** Every kind of `;`: those that end a mode of names, and the one in expression mode. */
export const Semicolon: TokenType = category('Semicolon', '`;`')

/** End of a token, exclusive, in UTF-16 units. */
export function tokenEnd(token: IToken): number {
  return token.startOffset + token.image.length
}
