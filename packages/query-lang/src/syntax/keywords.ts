import type { TokenType } from 'chevrotain'
import { category, keyword } from './make-token.ts'
import { Ident, Name } from './tokens.ts'

/**
 * The lexer has three modes. *Expression* is where a text begins. *Name* starts at FROM and ends at WINDOW or `;`:
 * there, names may hold digits, dashes, dots and globs, and few words are reserved. *One name* is name mode for a
 * single name or string, after METRIC, INTO and CARDINALITY.
 */
export const EXPRESSION = 'expression'
export const NAME = 'name'
export const ONE_NAME = 'one-name'

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
export const Window: TokenType = category('Window', 'WINDOW')
const WindowInNames = keyword('WINDOW', { name: 'WindowInNames', longer: Name, categories: [Window], pops: true })
const WindowInExpressions = keyword('WINDOW', { name: 'WindowInExpressions', longer: Ident, categories: [Window] })

/** Reserved in expression mode. */
const reserved = { longer: Ident }
export const From: TokenType = keyword('FROM', { longer: Ident, push: NAME })
export const Metric: TokenType = keyword('METRIC', { longer: Ident, push: ONE_NAME })
export const Compute: TokenType = keyword('COMPUTE', reserved)
export const Group: TokenType = keyword('GROUP', reserved)
export const By: TokenType = keyword('BY', reserved)
export const Having: TokenType = keyword('HAVING', reserved)
export const Fill: TokenType = keyword('FILL', reserved)
export const Lateness: TokenType = keyword('LATENESS', reserved)
export const Emit: TokenType = keyword('EMIT', reserved)
export const Since: TokenType = keyword('SINCE', reserved)
export const Until: TokenType = keyword('UNTIL', reserved)
export const Order: TokenType = keyword('ORDER', reserved)
export const Limit: TokenType = keyword('LIMIT', reserved)
export const As: TokenType = keyword('AS', reserved)
export const Per: TokenType = keyword('PER', reserved)
export const Or: TokenType = keyword('OR', reserved)
export const Between: TokenType = keyword('BETWEEN', reserved)
export const Is: TokenType = keyword('IS', reserved)
export const Null: TokenType = keyword('NULL', reserved)
export const AndInExpressions: TokenType = keyword('AND', { ...reserved, name: 'AndInExpressions' })
export const NotInExpressions: TokenType = keyword('NOT', { ...reserved, name: 'NotInExpressions' })
const reservedForLater = [
  ...['INTO', 'CARDINALITY'].map((word) => keyword(word, { longer: Ident, push: ONE_NAME })),
  ...['WHEN', 'FOR', 'USING'].map((word) => keyword(word, reserved)),
  ...['SELECT', 'WHERE'].map((word) => keyword(word, { name: `${word}InExpressions`, longer: Ident })),
]

/** Keywords where the grammar asks for them, and names everywhere else. */
const free = { longer: Ident, categories: [Ident] }
export const Every: TokenType = keyword('EVERY', free)
export const Offset: TokenType = keyword('OFFSET', free)
export const Tz: TokenType = keyword('TZ', free)
export const Session: TokenType = keyword('SESSION', free)
export const Gap: TokenType = keyword('GAP', free)
export const Max: TokenType = keyword('MAX', free)
export const None: TokenType = keyword('NONE', free)
export const Zero: TokenType = keyword('ZERO', free)
export const Previous: TokenType = keyword('PREVIOUS', free)
export const Within: TokenType = keyword('WITHIN', free)
export const Then: TokenType = keyword('THEN', free)
export const Drop: TokenType = keyword('DROP', free)
export const Side: TokenType = keyword('SIDE', free)
export const Repair: TokenType = keyword('REPAIR', free)
export const Final: TokenType = keyword('FINAL', free)
export const On: TokenType = keyword('ON', free)
export const End: TokenType = keyword('END', free)
export const Asc: TokenType = keyword('ASC', free)
export const Desc: TokenType = keyword('DESC', free)
export const Min: TokenType = keyword('MIN', free)
export const Samples: TokenType = keyword('SAMPLES', free)
export const Now: TokenType = keyword('NOW', free)
export const Declare: TokenType = keyword('DECLARE', free)
export const Kind: TokenType = keyword('KIND', free)
export const Unit: TokenType = keyword('UNIT', free)
export const First: TokenType = keyword('FIRST', free)
export const Baseline: TokenType = keyword('BASELINE', free)
export const Auto: TokenType = keyword('AUTO', free)

export const NAME_KEYWORDS: readonly TokenType[] = [Select, Where, WindowInNames, Except, And, Not, In, Exists]
export const EXPRESSION_KEYWORDS: readonly TokenType[] = [
  ...[WindowInExpressions, From, Metric, Compute, Group, By, Having, Fill, Lateness, Emit, Since, Until, Order, Limit],
  ...[As, Per, Or, Between, Is, Null, AndInExpressions, NotInExpressions],
  ...reservedForLater,
]
export const FREE_KEYWORDS: readonly TokenType[] = [
  ...[Every, Offset, Tz, Session, Gap, Max],
  ...[None, Zero, Previous, Within, Then, Drop, Side, Repair, Final, On, End, Asc, Desc, Min, Samples, Now],
  ...[Declare, Kind, Unit, First, Baseline, Auto],
]

const labels = (types: readonly TokenType[]): string[] => types.map((type) => type.LABEL as string)
/** In upper case; a name that equals one must be quoted there. */
export const RESERVED_IN_NAMES: ReadonlySet<string> = new Set(labels(NAME_KEYWORDS))
export const RESERVED_IN_EXPRESSIONS: ReadonlySet<string> = new Set(labels(EXPRESSION_KEYWORDS))

/** Every keyword of this version's grammar, for suggestions. */
export const KEYWORDS: readonly string[] = [
  ...['FROM', 'EXCEPT', 'SELECT', 'WHERE', 'AND', 'NOT', 'IN', 'EXISTS', 'WINDOW', 'COMPUTE', 'AS', 'GROUP', 'BY'],
  ...['HAVING', 'OR', 'BETWEEN', 'IS', 'NULL', 'FILL', 'LATENESS', 'EMIT', 'ORDER', 'LIMIT', 'SINCE', 'UNTIL'],
  'METRIC',
  ...labels(FREE_KEYWORDS),
]
