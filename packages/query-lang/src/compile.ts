import type { LabelMatcher, MetricDeclaration, QueryPlan, SourceSelector } from '@windrow/core'
import { checkColumns } from './analyze/check-columns.ts'
import { checkDeclaration } from './analyze/check-declaration.ts'
import { checkDimensions, checkNames } from './analyze/check-names.ts'
import { checkOptions } from './analyze/check-options.ts'
import { checkRange } from './analyze/check-range.ts'
import { checkWindow } from './analyze/check-window.ts'
import type { MatcherNode, QueryStatement, SourceNode, Statement } from './ast.ts'
import { identityText } from './canonical.ts'
import type { Catalog } from './catalog.ts'
import { type Diagnostic, DiagnosticList, hasErrors, inTextOrder } from './diagnostics.ts'
import { type ParseOptions, parseLeniently } from './parse.ts'
import { QueryError } from './query-error.ts'
import { LineIndex } from './span.ts'

export interface CompileOptions {
  /** Without it kinds and names are not checked. */
  readonly catalog?: Catalog
  /** True for a query that runs on: SINCE and UNTIL are refused. Default false. */
  readonly stored?: boolean
  /** Shortest window. Default 1,000. */
  readonly minWindowMs?: number
}

export interface CompileResult {
  /** Absent when a diagnostic is an error. */
  readonly plan?: QueryPlan
  /** In the order of the text; at most 100. */
  readonly diagnostics: Diagnostic[]
}

const DEFAULT_MIN_WINDOW_MS = 1_000

function labelMatcher(node: MatcherNode): LabelMatcher {
  const label = node.label.name
  switch (node.op) {
    case 'equal':
    case 'notEqual':
      return { label, op: node.op, pattern: node.value.pattern }
    case 'in':
    case 'notIn':
      return { label, op: node.op, patterns: node.values.map((value) => value.pattern) }
    case 'exists':
    case 'notExists':
      return { label, op: node.op }
  }
}

function sourceSelector(node: SourceNode): SourceSelector {
  return { dimension: node.dimension, pattern: node.pattern.pattern }
}

/**
 * Checks what a query means and makes the plan an engine runs. `plan.text` is the canonical text without SINCE
 * and UNTIL: equal texts ask the same.
 *
 * @throws RangeError for a `minWindowMs` that is not a positive whole number.
 */
export function compile(query: QueryStatement, options: CompileOptions = {}): CompileResult {
  const { catalog, stored = false, minWindowMs = DEFAULT_MIN_WINDOW_MS } = options
  if (!Number.isSafeInteger(minWindowMs) || minWindowMs < 1)
    throw new RangeError(`minWindowMs is a positive whole number, not ${minWindowMs}`)
  const diagnostics = new DiagnosticList()
  if (catalog !== undefined) checkNames(query, catalog, diagnostics)
  const window = checkWindow(query.window, minWindowMs, diagnostics)
  const ofColumns = new DiagnosticList()
  const columns = checkColumns(query, catalog, ofColumns)
  diagnostics.addAll(ofColumns.items)
  const groupBy = checkDimensions(query, diagnostics)
  const columnNames = hasErrors(ofColumns.items) ? undefined : columns.map(({ name }) => name)
  const rest = checkOptions(query, window, columnNames, diagnostics)
  const range = checkRange(query, stored, diagnostics)
  const ordered = inTextOrder(diagnostics.items)
  if (window === undefined || hasErrors(ordered)) return { diagnostics: ordered }
  const reading = query.select.reading?.reading
  const plan: QueryPlan = {
    planVersion: 1,
    text: identityText(query, window),
    selector: {
      metric: query.select.metric.name,
      from: query.from.sources.map(sourceSelector),
      except: query.from.except.map(sourceSelector),
      where: (query.where?.matchers ?? []).map(labelMatcher),
    },
    window,
    columns,
    groupBy,
    ...(reading === undefined ? {} : { reading }),
    ...rest,
    ...(range === undefined ? {} : { range }),
  }
  return { plan, diagnostics: ordered }
}

/** What a statement does, ready to hand to an engine. */
export type CompiledStatement =
  | { readonly type: 'query'; readonly plan: QueryPlan }
  | { readonly type: 'declare-metric'; readonly metric: string; readonly declaration: MetricDeclaration }

export interface CompileStatementResult {
  /** Absent when a diagnostic is an error. */
  readonly compiled?: CompiledStatement
  readonly diagnostics: Diagnostic[]
}

/** As `compile`, for any statement. */
export function compileStatement(statement: Statement, options: CompileOptions = {}): CompileStatementResult {
  if (statement.type === 'query') {
    const { plan, diagnostics } = compile(statement, options)
    return plan === undefined ? { diagnostics } : { compiled: { type: 'query', plan }, diagnostics }
  }
  const diagnostics = new DiagnosticList()
  const declaration = checkDeclaration(statement, diagnostics)
  if (hasErrors(diagnostics.items)) return { diagnostics: diagnostics.items }
  return { compiled: { type: 'declare-metric', metric: statement.metric.name, declaration }, diagnostics: [] }
}

interface CompiledText {
  /** Statements of which a tree could be built. */
  readonly statements: readonly Statement[]
  /** Those of them that can run. */
  readonly compiled: readonly CompiledStatement[]
  readonly diagnostics: Diagnostic[]
}

function compileAll(text: string, options: CompileOptions & ParseOptions): CompiledText {
  const parsed = parseLeniently(text, options.recovery ?? false)
  const statements = parsed.statements.map(({ statement }) => statement)
  const results = statements.map((statement) => compileStatement(statement, options))
  const all = new DiagnosticList()
  all.addAll(inTextOrder([...parsed.diagnostics, ...results.flatMap(({ diagnostics }) => diagnostics)]))
  const compiled = results.flatMap((result) => (result.compiled === undefined ? [] : [result.compiled]))
  return { statements, compiled, diagnostics: all.items }
}

/** Everything there is to say about a text: of its form, and of what its statements mean. At most 100, in text order. */
export function check(text: string, options: CompileOptions & ParseOptions = {}): Diagnostic[] {
  return compileAll(text, options).diagnostics
}

/**
 * The plan of a text that is one query. Warnings are not reported: `check` gives them.
 *
 * @throws QueryError when the text has errors or is not exactly one query.
 */
export function compileText(text: string, options: CompileOptions = {}): QueryPlan {
  const { statements, compiled, diagnostics } = compileAll(text, options)
  if (hasErrors(diagnostics)) throw new QueryError(diagnostics)
  const [first, second] = compiled
  if (first?.type === 'query' && second === undefined) return first.plan
  const list = new DiagnosticList()
  const span = statements[1]?.span ?? statements[0]?.span ?? new LineIndex(text).span(0, 0)
  list.error('NOT_ONE_QUERY', span, 'the text must be one query', 'write FROM .. SELECT .. WINDOW .. COMPUTE ..')
  throw new QueryError(list.items)
}
