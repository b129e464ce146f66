import type { LabelMatcher, SeriesSelector, SourceSelector } from '../plan/query-plan.ts'
import type { SeriesInfo } from './identity.ts'
import type { Pattern } from './pattern.ts'
import { compilePattern } from './pattern-matcher.ts'

/** What a selector looks at; a `SeriesInfo` has it. */
export type SelectableSeries = Pick<SeriesInfo, 'metric' | 'server' | 'labels'>

/**
 * Makes a selector ready: metric equal AND any `from` AND NOT any `except` AND all `where`. An empty `from`
 * therefore selects nothing. A label that is absent reads as '' for `=`, `!=`, `IN` and `NOT IN`.
 *
 * Meant to be called once per series, when it registers or when a scan begins, never per sample. Literal
 * server names are looked up in a set, so a list of thousands of them costs no more than one.
 */
export function compileSelector(selector: SeriesSelector): (series: SelectableSeries) => boolean {
  const { metric } = selector
  const from = compileSources(selector.from)
  const except = compileSources(selector.except)
  const where = selector.where.map(compileLabelMatcher)
  return (series) =>
    series.metric === metric &&
    from(series.server) &&
    !except(series.server) &&
    where.every((matches) => matches(series.labels))
}

/** The servers `from` names literally, each once, in the order written: those that can be reported as unmatched. */
export function literalServers(selector: SeriesSelector): string[] {
  const names = new Set<string>()
  for (const { pattern } of selector.from) if (pattern.kind === 'exact') names.add(pattern.value)
  return [...names]
}

function compileSources(sources: readonly SourceSelector[]): (server: string) => boolean {
  return compileAny(sources.map((source) => source.pattern))
}

function compileAny(patterns: readonly Pattern[]): (text: string) => boolean {
  const literals = new Set<string>()
  const matchers: ((text: string) => boolean)[] = []
  for (const pattern of patterns) {
    if (pattern.kind === 'exact') literals.add(pattern.value)
    else matchers.push(compilePattern(pattern))
  }
  return (text) => literals.has(text) || matchers.some((matches) => matches(text))
}

function compileLabelMatcher(matcher: LabelMatcher): (labels: SelectableSeries['labels']) => boolean {
  const { label } = matcher
  switch (matcher.op) {
    case 'exists':
      return (labels) => labelValue(labels, label) !== undefined
    case 'notExists':
      return (labels) => labelValue(labels, label) === undefined
    case 'equal':
    case 'notEqual': {
      const matches = compilePattern(matcher.pattern)
      const wanted = matcher.op === 'equal'
      return (labels) => matches(labelValue(labels, label) ?? '') === wanted
    }
    case 'in':
    case 'notIn': {
      const matches = compileAny(matcher.patterns)
      const wanted = matcher.op === 'in'
      return (labels) => matches(labelValue(labels, label) ?? '') === wanted
    }
  }
}

function labelValue(labels: SelectableSeries['labels'], name: string): string | undefined {
  for (const [key, value] of labels) if (key === name) return value
  return undefined
}
