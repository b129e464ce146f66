import fc from 'fast-check'
import type {
  CallNode,
  ColumnNode,
  DimensionNode,
  DurationNode,
  MatcherNode,
  NameNode,
  NumberNode,
  PatternNode,
  SignedDurationNode,
  Statement,
  TimePointNode,
} from '../src/ast.ts'
import { normaliseDecimal } from '../src/decimal.ts'
import { isIdent } from '../src/names.ts'
import { NO_SPAN } from '../src/span.ts'

/** Trees as the parser could have built them, with text of every kind in names and strings. */

const span = NO_SPAN
const nasty = fc.constantFrom(
  'select',
  'IN',
  'node',
  'tier',
  'now',
  'a--b',
  'a-',
  '-a',
  'a.',
  '*',
  'x*',
  "'",
  '"',
  '\\',
  '/*',
  '--',
)
const text = fc.oneof(
  nasty,
  fc.string({ minLength: 1 }),
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.constantFrom('a', 'web-01', 'http.route'),
)
const name: fc.Arbitrary<NameNode> = text.map((value) => ({ type: 'name', name: value, span }))
const ident = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter(isIdent)

const globPart: fc.Arbitrary<string> = fc.letrec<{ part: string; parts: string }>((tie) => ({
  parts: fc.array(tie('part'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('a', '*', '?', 'b1', '[a-z]', '[!0-9]', '_'),
    fc.tuple(tie('parts'), tie('parts')).map((ab) => `{${ab.join(',')}}`),
  ),
})).parts
const pattern: fc.Arbitrary<PatternNode> = fc
  .oneof(
    text.map((value) => ({ kind: 'exact', value }) as const),
    globPart.map((part) => ({ kind: 'glob', glob: `x${part}*` }) as const),
    fc.constant({ kind: 'any' } as const),
  )
  .map((value) => ({ type: 'pattern', pattern: value, span }))
const source = pattern.map((value) => ({ type: 'source', dimension: 'server', pattern: value, span }) as const)

const matcher: fc.Arbitrary<MatcherNode> = fc.oneof(
  fc.record({
    type: fc.constant('matcher' as const),
    label: name,
    op: fc.constantFrom('equal' as const, 'notEqual' as const),
    value: pattern,
    span: fc.constant(span),
  }),
  fc.record({
    type: fc.constant('matcher' as const),
    label: name,
    op: fc.constantFrom('in' as const, 'notIn' as const),
    values: fc.array(pattern, { minLength: 1, maxLength: 3 }),
    span: fc.constant(span),
  }),
  fc.record({
    type: fc.constant('matcher' as const),
    label: name,
    op: fc.constantFrom('exists' as const, 'notExists' as const),
    span: fc.constant(span),
  }),
)

const duration: fc.Arbitrary<DurationNode> = fc.record({
  type: fc.constant('duration' as const),
  unit: fc.constantFrom('ms' as const, 'day' as const, 'week' as const),
  count: fc.integer({ min: 1, max: 5_000 }),
  span: fc.constant(span),
})
const signedDuration: fc.Arbitrary<SignedDurationNode> = fc.record({
  type: fc.constant('signed-duration' as const),
  sign: fc.constantFrom(1 as const, -1 as const),
  duration,
  span: fc.constant(span),
})
const timePoint: fc.Arbitrary<TimePointNode> = fc.oneof(
  fc.constant({ type: 'now', span } as const),
  signedDuration.map((offset) => ({ type: 'now', offset, span }) as const),
  fc
    .integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 })
    .map((epochMs) => ({ type: 'absolute', epochMs, span }) as const),
)

const number: fc.Arbitrary<NumberNode> = fc
  .tuple(fc.constantFrom('', '-'), fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.integer({ min: -20, max: 20 }))
  .map(([sign, digits, exponent]) => ({
    type: 'number',
    decimal: normaliseDecimal(`${sign}${digits}e${exponent}`) as string,
    span,
  }))
const call: fc.Arbitrary<CallNode> = fc.record({
  type: fc.constant('call' as const),
  fn: ident.map((word) => word.toLowerCase()),
  args: fc.array(number, { maxLength: 3 }),
  span: fc.constant(span),
})
const column: fc.Arbitrary<ColumnNode> = fc.record(
  {
    type: fc.constant('column' as const),
    call,
    alias: ident.map((word) => ({ type: 'name', name: word, span }) as const),
    span: fc.constant(span),
  },
  { requiredKeys: ['type', 'call', 'span'] },
)
const dimension: fc.Arbitrary<DimensionNode> = fc.oneof(
  fc.constant({ type: 'dimension', kind: 'topology', name: 'server', span } as const),
  text.map((value) => ({ type: 'dimension', kind: 'label', name: value, span }) as const),
)

const window = fc.record(
  {
    type: fc.constant('window' as const),
    size: duration,
    every: duration,
    offset: signedDuration,
    span: fc.constant(span),
  },
  { requiredKeys: ['type', 'size', 'span'] },
)
const range = fc.record(
  { type: fc.constant('range' as const), since: timePoint, until: timePoint, span: fc.constant(span) },
  { requiredKeys: ['type', 'since', 'span'] },
)

export const statement: fc.Arbitrary<Statement> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record(
      {
        type: fc.constant('query' as const),
        from: fc.record({
          type: fc.constant('from' as const),
          sources: fc.array(source, { minLength: 1, maxLength: 3 }),
          except: fc.array(source, { maxLength: 2 }),
          span: fc.constant(span),
        }),
        select: name.map((metric) => ({ type: 'select', metric, span }) as const),
        where: fc
          .array(matcher, { minLength: 1, maxLength: 3 })
          .map((matchers) => ({ type: 'where', matchers, span }) as const),
        window,
        compute: fc
          .array(column, { minLength: 1, maxLength: 3 })
          .map((columns) => ({ type: 'compute', columns, span }) as const),
        groupBy: fc
          .array(dimension, { minLength: 1, maxLength: 3 })
          .map((dimensions) => ({ type: 'group-by', dimensions, span }) as const),
        lateness: duration.map((value) => ({ type: 'lateness', duration: value, span }) as const),
        range,
        span: fc.constant(span),
      },
      { requiredKeys: ['type', 'from', 'select', 'window', 'compute', 'span'] },
    ),
  },
  fc.record({
    type: fc.constant('declare-metric' as const),
    metric: name,
    kind: fc
      .constantFrom('gauge', 'counter', 'delta', 'distribution')
      .map((kind) => ({ type: 'kind', kind, span }) as const),
    unit: fc.string().map((value) => ({ type: 'string', value, span }) as const),
    span: fc.constant(span),
  }) as fc.Arbitrary<Statement>,
)
