import { EOF, type IParserErrorMessageProvider, type IToken, type TokenType, tokenLabel } from 'chevrotain'
import { nearest } from '../nearest.ts'
import { BAD_TOKENS, KEYWORDS, Name, RESERVED_IN_EXPRESSIONS, RESERVED_IN_NAMES } from './tokens.ts'

export interface SyntaxProblem {
  readonly message: string
  readonly hint?: string
}

const MAX_SHOWN = 40

function describe(token: IToken): string {
  if (token.tokenType === EOF) return 'the end of the statement'
  const image = token.image.length > MAX_SHOWN ? `${token.image.slice(0, MAX_SHOWN)}…` : token.image
  if (isKeyword(token)) return image.toUpperCase()
  if (token.tokenType === Name || token.tokenType.CATEGORIES?.includes(Name) === true) return `the name ${image}`
  return BAD_TOKENS.has(token.tokenType) ? tokenLabel(token.tokenType) : `\`${image}\``
}

function isKeyword(token: IToken): boolean {
  return token.tokenType.LABEL === token.image.toUpperCase()
}

function listed(types: readonly TokenType[]): string {
  const labels = [...new Set(types.map((type) => tokenLabel(type)))]
  if (labels.length < 2) return labels.join('')
  return `${labels.slice(0, -1).join(', ')} or ${labels.at(-1)}`
}

/** Where clauses stand, for one that stands elsewhere. */
const PLACES: Readonly<Record<string, string>> = {
  FROM: 'a statement begins with FROM; separate statements with `;`',
  EXCEPT: 'EXCEPT stands between FROM and SELECT',
  SELECT: 'SELECT stands between FROM and WINDOW, once',
  WHERE: 'WHERE stands between SELECT and WINDOW, once; join conditions with AND',
  WINDOW: 'WINDOW stands before COMPUTE, once',
  COMPUTE: 'COMPUTE stands after WINDOW, once',
  UNTIL: 'UNTIL follows SINCE: SINCE 2h UNTIL 1h',
  OFFSET: 'OFFSET stands after the length of the window and EVERY',
  EVERY: 'EVERY stands right after the length of the window',
}

const NEEDS: Readonly<Record<string, string>> = {
  From: 'begin with FROM and the servers: FROM web-01 SELECT cpu.utilization WINDOW 10s COMPUTE avg',
  SELECT: 'separate servers with commas; SELECT names the metric: SELECT cpu.utilization',
  Window: 'a query needs a window: WINDOW 10s',
  COMPUTE: 'say what to compute: COMPUTE avg',
  Duration: 'a duration is a whole number with a unit: 500ms, 10s, 5m, 1h30m, 1d',
}

function hintFor(expected: readonly TokenType[], actual: IToken): string | undefined {
  const image = actual.image.toUpperCase()
  const wantsWord = expected.some((type) => tokenLabel(type) === 'a word' || tokenLabel(type) === 'a name')
  if (isKeyword(actual) && wantsWord && (RESERVED_IN_EXPRESSIONS.has(image) || RESERVED_IN_NAMES.has(image))) {
    const quotable = expected.some((type) => tokenLabel(type) === 'a quoted string')
    return `${image} is a reserved word here: ${quotable ? `write "${actual.image}" in quotes` : 'choose another name'}`
  }
  // In name mode any word is a name, so a clause that came too early is read as one.
  const isClause = KEYWORDS.includes(image)
  const similar = isClause ? undefined : nearest(actual.image, KEYWORDS)
  if (similar !== undefined) return `did you mean ${similar}?`
  for (const type of expected) {
    const need = NEEDS[type.name]
    if (need !== undefined) return need
  }
  return PLACES[image]
}

/**
 * Chevrotain carries one string an error, and asks for it where it still knows what was expected. So the string
 * is the problem as JSON; `readSyntaxProblem` is its other half.
 */
function problem(message: string, hint: string | undefined): string {
  return JSON.stringify(hint === undefined ? { message } : { message, hint })
}

export function readSyntaxProblem(errorMessage: string): SyntaxProblem {
  return JSON.parse(errorMessage) as SyntaxProblem
}

function expectedProblem(expected: readonly TokenType[], actual: IToken): string {
  return problem(`expected ${listed(expected)}, found ${describe(actual)}`, hintFor(expected, actual))
}

/** Chevrotain's errors in the words of this language. */
export const syntaxMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => expectedProblem([expected], actual),
  buildNotAllInputParsedMessage: ({ firstRedundant }) =>
    problem(`${describe(firstRedundant)} does not belong here: the statement was complete before it`, hintFor([], firstRedundant)),
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual }) =>
    expectedProblem(
      expectedPathsPerAlt.flat().flatMap((path) => path.slice(0, 1)),
      actual[0] as IToken,
    ),
  buildEarlyExitMessage: ({ expectedIterationPaths, actual }) =>
    expectedProblem(
      expectedIterationPaths.flatMap((path) => path.slice(0, 1)),
      actual[0] as IToken,
    ),
}
