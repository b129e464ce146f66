import type { MetricKind } from '@windrow/core'
import { compilePattern } from '@windrow/core'
import type { CstNode, IToken } from 'chevrotain'
import type * as ast from '../ast.ts'
import { normaliseDecimal } from '../decimal.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { readDuration } from '../duration.ts'
import { readInstant } from '../instant.ts'
import { unquote } from '../literals.ts'
import { isGlob, isLaterTopology, topologyOf } from '../names.ts'
import { nearest } from '../nearest.ts'
import { type LineIndex, NO_SPAN, type Span, spanning } from '../span.ts'
import { extentOf, nodeOf, nodesOf, tokenOf } from './cst.ts'
import { tokenEnd } from './tokens.ts'

const KINDS: readonly MetricKind[] = ['gauge', 'counter', 'delta', 'distribution']
const LATER_SOURCES: readonly string[] = ['tier', 'app', 'zone', 'group']
const USE_GLOB = 'use a glob: * ? [a-z] {a,b}'

function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined)
}

/**
 * Builds the tree of one statement and reports what the grammar lets through. A part that makes no sense gives
 * undefined and a diagnostic, and so does a statement without an essential part.
 */
export class AstBuilder {
  readonly #lines: LineIndex
  readonly #diagnostics: DiagnosticList

  constructor(lines: LineIndex, diagnostics: DiagnosticList) {
    this.#lines = lines
    this.#diagnostics = diagnostics
  }

  statement(cst: CstNode): ast.Statement | undefined {
    const query = nodeOf(cst, 'query')
    if (query !== undefined) return this.#query(query)
    const declaration = nodeOf(cst, 'declareMetric')
    return declaration === undefined ? undefined : this.#declareMetric(declaration)
  }

  // -- positions

