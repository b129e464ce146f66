import { compilePattern } from '@windrow/core'
import type { CstNode } from 'chevrotain'
import type { FromClause, MatcherNode, PatternNode, SourceNode, WhereClause } from '../../ast.ts'
import { isGlob, topologyOf } from '../../names.ts'
import { nearest } from '../../nearest.ts'
import { nodeOf, nodesOf, tokenOf } from '../cst.ts'
import { type BuildContext, present } from './context.ts'
import { buildName, buildText } from './literals.ts'

const LATER_SOURCES: readonly string[] = ['tier', 'app', 'zone', 'group']
const USE_GLOB = 'use a glob: * ? [a-z] {a,b}'

export function buildFrom(context: BuildContext, cst: CstNode | undefined): FromClause | undefined {
  if (cst === undefined) return undefined
  const sources = buildSources(context, nodeOf(cst, 'sourceList'))
  const except = buildSources(context, nodeOf(cst, 'except'))
  return sources.length === 0 ? undefined : { type: 'from', sources, except, span: context.span(cst) }
}

function buildSources(context: BuildContext, cst: CstNode | undefined): SourceNode[] {
  return nodesOf(cst, 'source').flatMap((source) => {
    const head = nodeOf(source, 'pattern')
    const list = nodeOf(source, 'patternList')
    const patterns = list === undefined ? present([head]) : nodesOf(list, 'pattern')
    if (list !== undefined && !isServerWord(context, head)) return []
    return present(patterns.map((pattern) => buildPattern(context, pattern, false))).map((pattern) => ({
      type: 'source',
      dimension: 'server',
      pattern,
      span: pattern.span,
    }))
  })
}

/** The word before the bracket of `server(..)`. */
function isServerWord(context: BuildContext, head: CstNode | undefined): boolean {
  const word = tokenOf(head, 'Name')?.image ?? ''
  if (topologyOf(word) !== undefined) return true
  if (head === undefined) return false
  if (LATER_SOURCES.includes(word))
    context.notAvailable(context.span(head), `${word}(..) is`, 'list the servers: server(web-01, web-02) or a glob')
  else {
    const similar = nearest(word, ['server', 'node'])
    const hint = similar === undefined ? 'write server(..), or the names alone' : `did you mean ${similar}(..)?`
    context.error('SYNTAX', context.span(head), 'only server(..) and node(..) take names in brackets', hint)
  }
  return false
}

function buildPattern(context: BuildContext, cst: CstNode, emptyAllowed: boolean): PatternNode | undefined {
  const regex = tokenOf(cst, 'Regex')
  if (regex !== undefined) return context.notAvailable(context.tokenSpan(regex), 'regular expressions are', USE_GLOB)
  const text = tokenOf(cst, 'StringLiteral')
  if (text !== undefined) {
    const value = buildText(context, text, emptyAllowed)
    return { type: 'pattern', pattern: { kind: 'exact', value }, span: context.tokenSpan(text) }
  }
  const token = tokenOf(cst, 'Name')
  if (token === undefined) return undefined
  const span = context.tokenSpan(token)
  if (token.image === '*') return { type: 'pattern', pattern: { kind: 'any' }, span }
  if (!isGlob(token.image)) return { type: 'pattern', pattern: { kind: 'exact', value: token.image }, span }
  const pattern = { kind: 'glob', glob: token.image } as const
  try {
    compilePattern(pattern)
  } catch (error) {
    return context.error('BAD_GLOB', span, error instanceof Error ? error.message : String(error))
  }
  return { type: 'pattern', pattern, span }
}

export function buildWhere(context: BuildContext, cst: CstNode | undefined): WhereClause | undefined {
  if (cst === undefined) return undefined
  const matchers = present(nodesOf(cst, 'matcher').map((matcher) => buildMatcher(context, matcher)))
  return matchers.length === 0 ? undefined : { type: 'where', matchers, span: context.span(cst) }
}

function buildMatcher(context: BuildContext, cst: CstNode): MatcherNode | undefined {
  const label = buildName(context, nodeOf(cst, 'nameOrString'), 'a label', 'quote a name that holds * ? [ {')
  const regexSign = tokenOf(cst, 'RegexEqual', 'RegexNotEqual')
  if (regexSign !== undefined) {
    const sign = regexSign.image
    const instead = sign === '=~' ? '=' : '!='
    const what = `${sign} with a regular expression is`
    return context.notAvailable(context.tokenSpan(regexSign), what, `${USE_GLOB} with ${instead}`)
  }
  const base = { type: 'matcher', span: context.span(cst) } as const
  const negated = tokenOf(cst, 'NOT') !== undefined
  const list = nodeOf(cst, 'patternList')
  if (list !== undefined) {
    const values = present(nodesOf(list, 'pattern').map((pattern) => buildPattern(context, pattern, true)))
    if (label === undefined || values.length === 0) return undefined
    return { ...base, label, op: negated ? 'notIn' : 'in', values }
  }
  if (tokenOf(cst, 'EXISTS') !== undefined)
    return label === undefined ? undefined : { ...base, label, op: negated ? 'notExists' : 'exists' }
  const pattern = nodeOf(cst, 'pattern')
  const value = pattern === undefined ? undefined : buildPattern(context, pattern, true)
  if (label === undefined || value === undefined) return undefined
  return { ...base, label, op: tokenOf(cst, 'Equal') === undefined ? 'notEqual' : 'equal', value }
}
