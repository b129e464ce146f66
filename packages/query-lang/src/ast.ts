import type { MetricDeclaration, MetricKind, Pattern, QueryPlan } from '@windrow/core'
import type { ColumnRefNode, ExpressionNode, NumberNode } from './expression-ast.ts'
import type { Span } from './span.ts'

/** One statement of a script. */
export type Statement = QueryStatement | DeclareMetricStatement

export interface QueryStatement {
  readonly type: 'query'
  readonly from: FromClause
  readonly select: SelectClause
  readonly where?: WhereClause
  readonly window: WindowClause | SessionClause
  readonly compute: ComputeClause
  readonly groupBy?: GroupByClause
  readonly having?: HavingClause
  readonly minSamples?: MinSamplesClause
  readonly fill?: FillClause
  readonly orderBy?: OrderByClause
  readonly limit?: LimitClause
  readonly lateness?: LatenessClause
  readonly emit?: EmitClause
  readonly range?: RangeClause
  readonly span: Span
}

export interface DeclareMetricStatement {
  readonly type: 'declare-metric'
  readonly metric: NameNode
  readonly kind?: KindNode
  readonly unit?: StringNode
  readonly first?: FirstNode
  readonly span: Span
}

export interface FirstNode {
  readonly type: 'first'
  readonly first: NonNullable<MetricDeclaration['first']>
  readonly span: Span
}

export interface KindNode {
  readonly type: 'kind'
  readonly kind: MetricKind
  readonly span: Span
}

export interface StringNode {
  readonly type: 'string'
  readonly value: string
  readonly span: Span
}

/** A literal name: of a metric, a label, a column. */
export interface NameNode {
  readonly type: 'name'
  readonly name: string
  readonly span: Span
}

export interface FromClause {
  readonly type: 'from'
  /** At least one. */
  readonly sources: readonly SourceNode[]
  readonly except: readonly SourceNode[]
  readonly span: Span
}

/** `server(a, b)` is read as the two sources `a, b`. */
export interface SourceNode {
  readonly type: 'source'
  readonly dimension: 'server'
  readonly pattern: PatternNode
  readonly span: Span
}

/** The glob `*` is read as `any`. */
export interface PatternNode {
  readonly type: 'pattern'
  readonly pattern: Pattern
  readonly span: Span
}

export interface SelectClause {
  readonly type: 'select'
  /** Absent: the samples as they are. */
  readonly reading?: ReadingNode
  readonly metric: NameNode
  readonly span: Span
}

/** The function before the metric, as in `rate(m)`. */
export interface ReadingNode {
  readonly type: 'reading'
  readonly reading: 'increase' | 'rate'
  readonly span: Span
}

export interface WhereClause {
  readonly type: 'where'
  /** At least one; all must hold. */
  readonly matchers: readonly MatcherNode[]
  readonly span: Span
}

interface MatcherBase {
  readonly type: 'matcher'
  readonly label: NameNode
  readonly span: Span
}

export type MatcherNode =
  | (MatcherBase & { readonly op: 'equal' | 'notEqual'; readonly value: PatternNode })
  | (MatcherBase & { readonly op: 'in' | 'notIn'; readonly values: readonly PatternNode[] })
  | (MatcherBase & { readonly op: 'exists' | 'notExists' })

export interface WindowClause {
  readonly type: 'window'
  readonly size: DurationNode
  readonly every?: DurationNode
  readonly offset?: SignedDurationNode
  /** The name of a time zone, as written. */
  readonly timeZone?: StringNode
  readonly span: Span
}

export interface SessionClause {
  readonly type: 'session'
  readonly gap: DurationNode
  readonly max?: DurationNode
  readonly span: Span
}

/**
 * `ms` for fixed units; days, weeks and months are calendar units, which begin at midnight, on Monday and on the
 * first. A year is 12 months.
 */
export interface DurationNode {
  readonly type: 'duration'
  readonly unit: 'ms' | 'day' | 'week' | 'month'
  /** Whole, at least 1. */
  readonly count: number
  readonly span: Span
}

export interface SignedDurationNode {
  readonly type: 'signed-duration'
  readonly sign: 1 | -1
  readonly duration: DurationNode
  readonly span: Span
}

export interface ComputeClause {
  readonly type: 'compute'
  /** At least one. */
  readonly columns: readonly ColumnNode[]
  readonly span: Span
}

export interface ColumnNode {
  readonly type: 'column'
  readonly call: CallNode
  readonly alias?: NameNode
  readonly span: Span
}

export interface CallNode {
  readonly type: 'call'
  /** Lower case, as written: analysis says whether there is such a function. */
  readonly fn: string
  readonly args: readonly NumberNode[]
  readonly span: Span
}

export interface GroupByClause {
  readonly type: 'group-by'
  /** At least one. */
  readonly dimensions: readonly DimensionNode[]
  readonly span: Span
}

/** Unquoted `server` (or `node`) is the topology; a quoted or any other name is a label. */
export interface DimensionNode {
  readonly type: 'dimension'
  readonly kind: 'topology' | 'label'
  readonly name: string
  readonly span: Span
}

export interface HavingClause {
  readonly type: 'having'
  readonly condition: ExpressionNode
  readonly span: Span
}

export interface MinSamplesClause {
  readonly type: 'min-samples'
  /** Whole, at least 1. */
  readonly count: number
  readonly span: Span
}

/** `FILL 0` is read as `ZERO`. */
export type FillClause =
  | { readonly type: 'fill'; readonly with: 'none' | 'null' | 'zero'; readonly span: Span }
  | { readonly type: 'fill'; readonly with: 'number'; readonly value: NumberNode; readonly span: Span }
  | { readonly type: 'fill'; readonly with: 'previous'; readonly within?: DurationNode; readonly span: Span }

export interface OrderByClause {
  readonly type: 'order-by'
  readonly column: ColumnRefNode
  readonly descending: boolean
  readonly span: Span
}

export interface LimitClause {
  readonly type: 'limit'
  /** Whole, at least 1. */
  readonly count: number
  readonly span: Span
}

export interface LatenessClause {
  readonly type: 'lateness'
  readonly duration: DurationNode
  /** What stands after THEN. */
  readonly late?: NonNullable<QueryPlan['late']>
  readonly span: Span
}

export type EmitClause =
  | { readonly type: 'emit'; readonly at: 'end'; readonly span: Span }
  | { readonly type: 'emit'; readonly at: 'final'; readonly span: Span }
  | { readonly type: 'emit'; readonly at: 'every'; readonly every: DurationNode; readonly span: Span }

export interface RangeClause {
  readonly type: 'range'
  readonly since: TimePointNode
  readonly until?: TimePointNode
  readonly span: Span
}

/** A bare duration, `SINCE 1h`, is read as `NOW - 1h`. */
export type TimePointNode =
  | { readonly type: 'now'; readonly offset?: SignedDurationNode; readonly span: Span }
  | { readonly type: 'absolute'; readonly epochMs: number; readonly span: Span }

export type AstNode =
  | Statement
  | KindNode
  | FirstNode
  | StringNode
  | NameNode
  | FromClause
  | SourceNode
  | PatternNode
  | SelectClause
  | ReadingNode
  | WhereClause
  | MatcherNode
  | WindowClause
  | SessionClause
  | DurationNode
  | SignedDurationNode
  | ComputeClause
  | ColumnNode
  | CallNode
  | NumberNode
  | GroupByClause
  | DimensionNode
  | HavingClause
  | ExpressionNode
  | MinSamplesClause
  | FillClause
  | OrderByClause
  | LimitClause
  | LatenessClause
  | EmitClause
  | RangeClause
  | TimePointNode
