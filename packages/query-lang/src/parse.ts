import { type CstNode, EOF, type IRecognitionException, type IToken, tokenMatcher } from 'chevrotain'
import type { Statement } from './ast.ts'
import { type Diagnostic, DiagnosticList, hasErrors, inTextOrder } from './diagnostics.ts'
import { LineIndex, type Span } from './span.ts'
import { BuildContext } from './syntax/build/context.ts'
import { buildStatement } from './syntax/build/statement.ts'
import { QueryParser } from './syntax/grammar.ts'
import { BAD_TOKENS, tokenize } from './syntax/lexer.ts'
import { reportBadTokens } from './syntax/lexical-errors.ts'
import { notAvailable } from './syntax/not-available.ts'
import { readSyntaxProblem, TooManyErrors } from './syntax/syntax-messages.ts'
import { LeftParen, RightParen, Semicolon, tokenEnd } from './syntax/tokens.ts'

const MAX_TEXT_LENGTH = 65_536
const MAX_OPEN_BRACKETS = 64

export interface ParseOptions {
  /** For editors: go on after an error, and keep statements that hold one as far as they were understood. Default false. */
  readonly recovery?: boolean
}

export interface ParseResult {
  /** In the order of the text. Without `recovery`, only statements free of errors. */
  readonly statements: Statement[]
  /** At most 100, in the order of the text. */
  readonly diagnostics: Diagnostic[]
}

/** Parsers are reused: building one costs more than most texts. */
const parsers = new Map<boolean, QueryParser>()

function parserFor(recovery: boolean): QueryParser {
  let parser = parsers.get(recovery)
  if (parser === undefined) {
    parser = new QueryParser({ recovery })
    parsers.set(recovery, parser)
  }
  return parser
}

/**
 * Reads statements separated by `;`. Never throws for text: what is wrong comes as diagnostics, and a broken
 * statement does not hide the next. Text of more than 65,536 UTF-16 units or 64 open brackets is not parsed.
 */
export function parse(text: string, options: ParseOptions = {}): ParseResult {
  const recovery = options.recovery ?? false
  const { statements, diagnostics } = parseLeniently(text, recovery)
  return {
    statements: statements.filter(({ broken }) => recovery || !broken).map(({ statement }) => statement),
    diagnostics,
  }
}

export interface LenientResult {
  /** `broken` ones hold an error: parts are missing, and they may be checked further but never run. */
  readonly statements: { readonly statement: Statement; readonly broken: boolean }[]
  readonly diagnostics: Diagnostic[]
}

/** As `parse`, with every statement of which a tree could be built. */
export function parseLeniently(text: string, recovery: boolean): LenientResult {
  const diagnostics = new DiagnosticList()
  const statements: LenientResult['statements'] = []
  const lines = new LineIndex(text)
  if (text.length > MAX_TEXT_LENGTH) {
    const span = lines.span(MAX_TEXT_LENGTH, text.length)
    diagnostics.error('TEXT_TOO_LONG', span, `text of ${text.length} characters; at most ${MAX_TEXT_LENGTH} are read`)
    return { statements, diagnostics: diagnostics.items }
  }
  const tokens = tokenize(text)
  const tooDeep = firstTooDeep(tokens)
  if (tooDeep !== undefined) {
    const span = lines.span(tooDeep.startOffset, tokenEnd(tooDeep))
    diagnostics.error('NESTED_TOO_DEEP', span, `more than ${MAX_OPEN_BRACKETS} open brackets`)
    return { statements, diagnostics: diagnostics.items }
  }
  for (const part of splitStatements(tokens)) {
    if (diagnostics.full) break
    const found = new DiagnosticList()
    const statement = parseStatement(part, lines, found, recovery)
    if (statement !== undefined) statements.push({ statement, broken: hasErrors(found.items) })
    diagnostics.addAll(inTextOrder(found.items))
  }
  return { statements, diagnostics: diagnostics.items }
}

function firstTooDeep(tokens: readonly IToken[]): IToken | undefined {
  let open = 0
  for (const token of tokens) {
    if (token.tokenType === LeftParen) open += 1
    else if (token.tokenType === RightParen) open = Math.max(0, open - 1)
    else if (tokenMatcher(token, Semicolon)) open = 0
    if (open > MAX_OPEN_BRACKETS) return token
  }
  return undefined
}

function splitStatements(tokens: readonly IToken[]): IToken[][] {
  const parts: IToken[][] = [[]]
  for (const token of tokens) {
    if (tokenMatcher(token, Semicolon)) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.filter((part) => part.length > 0)
}

function parseStatement(
  tokens: IToken[],
  lines: LineIndex,
  diagnostics: DiagnosticList,
  recovery: boolean,
): Statement | undefined {
  const parser = parserFor(recovery)
  parser.input = tokens
  const cst = readStatement(parser)
  const errors = parser.errors
  // After a wrong first word the lexer was in the wrong mode, and what it says of the rest means nothing.
  if (errors[0]?.token !== tokens[0] || BAD_TOKENS.has((tokens[0] as IToken).tokenType))
    reportBadTokens(tokens, lines, diagnostics)
  for (const error of errors) reportSyntaxError(error, tokens, lines, diagnostics)
  if (errors.length > 0 && !recovery) return undefined
  return cst === undefined ? undefined : buildStatement(new BuildContext(lines, diagnostics), cst)
}

/** Undefined when the statement is nothing but errors. */
function readStatement(parser: QueryParser): CstNode | undefined {
  try {
    return parser.statement()
  } catch (error) {
    if (error instanceof TooManyErrors) return undefined
    throw error
  }
}

function reportSyntaxError(
  error: IRecognitionException,
  tokens: readonly IToken[],
  lines: LineIndex,
  diagnostics: DiagnosticList,
): void {
  if (BAD_TOKENS.has(error.token.tokenType)) return
  const span = errorSpan(error.token, tokens, lines)
  const missing = notAvailable(error.token)
  const { message, hint } = missing ?? readSyntaxProblem(error.message)
  diagnostics.error(missing === undefined ? 'SYNTAX' : 'NOT_AVAILABLE', span, message, hint)
}

/** The end of the text has no position of its own: it is the empty stretch after the statement's last word. */
function errorSpan(token: IToken, tokens: readonly IToken[], lines: LineIndex): Span {
  if (token.tokenType !== EOF) return lines.span(token.startOffset, tokenEnd(token))
  const end = tokenEnd(tokens.at(-1) as IToken)
  return lines.span(end, end)
}
