import { type AggregatePlan, type ColumnPlan, kindRule } from '@windrow/core'
import type { CallNode, ColumnNode, QueryStatement } from '../ast.ts'
import type { Catalog } from '../catalog.ts'
import { normaliseDecimal } from '../decimal.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import type { NumberNode } from '../expression-ast.ts'
import type { Span } from '../span.ts'
import { columnName } from './column-name.ts'
import { type AggregateFunction, resolveFunction } from './functions.ts'

const MAX_DECIMALS = 6

function percentile(argument: NumberNode, diagnostics: DiagnosticList): AggregatePlan | undefined {
  const { decimal, span } = argument
  const value = Number(decimal)
  const [whole, fraction = ''] = decimal.split('.') as [string, string?]
  if (value > 0 && value < 1) {
    const meant = normaliseDecimal(`${decimal}e2`) ?? decimal
    diagnostics.error(
      'PERCENTILE_FRACTION',
      span,
      `percentiles go from 0 to 100, not to 1`,
      `did you mean percentile(${meant})?`,
    )
    return undefined
  }
  if (value < 0 || value > 100) {
    diagnostics.error('PERCENTILE_RANGE', span, `percentile(${decimal}): percentiles go from 0 to 100`)
    return undefined
  }
  if (fraction.length > MAX_DECIMALS) {
    diagnostics.error('PERCENTILE_RANGE', span, `percentile(${decimal}): at most ${MAX_DECIMALS} decimals`)
    return undefined
  }
  return { fn: 'percentile', rank: { digits: Number(`${whole}${fraction}`), scale: fraction.length + 2 } }
}

interface NamedAggregate {
  readonly name: string
  readonly aggregate: AggregatePlan
}

function aggregatesOf(fn: AggregateFunction, call: CallNode, diagnostics: DiagnosticList): NamedAggregate[] {
  if (fn !== 'percentile') return [{ name: fn, aggregate: { fn } }]
  return call.args.flatMap((argument) => {
    const aggregate = percentile(argument, diagnostics)
    return aggregate === undefined ? [] : [{ name: columnName(`${fn}(${argument.decimal})`), aggregate }]
  })
}

function checkKind(
  query: QueryStatement,
  fn: AggregateFunction,
  span: Span,
  catalog: Catalog,
  diagnostics: DiagnosticList,
): void {
  const metric = catalog.metric(query.select.metric.name)
  if (metric === undefined) return
  const rule = kindRule(metric.kind, fn, query.select.reading?.reading)
  if (rule.verdict === 'allow') return
  const severity = rule.verdict === 'refuse-when-known' && metric.kindAssumed ? 'warning' : 'error'
  diagnostics.add(severity, 'KIND_MISMATCH', span, rule.message, rule.hint)
}

/** The columns of COMPUTE, checked: functions, arguments, names, and sense for the metric's kind. */
export function checkColumns(
  query: QueryStatement,
  catalog: Catalog | undefined,
  diagnostics: DiagnosticList,
): ColumnPlan[] {
  const columns: ColumnPlan[] = []
  // Columns are found without regard to case, so names that differ in case alone are equal.
  const taken = new Set<string>()
  const add = (node: ColumnNode, name: string, aggregate: AggregatePlan): void => {
    if (taken.has(name.toLowerCase())) {
      let number = 2
      while (taken.has(`${name.toLowerCase()}_${number}`)) number += 1
      const hint = `leave one out, or name it: ${node.call.fn}${node.call.args.length > 0 ? '(..)' : ''} AS ${name}_${number}`
      diagnostics.error('DUPLICATE_COLUMN', node.alias?.span ?? node.span, `there is a column ${name} already`, hint)
      return
    }
    taken.add(name.toLowerCase())
    columns.push({ name, aggregate })
  }
  const reading = query.select.reading
  // Whether a kind has a rate does not depend on what is computed of it.
  if (catalog !== undefined && reading !== undefined) checkKind(query, 'sum', reading.span, catalog, diagnostics)
  for (const node of query.compute.columns) {
    const fn = resolveFunction(node.call, diagnostics)
    if (fn === undefined) continue
    if (catalog !== undefined && reading === undefined) checkKind(query, fn, node.call.span, catalog, diagnostics)
    const aggregates = aggregatesOf(fn, node.call, diagnostics)
    if (node.alias !== undefined && node.call.args.length > 1) {
      const apart = node.call.args.map((argument) => `${fn}(${argument.decimal})`).join(', ')
      const hint = `name each on its own: ${apart}`
      diagnostics.error(
        'ALIAS_OF_SEVERAL',
        node.alias.span,
        `${node.alias.name} would name ${node.call.args.length} columns`,
        hint,
      )
      continue
    }
    for (const { name, aggregate } of aggregates) add(node, node.alias?.name ?? name, aggregate)
  }
  return columns
}
