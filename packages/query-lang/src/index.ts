export type {
  AstNode,
  CallNode,
  ColumnNode,
  ComputeClause,
  DeclareMetricStatement,
  DimensionNode,
  DurationNode,
  FromClause,
  GroupByClause,
  KindNode,
  LatenessClause,
  MatcherNode,
  NameNode,
  NumberNode,
  PatternNode,
  QueryStatement,
  RangeClause,
  SelectClause,
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
export { type ParseOptions, type ParseResult, parse } from './parse.ts'
export { print } from './print.ts'
export { QueryError } from './query-error.ts'
export { renderDiagnostics } from './render-diagnostics.ts'
export { NO_SPAN, type Span } from './span.ts'
