import { EOF, type IParserErrorMessageProvider, type IToken, type TokenType, tokenLabel } from 'chevrotain'
import { nearest } from '../nearest.ts'
import { KEYWORDS, RESERVED_IN_EXPRESSIONS, RESERVED_IN_NAMES } from './keywords.ts'
import { BAD_TOKENS } from './lexer.ts'
import { AddSign, CompareSign, Ident, Name, Regex, RegexEqual, RegexNotEqual, StringLiteral } from './tokens.ts'

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

/** Not proposed: what the grammar takes only to refuse it by name, and the sign before a number. */
const NOT_NAMED: ReadonlySet<TokenType> = new Set([Regex, RegexEqual, RegexNotEqual, AddSign])

/** What a word is at the place where the grammar asks for one. */
const WORD_ROLES: Readonly<Record<string, string>> = {
  compute: 'a function',
  call: 'a function',
  argument: 'a number',
  column: 'a name for the column',
  dimension: 'a label',
  kindOption: 'a kind of metric',
  primary: 'a column',
  columnRef: 'a column',
}

function listed(types: readonly TokenType[], ruleName: string): string {
  const label = (type: TokenType): string => (type === Ident ? WORD_ROLES[ruleName] : undefined) ?? tokenLabel(type)
  const labels = [...new Set(types.filter((type) => !NOT_NAMED.has(type)).map(label))]
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
  TZ: 'TZ stands last in WINDOW: WINDOW 1d TZ "Europe/Berlin"',
  COMPUTE: 'COMPUTE stands after WINDOW, once',
  UNTIL: 'UNTIL follows SINCE: SINCE 2h UNTIL 1h',
  OFFSET: 'OFFSET stands after the length of the window and EVERY',
  '-': 'a comment has white space after its dashes: -- note',
  EVERY: 'EVERY stands right after the length of the window',
}

const NEEDS: Readonly<Record<string, string>> = {
  From: 'begin with FROM and the servers: FROM web-01 SELECT cpu.utilization WINDOW 10s COMPUTE avg',
  SELECT: 'separate servers with commas; SELECT names the metric: SELECT cpu.utilization',
  Window: 'a query needs a window: WINDOW 10s',
  COMPUTE: 'say what to compute: COMPUTE avg',
  Duration: 'a duration is a whole number with a unit: 500ms, 10s, 5m, 1h30m, 1d',
}

/** Clauses whose place says more than what is missing where they stand. */
const OFTEN_MISPLACED: ReadonlySet<string> = new Set(['EXCEPT', 'WHERE', 'UNTIL', 'OFFSET', 'EVERY'])

/** Where a value of HAVING is missing. */
function valueHint(actual: IToken): string | undefined {
  if (actual.tokenType === StringLiteral)
    return 'HAVING compares columns with numbers; conditions on labels stand in WHERE'
  if (actual.tokenType.CATEGORIES?.includes(CompareSign) === true)
    return 'comparisons are > >= < <= = and !=, each between two values'
  const image = actual.image.toUpperCase()
  return RESERVED_IN_EXPRESSIONS.has(image) ? `a number or a column is missing before ${image}` : undefined
}

function hintFor(expected: readonly TokenType[], actual: IToken, ruleName: string): string | undefined {
  const image = actual.image.toUpperCase()
  const aboutValue = ruleName === 'primary' ? valueHint(actual) : undefined
  if (aboutValue !== undefined) return aboutValue
  const wantsName = expected.includes(Name)
  const wantsWord = wantsName || expected.includes(Ident)
  if (isKeyword(actual) && wantsWord && (RESERVED_IN_EXPRESSIONS.has(image) || RESERVED_IN_NAMES.has(image))) {
    if (ruleName === 'compute' || ruleName === 'call')
      return `a function is missing before ${image}: write one, or leave the comma out`
    return wantsName || expected.includes(StringLiteral)
      ? `a name is missing before ${image}; where ${image} itself is the name, write "${actual.image}"`
      : `${image} is a reserved word here: choose another`
  }
  if (isKeyword(actual) && OFTEN_MISPLACED.has(image)) return PLACES[image]
  // In name mode any word is a name, so a clause that came too early is read as one.
  const isClause = KEYWORDS.includes(image)
  const similar = isClause ? undefined : nearest(actual.image, KEYWORDS)
  if (similar !== undefined) return `did you mean ${similar}?`
  for (const type of expected) {
    const need = NEEDS[type.name]
    if (need !== undefined) return need
  }
  if (actual.tokenType.CATEGORIES?.includes(CompareSign) === true && expected.length === 0)
    return 'comparisons do not chain: write a < b AND b < c'
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

function expectedProblem(expected: readonly TokenType[], actual: IToken, ruleName: string): string {
  return problem(
    `expected ${listed(expected, ruleName)}, found ${describe(actual)}`,
    hintFor(expected, actual, ruleName),
  )
}

/** Ends a parse whose errors nobody will see. */
export class TooManyErrors extends Error {}

/** Chevrotain's errors in the words of this language; throws `TooManyErrors` for one more than enough. */
export function syntaxMessages(isEnough: () => boolean): IParserErrorMessageProvider {
  const expected = (types: readonly TokenType[], actual: IToken, ruleName: string): string => {
    // To recover costs more than to read, and a text can be nothing but errors.
    if (isEnough()) throw new TooManyErrors()
    return expectedProblem(types, actual, ruleName)
  }
  return {
    buildMismatchTokenMessage: ({ expected: type, actual, ruleName }) => expected([type], actual, ruleName),
    buildNotAllInputParsedMessage: ({ firstRedundant, ruleName }) =>
      problem(
        `${describe(firstRedundant)} does not belong here: the statement was complete before it`,
        hintFor([], firstRedundant, ruleName),
      ),
    buildNoViableAltMessage: ({ expectedPathsPerAlt, actual, ruleName }) =>
      expected(
        expectedPathsPerAlt.flat().flatMap((path) => path.slice(0, 1)),
        actual[0] as IToken,
        ruleName,
      ),
    buildEarlyExitMessage: ({ expectedIterationPaths, actual, ruleName }) =>
      expected(
        expectedIterationPaths.flatMap((path) => path.slice(0, 1)),
        actual[0] as IToken,
        ruleName,
      ),
  }
}
