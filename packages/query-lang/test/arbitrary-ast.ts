import fc from 'fast-check'
import type {
  CallNode,
  ColumnNode,
  DimensionNode,
  DurationNode,
  EmitClause,
  FillClause,
  LatenessClause,
  MatcherNode,
  NameNode,
  PatternNode,
  SignedDurationNode,
  Statement,
  TimePointNode,
} from '../src/ast.ts'
import { normaliseDecimal } from '../src/decimal.ts'
import type { BinaryNode, ExpressionNode, NumberNode } from '../src/expression-ast.ts'
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
  unit: fc.constantFrom('ms' as const, 'day' as const, 'week' as const, 'month' as const),
  // Up to a hundred years of any unit.
  count: fc.integer({ min: 1, max: 1_200 }),
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

const word = ident.map((text) => text.toLowerCase())
const columnRef = word.map((columnName) => ({ type: 'column-ref', name: columnName, span }) as const)
/** What numbers of an expression are: the sign before them is a negation. */
const unsigned = number.map((node) => ({ ...node, decimal: node.decimal.replace('-', '') }))
const sign = fc.constantFrom<BinaryNode['op']>('+', '-', '*', '/', '>', '>=', '<', '<=', '=', '!=', 'and', 'or')
const { expression } = fc.letrec<{ expression: ExpressionNode }>((tie) => {
  const part = tie('expression')
  return {
    expression: fc.oneof(
      { maxDepth: 5, depthSize: 'medium', withCrossShrink: true },
      columnRef,
      unsigned,
      fc.tuple(ident, ident).map(([query, column]) => ({ type: 'column-ref', query, name: column, span }) as const),
      fc.tuple(sign, part, part).map(([op, left, right]) => ({ type: 'binary', op, left, right, span }) as const),
      fc.tuple(part, part, part).map(([of, low, high]) => ({ type: 'between', of, low, high, span }) as const),
      fc.tuple(part, fc.boolean()).map(([of, negated]) => ({ type: 'null-test', of, negated, span }) as const),
      part.map((of) => ({ type: 'negate', of, span }) as const),
      part.map((of) => ({ type: 'not', of, span }) as const),
    ),
  }
})

/** Conditions over the column `avg` that mean something. */
export const condition: fc.Arbitrary<ExpressionNode> = fc.letrec<{
  number: ExpressionNode
  condition: ExpressionNode
}>((tie) => {
  const [numeric, logical] = [tie('number'), tie('condition')]
  const binary = (op: BinaryNode['op'], left: ExpressionNode, right: ExpressionNode) =>
    ({ type: 'binary', op, left, right, span }) as const
  return {
    number: fc.oneof(
      { maxDepth: 4 },
      fc.constant({ type: 'column-ref', name: 'avg', span } as const),
      unsigned,
      fc.tuple(fc.constantFrom('+' as const, '/' as const), numeric, numeric).map((parts) => binary(...parts)),
      numeric.map((of) => ({ type: 'negate', of, span }) as const),
    ),
    condition: fc.oneof(
      { maxDepth: 4 },
      fc.tuple(fc.constantFrom('>' as const, '!=' as const), numeric, numeric).map((parts) => binary(...parts)),
      fc.tuple(numeric, numeric, numeric).map(([of, low, high]) => ({ type: 'between', of, low, high, span }) as const),
      fc.tuple(numeric, fc.boolean()).map(([of, negated]) => ({ type: 'null-test', of, negated, span }) as const),
      fc.tuple(fc.constantFrom('and' as const, 'or' as const), logical, logical).map((parts) => binary(...parts)),
      logical.map((of) => ({ type: 'not', of, span }) as const),
    ),
  }
}).condition

const count = fc.integer({ min: 1, max: 1_000_000 })
const fill: fc.Arbitrary<FillClause> = fc.oneof(
  fc
    .constantFrom('none' as const, 'null' as const, 'zero' as const)
    .map((what) => ({ type: 'fill', with: what, span }) as const),
  number
    .filter(({ decimal }) => decimal !== '0')
    .map((value) => ({ type: 'fill', with: 'number', value, span }) as const),
  fc.record(
    {
      type: fc.constant('fill' as const),
      with: fc.constant('previous' as const),
      within: duration,
      span: fc.constant(span),
    },
    { requiredKeys: ['type', 'with', 'span'] },
  ),
)
const emit: fc.Arbitrary<EmitClause> = fc.oneof(
  fc.constant({ type: 'emit', at: 'end', span } as const),
  fc.constant({ type: 'emit', at: 'final', span } as const),
  duration.map((every) => ({ type: 'emit', at: 'every', every, span }) as const),
)
const lateness: fc.Arbitrary<LatenessClause> = fc.record(
  {
    type: fc.constant('lateness' as const),
    duration,
    late: fc.constantFrom('drop' as const, 'side' as const, 'repair' as const),
    span: fc.constant(span),
  },
  { requiredKeys: ['type', 'duration', 'span'] },
)

const session = fc.record(
  { type: fc.constant('session' as const), gap: duration, max: duration, span: fc.constant(span) },
  { requiredKeys: ['type', 'gap', 'span'] },
)
const timeZone = fc
  .oneof(fc.constantFrom('UTC', 'Europe/Berlin', 'america/new_york', 'Asia/Kolkata'), text)
  .map((value) => ({ type: 'string', value, span }) as const)
const window = fc.record(
  {
    type: fc.constant('window' as const),
    size: duration,
    every: duration,
    offset: signedDuration,
    timeZone,
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
        select: fc.record(
          {
            type: fc.constant('select' as const),
            reading: fc
              .constantFrom('rate' as const, 'increase' as const)
              .map((reading) => ({ type: 'reading', reading, span }) as const),
            metric: name,
            span: fc.constant(span),
          },
          { requiredKeys: ['type', 'metric', 'span'] },
        ),
        where: fc
          .array(matcher, { minLength: 1, maxLength: 3 })
          .map((matchers) => ({ type: 'where', matchers, span }) as const),
        window: fc.oneof({ arbitrary: window, weight: 4 }, { arbitrary: session, weight: 1 }),
        compute: fc
          .array(column, { minLength: 1, maxLength: 3 })
          .map((columns) => ({ type: 'compute', columns, span }) as const),
        groupBy: fc
          .array(dimension, { minLength: 1, maxLength: 3 })
          .map((dimensions) => ({ type: 'group-by', dimensions, span }) as const),
        having: expression.map((condition) => ({ type: 'having', condition, span }) as const),
        minSamples: count.map((value) => ({ type: 'min-samples', count: value, span }) as const),
        fill,
        orderBy: fc
          .tuple(columnRef, fc.boolean())
          .map(([of, descending]) => ({ type: 'order-by', column: of, descending, span }) as const),
        limit: count.map((value) => ({ type: 'limit', count: value, span }) as const),
        lateness,
        emit,
        range,
        span: fc.constant(span),
      },
      { requiredKeys: ['type', 'from', 'select', 'window', 'compute', 'span'] },
    ),
  },
  fc.record({
    type: fc.constant('declare-metric' as const),
    metric: name,
    first: fc.constantFrom('zero', 'baseline', 'auto').map((first) => ({ type: 'first', first, span }) as const),
    kind: fc
      .constantFrom('gauge', 'counter', 'delta', 'distribution')
      .map((kind) => ({ type: 'kind', kind, span }) as const),
    unit: fc.string().map((value) => ({ type: 'string', value, span }) as const),
    span: fc.constant(span),
  }) as fc.Arbitrary<Statement>,
)
