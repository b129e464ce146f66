import type { MetricKind, Pattern } from '@windrow/core'
import type { AstNode, ColumnNode, EmitClause, FillClause, MatcherNode, QueryStatement } from './ast.ts'
import { printDuration } from './duration.ts'
import { printInstant } from './instant.ts'
import { quote } from './literals.ts'
import { isNameWord, isPlainLabel, isPlainName } from './names.ts'
import { printExpression } from './print-expression.ts'

function printName(name: string): string {
  return isPlainName(name) ? name : quote(name)
}

function printPattern(pattern: Pattern): string {
  if (pattern.kind === 'any') return '*'
  if (pattern.kind === 'exact') return printName(pattern.value)
  if (!isNameWord(pattern.glob)) throw new RangeError(`the glob ${pattern.glob} cannot be written in the language`)
  return pattern.glob
}

function printList(nodes: readonly AstNode[]): string {
  return nodes.map(print).join(', ')
}

const KIND_WORDS: Readonly<Record<MetricKind, string>> = {
  gauge: 'GAUGE',
  counter: 'COUNTER',
  delta: 'DELTA',
  distribution: 'DISTRIBUTION',
}

function printMatcher(matcher: MatcherNode): string {
  const label = printName(matcher.label.name)
  switch (matcher.op) {
    case 'equal':
      return `${label} = ${print(matcher.value)}`
    case 'notEqual':
      return `${label} != ${print(matcher.value)}`
    case 'in':
      return `${label} IN (${printList(matcher.values)})`
    case 'notIn':
      return `${label} NOT IN (${printList(matcher.values)})`
    case 'exists':
      return `${label} EXISTS`
    case 'notExists':
      return `${label} NOT EXISTS`
  }
}

function printQuery(query: QueryStatement): string {
  const clauses = [
    query.from,
    query.select,
    query.where,
    query.window,
    query.compute,
    query.groupBy,
    query.having,
    query.minSamples,
    query.fill,
    query.orderBy,
    query.limit,
    query.lateness,
    query.emit,
    query.range,
  ]
  return clauses
    .filter((clause) => clause !== undefined)
    .map(print)
    .join(' ')
}

function printColumn(column: ColumnNode): string {
  return column.alias === undefined ? print(column.call) : `${print(column.call)} AS ${column.alias.name}`
}

/** ` WORD node`, or nothing. */
function printOption(word: string, node: AstNode | undefined): string {
  return node === undefined ? '' : ` ${word} ${print(node)}`
}

function printFill(fill: FillClause): string {
  switch (fill.with) {
    case 'none':
      return 'FILL NONE'
    case 'null':
      return 'FILL NULL'
    case 'zero':
      return 'FILL ZERO'
    case 'number':
      return `FILL ${print(fill.value)}`
    case 'previous':
      return `FILL PREVIOUS${printOption('WITHIN', fill.within)}`
  }
}

function printEmit(emit: EmitClause): string {
  if (emit.at === 'every') return `EMIT EVERY ${print(emit.every)}`
  return emit.at === 'final' ? 'EMIT FINAL' : 'EMIT ON END'
}

/**
 * Canonical text of a node: keywords in upper case, single spaces, normalised numbers and durations, options in
 * one order, quotes only where they are needed. `parse(print(statement))` is the same tree, spans apart.
 *
 * @throws RangeError for a glob that no text of the language stands for (a tree made by a program only).
 */
export function print(node: AstNode): string {
  switch (node.type) {
    case 'query':
      return printQuery(node)
    case 'declare-metric': {
      const kind = node.kind === undefined ? '' : ` ${print(node.kind)}`
      const first = node.first === undefined ? '' : ` ${print(node.first)}`
      return `DECLARE METRIC ${print(node.metric)}${kind}${printOption('UNIT', node.unit)}${first}`
    }
    case 'first':
      return `FIRST ${node.first.toUpperCase()}`
    case 'kind':
      return `KIND ${KIND_WORDS[node.kind]}`
    case 'string':
      return quote(node.value)
    case 'name':
      return printName(node.name)
    case 'from':
      return `FROM ${printList(node.sources)}${node.except.length === 0 ? '' : ` EXCEPT ${printList(node.except)}`}`
    case 'source':
      return print(node.pattern)
    case 'pattern':
      return printPattern(node.pattern)
    case 'select':
      return node.reading === undefined
        ? `SELECT ${print(node.metric)}`
        : `SELECT ${print(node.reading)}(${print(node.metric)})`
    case 'reading':
      return node.reading
    case 'where':
      return `WHERE ${node.matchers.map(print).join(' AND ')}`
    case 'matcher':
      return printMatcher(node)
    case 'window': {
      const every = printOption('EVERY', node.every)
      return `WINDOW ${print(node.size)}${every}${printOption('OFFSET', node.offset)}${printOption('TZ', node.timeZone)}`
    }
    case 'session':
      return `WINDOW SESSION GAP ${print(node.gap)}${printOption('MAX', node.max)}`
    case 'duration':
      return printDuration(node)
    case 'signed-duration':
      return `${node.sign < 0 ? '-' : ''}${print(node.duration)}`
    case 'compute':
      return `COMPUTE ${printList(node.columns)}`
    case 'column':
      return printColumn(node)
    case 'call':
      return node.args.length === 0 ? node.fn : `${node.fn}(${printList(node.args)})`
    case 'number':
      return node.decimal
    case 'group-by':
      return `GROUP BY ${printList(node.dimensions)}`
    case 'dimension':
      return node.kind === 'topology' || isPlainLabel(node.name) ? node.name : quote(node.name)
    case 'having':
      return `HAVING ${print(node.condition)}`
    case 'column-ref':
    case 'negate':
    case 'binary':
    case 'between':
    case 'null-test':
    case 'not':
      return printExpression(node)
    case 'min-samples':
      return `MIN SAMPLES ${node.count}`
    case 'fill':
      return printFill(node)
    case 'order-by':
      return `ORDER BY ${print(node.column)}${node.descending ? ' DESC' : ''}`
    case 'limit':
      return `LIMIT ${node.count}`
    case 'lateness':
      return `LATENESS ${print(node.duration)}${node.late === undefined ? '' : ` THEN ${node.late.toUpperCase()}`}`
    case 'emit':
      return printEmit(node)
    case 'range':
      return `SINCE ${print(node.since)}${node.until === undefined ? '' : ` UNTIL ${print(node.until)}`}`
    case 'now':
      if (node.offset === undefined) return 'NOW'
      return `NOW ${node.offset.sign < 0 ? '-' : '+'} ${print(node.offset.duration)}`
    case 'absolute':
      return quote(printInstant(node.epochMs))
  }
}
