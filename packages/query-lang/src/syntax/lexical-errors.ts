import type { IToken } from 'chevrotain'
import type { DiagnosticList } from '../diagnostics.ts'
import { suggestDuration } from '../duration.ts'
import type { LineIndex, Span } from '../span.ts'
import { BAD_TOKENS } from './lexer.ts'
import { tokenEnd } from './tokens.ts'

/** One diagnostic for each word that is none; neighbouring unexpected characters share one. */
export function reportBadTokens(tokens: readonly IToken[], lines: LineIndex, diagnostics: DiagnosticList): void {
  for (let i = 0; i < tokens.length; i++) {
    const first = tokens[i] as IToken
    const kind = BAD_TOKENS.get(first.tokenType)
    if (kind === undefined) continue
    let last = first
    for (let next = tokens[i + 1]; kind === 'character' && next !== undefined; next = tokens[i + 1]) {
      if (next.tokenType !== first.tokenType || next.startOffset !== tokenEnd(last)) break
      last = next
      i += 1
    }
    const span = lines.span(first.startOffset, tokenEnd(last))
    if (kind === 'character') reportUnexpected(first.image, span, diagnostics)
    else if (kind === 'number') reportBadNumber(first.image, span, diagnostics)
    else if (kind === 'comment')
      diagnostics.error('UNCLOSED_COMMENT', span, 'this comment is not closed', 'end it with */')
    else if (kind === 'regex')
      diagnostics.error('UNCLOSED_REGEX', span, 'this regular expression is not closed on its line')
    else
      diagnostics.error(
        'UNCLOSED_STRING',
        span,
        'this string is not closed on its line',
        `end it with ${first.image[0]}; a line break inside is written \\n`,
      )
  }
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^[“”„‟«»‘’‚‛`]/, 'strings stand between straight quotes: "text"'],
  [/^-/, 'a name neither begins nor ends with a dash, and a comment has white space after its dashes: -- note'],
  [/^[–—−]/, 'write a plain hyphen: -'],
  [/^[{[]/, 'a glob has no white space, and closes its brackets: {a,b} [0-9]'],
  [/^[&|]/, 'conditions are joined with AND and OR'],
  [/^[<>]/, 'labels are compared with =, !=, IN and EXISTS'],
]

function reportUnexpected(image: string, span: Span, diagnostics: DiagnosticList): void {
  const hint = HINTS.find(([pattern]) => pattern.test(image))?.[1] ?? 'put names with other characters in quotes: "a@b"'
  diagnostics.error('UNEXPECTED_CHARACTER', span, `unexpected character ${JSON.stringify(image)}`, hint)
}

function reportBadNumber(image: string, span: Span, diagnostics: DiagnosticList): void {
  const duration = suggestDuration(image)
  const shown = image.length > 40 ? `${image.slice(0, 40)}…` : image
  diagnostics.error(
    'BAD_NUMBER',
    span,
    `${shown} is neither a number nor a duration`,
    duration === undefined ? 'units are ms s m h d w mo y, after whole numbers: 1h30m' : `did you mean ${duration}?`,
  )
}