  #tokenSpan(token: IToken): Span {
    return this.#lines.span(token.startOffset, tokenEnd(token))
  }

  #span(cst: CstNode): Span {
    const extent = extentOf(cst)
    return extent === undefined ? NO_SPAN : this.#lines.span(extent.first.startOffset, tokenEnd(extent.last))
  }

  #notAvailable(span: Span, what: string, hint: string): undefined {
    this.#diagnostics.error('NOT_AVAILABLE', span, `${what} not available yet`, hint)
  }

  // -- clauses of a query

  #query(cst: CstNode): ast.QueryStatement | undefined {
    const from = this.#from(nodeOf(cst, 'from'))
    const select = this.#select(nodeOf(cst, 'select'))
    const where = this.#where(nodeOf(cst, 'where'))
    const window = this.#window(nodeOf(cst, 'window'))
    const compute = this.#compute(nodeOf(cst, 'compute'))
    const groupBy = this.#groupBy(this.#once(nodesOf(cst, 'groupBy'), 'GROUP BY'))
    const lateness = this.#lateness(this.#once(nodesOf(cst, 'lateness'), 'LATENESS'))
    const range = this.#range(this.#once(nodesOf(cst, 'range'), 'SINCE'))
    if (from === undefined || select === undefined || window === undefined || compute === undefined) return undefined
    return {
      type: 'query',
      from,
      select,
      ...(where === undefined ? {} : { where }),
      window,
      compute,
      ...(groupBy === undefined ? {} : { groupBy }),
      ...(lateness === undefined ? {} : { lateness }),
      ...(range === undefined ? {} : { range }),
      span: this.#span(cst),
    }
  }

  #once(clauses: readonly CstNode[], name: string): CstNode | undefined {
    for (const again of clauses.slice(1))
      this.#diagnostics.error(
        'REPEATED_CLAUSE',
        this.#span(again),
        `${name} stands twice`,
        `${name} may stand once: merge the two`,
      )
    return clauses[0]
  }

  #from(cst: CstNode | undefined): ast.FromClause | undefined {
    if (cst === undefined) return undefined
    const sources = this.#sources(nodeOf(cst, 'sourceList'))
    const except = this.#sources(nodeOf(cst, 'except'))
    return sources.length === 0 ? undefined : { type: 'from', sources, except, span: this.#span(cst) }
  }

  #sources(cst: CstNode | undefined): ast.SourceNode[] {
    return nodesOf(cst, 'source').flatMap((source) => this.#source(source))
  }

  #source(cst: CstNode): ast.SourceNode[] {
    const head = nodeOf(cst, 'pattern')
    const list = nodeOf(cst, 'patternList')
    const patterns = list === undefined ? present([head]) : nodesOf(list, 'pattern')
    if (list !== undefined && !this.#isServerWord(head)) return []
    return present(patterns.map((pattern) => this.#pattern(pattern, false))).map((pattern) => ({
      type: 'source',
      dimension: 'server',
      pattern,
      span: pattern.span,
    }))
  }

  /** The word before the bracket of `server(..)`. */
  #isServerWord(head: CstNode | undefined): boolean {
    const token = tokenOf(head, 'Name')
    const word = token?.image ?? ''
    if (topologyOf(word) !== undefined) return true
    if (head === undefined) return false
    if (LATER_SOURCES.includes(word))
      this.#notAvailable(this.#span(head), `${word}(..) is`, 'list the servers: server(web-01, web-02) or a glob')
    else {
      const similar = nearest(word, ['server', 'node'])
      const hint = similar === undefined ? 'write server(..), or the names alone' : `did you mean ${similar}(..)?`
      this.#diagnostics.error('SYNTAX', this.#span(head), 'only server(..) and node(..) take names in brackets', hint)
    }
    return false
  }

  #pattern(cst: CstNode, emptyAllowed: boolean): ast.PatternNode | undefined {
    const regex = tokenOf(cst, 'Regex')
    if (regex !== undefined) return this.#notAvailable(this.#tokenSpan(regex), 'regular expressions are', USE_GLOB)
    const text = tokenOf(cst, 'StringLiteral')
    if (text !== undefined) {
      const value = this.#string(text, emptyAllowed)
      return { type: 'pattern', pattern: { kind: 'exact', value }, span: this.#tokenSpan(text) }
    }
    const token = tokenOf(cst, 'Name')
    if (token === undefined) return undefined
    const span = this.#tokenSpan(token)
    if (token.image === '*') return { type: 'pattern', pattern: { kind: 'any' }, span }
    if (!isGlob(token.image)) return { type: 'pattern', pattern: { kind: 'exact', value: token.image }, span }
    const pattern = { kind: 'glob', glob: token.image } as const
    try {
      compilePattern(pattern)
    } catch (error) {
      this.#diagnostics.error('BAD_GLOB', span, error instanceof Error ? error.message : String(error))
      return undefined
    }
    return { type: 'pattern', pattern, span }
  }

  #string(token: IToken, emptyAllowed: boolean): string {
    const { value, badEscapes } = unquote(token.image)
    for (const at of badEscapes) {
      const start = token.startOffset + at
      const sequence = token.image.slice(at, at + 2)
      const hint = 'known are \\" \\\' \\\\ \\n \\t and \\u with four hexadecimal digits; a backslash itself is \\\\'
      this.#diagnostics.error('BAD_ESCAPE', this.#lines.span(start, start + 2), `${sequence} is no escape`, hint)
    }
    if (value === '' && !emptyAllowed)
      this.#diagnostics.error('EMPTY_NAME', this.#tokenSpan(token), 'a name has at least one character')
    return value
  }

  #literalName(cst: CstNode | undefined, what: string, hint: string): ast.NameNode | undefined {
    const text = tokenOf(cst, 'StringLiteral')
    if (text !== undefined) return { type: 'name', name: this.#string(text, false), span: this.#tokenSpan(text) }
    const token = tokenOf(cst, 'Name')
    if (token === undefined) return undefined
    const span = this.#tokenSpan(token)
    if (isGlob(token.image)) {
      this.#diagnostics.error('GLOB_NOT_ALLOWED', span, `${what} is one literal name, not a glob`, hint)
      return undefined
    }
    return { type: 'name', name: token.image, span }
  }

  #select(cst: CstNode | undefined): ast.SelectClause | undefined {
    if (cst === undefined) return undefined
    const [selected, second] = nodesOf(cst, 'selected')
    if (second !== undefined)
      this.#diagnostics.error(
        'SEVERAL_METRICS',
        this.#span(second),
        'a query reads one metric',
        'write a query for each metric',
      )
    const name = nodeOf(selected, 'nameOrString')
    if (name !== undefined && nodeOf(selected, 'argument') !== undefined) {
      const word = tokenOf(name, 'Name')?.image.toLowerCase() ?? ''
      if (word === 'rate' || word === 'increase')
        return this.#notAvailable(
          this.#span(name),
          `${word}(..) is`,
          'have the amounts sent as deltas and take their sum',
        )
      const hint = 'SELECT names the metric alone; functions stand in COMPUTE: SELECT m WINDOW 10s COMPUTE avg'
      this.#diagnostics.error('SYNTAX', this.#span(name), 'SELECT takes no function', hint)
      return undefined
    }
    const metric = this.#literalName(
      name,
      'the metric of SELECT',
      'write a query for each metric, or quote a name that holds * ? [ {',
    )
    return metric === undefined ? undefined : { type: 'select', metric, span: this.#span(cst) }
  }

  #where(cst: CstNode | undefined): ast.WhereClause | undefined {
    if (cst === undefined) return undefined
    const matchers = present(nodesOf(cst, 'matcher').map((matcher) => this.#matcher(matcher)))
    return matchers.length === 0 ? undefined : { type: 'where', matchers, span: this.#span(cst) }
  }

  #matcher(cst: CstNode): ast.MatcherNode | undefined {
    const label = this.#literalName(nodeOf(cst, 'nameOrString'), 'a label', 'quote a name that holds * ? [ {')
    const regexSign = tokenOf(cst, 'RegexEqual', 'RegexNotEqual')
    if (regexSign !== undefined) {
      const sign = regexSign.image
      const instead = sign === '=~' ? '=' : '!='
      return this.#notAvailable(
        this.#tokenSpan(regexSign),
        `${sign} with a regular expression is`,
        `${USE_GLOB} with ${instead}`,
      )
    }
    const base = { type: 'matcher', span: this.#span(cst) } as const
    const negated = tokenOf(cst, 'NOT') !== undefined
    const list = nodeOf(cst, 'patternList')
    if (list !== undefined) {
      const values = present(nodesOf(list, 'pattern').map((pattern) => this.#pattern(pattern, true)))
      if (label === undefined || values.length === 0) return undefined
      return { ...base, label, op: negated ? 'notIn' : 'in', values }
    }
    if (tokenOf(cst, 'EXISTS') !== undefined)
      return label === undefined ? undefined : { ...base, label, op: negated ? 'notExists' : 'exists' }
    const pattern = nodeOf(cst, 'pattern')
    const value = pattern === undefined ? undefined : this.#pattern(pattern, true)
    if (label === undefined || value === undefined) return undefined
    return { ...base, label, op: tokenOf(cst, 'Equal') === undefined ? 'notEqual' : 'equal', value }
  }

  #window(cst: CstNode | undefined): ast.WindowClause | undefined {
    if (cst === undefined) return undefined
    const size = this.#duration(tokenOf(cst, 'Duration'))
    const everyToken = tokenOf(cst, 'every')
    const every = this.#duration(everyToken)
    const offset = this.#signedDuration(nodeOf(cst, 'signedDuration'))
    if (size === undefined) return undefined
    return {
      type: 'window',
      size,
      ...(every === undefined ? {} : { every }),
      ...(offset === undefined ? {} : { offset }),
      span: this.#span(cst),
    }
  }

  #duration(token: IToken | undefined): ast.DurationNode | undefined {
    if (token === undefined) return undefined
    const span = this.#tokenSpan(token)
    const reading = readDuration(token.image)
    if (reading.ok) return { type: 'duration', ...reading.value, span }
    const code = reading.reason === 'invalid' ? 'BAD_DURATION' : 'NOT_AVAILABLE'
    this.#diagnostics.error(code, span, reading.message, reading.hint)
    return undefined
  }

  #signedDuration(cst: CstNode | undefined): ast.SignedDurationNode | undefined {
    const duration = this.#duration(tokenOf(cst, 'Duration'))
    if (cst === undefined || duration === undefined) return undefined
    const sign = tokenOf(cst, 'Minus') === undefined ? 1 : -1
    return { type: 'signed-duration', sign, duration, span: this.#span(cst) }
  }

  // -- columns

  #compute(cst: CstNode | undefined): ast.ComputeClause | undefined {
    if (cst === undefined) return undefined
    const columns = present(nodesOf(cst, 'column').map((column) => this.#column(column)))
    return columns.length === 0 ? undefined : { type: 'compute', columns, span: this.#span(cst) }
  }

  #column(cst: CstNode): ast.ColumnNode | undefined {
    const call = this.#call(nodeOf(cst, 'call'))
    if (call === undefined) return undefined
    const alias = tokenOf(cst, 'alias')
    const named: ast.NameNode | undefined =
      alias === undefined ? undefined : { type: 'name', name: alias.image, span: this.#tokenSpan(alias) }
    return { type: 'column', call, ...(named === undefined ? {} : { alias: named }), span: this.#span(cst) }
  }

  #call(cst: CstNode | undefined): ast.CallNode | undefined {
    const name = tokenOf(cst, 'Ident')
    if (cst === undefined || name === undefined) return undefined
    const read = nodesOf(cst, 'argument').map((argument) => this.#argument(argument))
    const args = present(read)
    // A call without one of its arguments would be another call.
    if (args.length < read.length) return undefined
    return { type: 'call', fn: name.image.toLowerCase(), args, span: this.#span(cst) }
  }

  #argument(cst: CstNode): ast.NumberNode | undefined {
    const number = nodeOf(cst, 'number')
    if (number !== undefined) return this.#number(number)
    const span = this.#span(cst)
    if (nodeOf(cst, 'call') !== undefined)
      return this.#notAvailable(
        span,
        'a function of a function is',
        'group by server and combine the rows where they are read',
      )
    return this.#notAvailable(span, 'a function of a label is', 'group by the label: GROUP BY http.route')
  }

  #number(cst: CstNode): ast.NumberNode | undefined {
    const token = tokenOf(cst, 'NumberLiteral')
    if (token === undefined) return undefined
    const span = this.#span(cst)
    const percent = tokenOf(cst, 'Percent')
    if (percent !== undefined)
      this.#diagnostics.error(
        'WRONG_ARGUMENTS',
        span,
        'no % here',
        `a percentile is the plain number: percentile(${token.image})`,
      )
    const decimal = normaliseDecimal(`${tokenOf(cst, 'Minus') === undefined ? '' : '-'}${token.image}`)
    if (decimal === undefined)
      this.#diagnostics.error('BAD_NUMBER', span, 'this number takes more than 40 digits to write out')
    return decimal === undefined ? undefined : { type: 'number', decimal, span }
  }

  // -- options

  #groupBy(cst: CstNode | undefined): ast.GroupByClause | undefined {
    if (cst === undefined) return undefined
    const dimensions = present(nodesOf(cst, 'dimension').map((dimension) => this.#dimension(dimension)))
    return dimensions.length === 0 ? undefined : { type: 'group-by', dimensions, span: this.#span(cst) }
  }

  #dimension(cst: CstNode): ast.DimensionNode | undefined {
    const span = this.#span(cst)
    const text = tokenOf(cst, 'StringLiteral')
    if (text !== undefined) return { type: 'dimension', kind: 'label', name: this.#string(text, false), span }
    const word = tokenOf(cst, 'Ident', 'DottedName')?.image
    if (word === undefined) return undefined
    if (isLaterTopology(word))
      return this.#notAvailable(span, `the topology level ${word} is`, `for the label of that name write "${word}"`)
    const topology = topologyOf(word)
    if (topology !== undefined) return { type: 'dimension', kind: 'topology', name: topology, span }
    return { type: 'dimension', kind: 'label', name: word, span }
  }

  #lateness(cst: CstNode | undefined): ast.LatenessClause | undefined {
    const duration = this.#duration(tokenOf(cst, 'Duration'))
    if (cst === undefined || duration === undefined) return undefined
    return { type: 'lateness', duration, span: this.#span(cst) }
  }

  #range(cst: CstNode | undefined): ast.RangeClause | undefined {
    if (cst === undefined) return undefined
    const since = this.#timePoint(nodeOf(cst, 'timePoint'))
    const until = this.#timePoint(nodeOf(cst, 'until'))
    if (since === undefined) return undefined
    return { type: 'range', since, ...(until === undefined ? {} : { until }), span: this.#span(cst) }
  }

  #timePoint(cst: CstNode | undefined): ast.TimePointNode | undefined {
    if (cst === undefined) return undefined
    const span = this.#span(cst)
    const ago = tokenOf(cst, 'ago')
    if (ago !== undefined) {
      const duration = this.#duration(ago)
      if (duration === undefined) return undefined
      return { type: 'now', offset: { type: 'signed-duration', sign: -1, duration, span }, span }
    }
    const text = tokenOf(cst, 'StringLiteral')
    if (text !== undefined) {
      const epochMs = readInstant(this.#string(text, true))
      if (epochMs !== undefined) return { type: 'absolute', epochMs, span }
      const hint = 'write ISO 8601 with a zone: "2026-11-21T08:00:00Z" or "2026-11-21T09:00:00+01:00"'
      this.#diagnostics.error('BAD_TIME', span, `${text.image} is no moment`, hint)
      return undefined
    }
    const durationToken = tokenOf(cst, 'Duration')
    const signToken = tokenOf(cst, 'Minus', 'Plus')
    if (durationToken === undefined || signToken === undefined)
      return tokenOf(cst, 'NOW') === undefined ? undefined : { type: 'now', span }
    const duration = this.#duration(durationToken)
    if (duration === undefined) return undefined
    const sign = signToken.image === '-' ? -1 : 1
    const offset = {
      type: 'signed-duration',
      sign,
      duration,
      span: spanning(this.#tokenSpan(signToken), duration.span),
    } as const
    return { type: 'now', offset, span }
  }

  // -- other statements

  #declareMetric(cst: CstNode): ast.DeclareMetricStatement | undefined {
    const metric = this.#literalName(nodeOf(cst, 'nameOrString'), 'the metric', 'quote a name that holds * ? [ {')
    const kind = this.#kind(this.#once(nodesOf(cst, 'kindOption'), 'KIND'))
    const unitToken = tokenOf(this.#once(nodesOf(cst, 'unitOption'), 'UNIT'), 'StringLiteral')
    if (nodesOf(cst, 'kindOption').length + nodesOf(cst, 'unitOption').length === 0)
      this.#diagnostics.error(
        'EMPTY_DECLARATION',
        this.#span(cst),
        'this declares nothing',
        'add KIND GAUGE or UNIT "s"',
      )
    if (metric === undefined) return undefined
    const unit: ast.StringNode | undefined =
      unitToken === undefined
        ? undefined
        : { type: 'string', value: this.#string(unitToken, true), span: this.#tokenSpan(unitToken) }
    return {
      type: 'declare-metric',
      metric,
      ...(kind === undefined ? {} : { kind }),
      ...(unit === undefined ? {} : { unit }),
      span: this.#span(cst),
    }
  }

  #kind(cst: CstNode | undefined): ast.KindNode | undefined {
    const token = tokenOf(cst, 'Ident')
    if (token === undefined) return undefined
    const kind = KINDS.find((name) => name === token.image.toLowerCase())
    const span = this.#tokenSpan(token)
    if (kind !== undefined) return { type: 'kind', kind, span }
    const similar = nearest(token.image, KINDS)?.toUpperCase()
    const hint = similar === undefined ? 'kinds are GAUGE, COUNTER, DELTA and DISTRIBUTION' : `did you mean ${similar}?`
    this.#diagnostics.error('UNKNOWN_KIND', span, `${token.image} is no kind of metric`, hint)
    return undefined
  }
}
