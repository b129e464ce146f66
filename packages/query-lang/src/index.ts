export type {
  AstNode,
  CallNode,
  ColumnNode,
  ComputeClause,
  DeclareMetricStatement,
  DimensionNode,
  DurationNode,
  EmitClause,
  FillClause,
  FirstNode,
  FromClause,
  GroupByClause,
  HavingClause,
  KindNode,
  LatenessClause,
  LimitClause,
  MatcherNode,
  MinSamplesClause,
  NameNode,
  OrderByClause,
  PatternNode,
  QueryStatement,
  RangeClause,
  ReadingNode,
  SelectClause,
  SessionClause,
  SignedDurationNode,
  SourceNode,
  Statement,
  StringNode,
  TimePointNode,
  WhereClause,
  WindowClause,
} from './ast.ts'
export type { Catalog, CatalogEntry } from './catalog.ts'
export {
  type CompiledStatement,
  type CompileOptions,
  type CompileResult,
  type CompileStatementResult,
  check,
  compile,
  compileStatement,
  compileText,
} from './compile.ts'
export { DIAGNOSTIC_CODES, type Diagnostic, type DiagnosticCode, type Severity } from './diagnostics.ts'
export type {
  BetweenNode,
  BinaryNode,
  ColumnRefNode,
  ExpressionNode,
  NegateNode,
  NotNode,
  NullTestNode,
  NumberNode,
} from './expression-ast.ts'
export { type ParseOptions, type ParseResult, parse } from './parse.ts'
export { print } from './print.ts'
export { QueryError } from './query-error.ts'
export { renderDiagnostics } from './render-diagnostics.ts'
export { NO_SPAN, type Span } from './span.ts'
