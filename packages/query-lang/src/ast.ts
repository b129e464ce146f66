import type { MetricKind, Pattern } from '@windrow/core'
import type { Span } from './span.ts'

/** One statement of a script. */
export type Statement = QueryStatement | DeclareMetricStatement

export interface QueryStatement {
  readonly type: 'query'
  readonly from: FromClause
  readonly select: SelectClause
  readonly where?: WhereClause
  readonly window: WindowClause
  readonly compute: ComputeClause
  readonly groupBy?: GroupByClause
  readonly lateness?: LatenessClause
  readonly range?: RangeClause
  readonly span: Span
}

export interface DeclareMetricStatement {
  readonly type: 'declare-metric'
  readonly metric: NameNode
  readonly kind?: KindNode
  readonly unit?: StringNode
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
  readonly metric: NameNode
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
  readonly span: Span
}

/** `ms` for fixed units; days and weeks are calendar units, which begin at midnight and on Monday. */
export interface DurationNode {
  readonly type: 'duration'
  readonly unit: 'ms' | 'day' | 'week'
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

/** A number as the decimal it was written as, normalised: `99`, `99.9`, `-0.5`. Never an exponent. */
export interface NumberNode {
  readonly type: 'number'
  readonly decimal: string
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

export interface LatenessClause {
  readonly type: 'lateness'
  readonly duration: DurationNode
  readonly span: Span
}

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
  | StringNode
  | NameNode
  | FromClause
  | SourceNode
  | PatternNode
  | SelectClause
  | WhereClause
  | MatcherNode
  | WindowClause
  | DurationNode
  | SignedDurationNode
  | ComputeClause
  | ColumnNode
  | CallNode
  | NumberNode
  | GroupByClause
  | DimensionNode
  | LatenessClause
  | RangeClause
  | TimePointNode
