import type { CstNode, IToken } from 'chevrotain'
import type { DurationNode, NameNode, SignedDurationNode, StringNode } from '../../ast.ts'
import { normaliseDecimal } from '../../decimal.ts'
import { readDuration } from '../../duration.ts'
import type { NumberNode } from '../../expression-ast.ts'
import { unquote } from '../../literals.ts'
import { isGlob } from '../../names.ts'
import type { Span } from '../../span.ts'
import { tokenOf } from '../cst.ts'
import type { BuildContext } from './context.ts'

/** The text of a string token. */
export function buildText(context: BuildContext, token: IToken, emptyAllowed: boolean): string {
  const { value, badEscapes } = unquote(token.image)
  for (const at of badEscapes) {
    const start = token.startOffset + at
    const sequence = token.image.slice(at, at + 2)
    const hint = 'known are \\" \\\' \\\\ \\n \\t and \\u with four hexadecimal digits; a backslash itself is \\\\'
    context.error('BAD_ESCAPE', context.stretch(start, start + 2), `${sequence} is no escape`, hint)
  }
  if (value === '' && !emptyAllowed)
    context.error('EMPTY_NAME', context.tokenSpan(token), 'a name has at least one character')
  return value
}

export function buildString(context: BuildContext, token: IToken | undefined): StringNode | undefined {
  if (token === undefined) return undefined
  return { type: 'string', value: buildText(context, token, true), span: context.tokenSpan(token) }
}

/** A name or a string of the rule `nameOrString`. */
export function buildName(
  context: BuildContext,
  cst: CstNode | undefined,
  what: string,
  hint: string,
): NameNode | undefined {
  const text = tokenOf(cst, 'StringLiteral')
  if (text !== undefined) return { type: 'name', name: buildText(context, text, false), span: context.tokenSpan(text) }
  const token = tokenOf(cst, 'Name')
  if (token === undefined) return undefined
  const span = context.tokenSpan(token)
  if (isGlob(token.image))
    return context.error('GLOB_NOT_ALLOWED', span, `${what} is one literal name, not a glob`, hint)
  return { type: 'name', name: token.image, span }
}

export function buildDuration(context: BuildContext, token: IToken | undefined): DurationNode | undefined {
  if (token === undefined) return undefined
  const span = context.tokenSpan(token)
  const reading = readDuration(token.image)
  if (reading.ok) return { type: 'duration', ...reading.value, span }
  return context.error('BAD_DURATION', span, reading.message, reading.hint)
}

export function buildSignedDuration(context: BuildContext, cst: CstNode | undefined): SignedDurationNode | undefined {
  const duration = buildDuration(context, tokenOf(cst, 'Duration'))
  if (cst === undefined || duration === undefined) return undefined
  const sign = tokenOf(cst, 'AddSign')?.image === '-' ? -1 : 1
  return { type: 'signed-duration', sign, duration, span: context.span(cst) }
}

/** The number of the rule `number`, which takes a sign and a `%`; the hint says what to write instead of the latter. */
export function buildNumber(
  context: BuildContext,
  cst: CstNode | undefined,
  insteadOfPercent: (image: string) => string,
): NumberNode | undefined {
  const token = tokenOf(cst, 'NumberLiteral')
  if (cst === undefined || token === undefined) return undefined
  const span = context.span(cst)
  if (tokenOf(cst, 'Percent') !== undefined)
    context.error('WRONG_ARGUMENTS', span, 'no % here', insteadOfPercent(token.image))
  return buildDecimal(context, `${tokenOf(cst, 'AddSign')?.image === '-' ? '-' : ''}${token.image}`, span)
}

export function buildDecimal(context: BuildContext, image: string, span: Span): NumberNode | undefined {
  const decimal = normaliseDecimal(image)
  if (decimal === undefined)
    return context.error('BAD_NUMBER', span, 'this number takes more than 40 digits to write out')
  return { type: 'number', decimal, span }
}

/** A whole number of at least 1, after LIMIT and MIN SAMPLES. */
export function buildCount(context: BuildContext, token: IToken | undefined): number | undefined {
  if (token === undefined) return undefined
  const count = Number(token.image)
  if (Number.isSafeInteger(count) && count >= 1) return count
  return context.error('BAD_COUNT', context.tokenSpan(token), `${token.image} is no whole number of at least 1`)
}
