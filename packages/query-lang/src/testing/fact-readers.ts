import type { Engine, EngineStats, IngestResult } from '@windrow/core'
import type { Told } from './case-engine.ts'
import { type FactSubject, type FactValue, factType } from './facts.ts'
import { printScriptTime, SCRIPT_EPOCH_MS } from './script-time.ts'

type Facts = Readonly<Record<string, FactValue>>

/** What is true now, under the names of `FACTS`; undefined when there is no such thing. */
export function readFacts(
  engine: Engine,
  subject: FactSubject,
  name: string,
  lastSent: IngestResult | undefined,
  told: Told | undefined,
): Facts | undefined {
  switch (subject) {
    case 'sent':
      return lastSent === undefined ? undefined : sentFacts(lastSent)
    case 'points':
      return pointFacts(engine)
    case 'counters': {
      const query = engine.query(name)
      return query === undefined ? undefined : { ...query.counters }
    }
    case 'query':
      return queryFacts(engine, name)
    case 'progress':
      return told === undefined ? undefined : progressFacts(told)
    case 'source': {
      const source = sourcesOf(engine).find((info) => info.source === name)
      if (source === undefined) return undefined
      const { state, watermarkMs, maxEventMs, backlog } = source
      return { state, watermark: watermarkMs, newest: maxEventMs, backlog }
    }
    case 'lag': {
      const { watermarkMs, nextEndMs, holding, latestMs } = engine.explainLag(name)
      return { watermark: watermarkMs, next: nextEndMs, holding: holding?.source ?? null, latest: latestMs }
    }
    case 'metric': {
      const metric = engine.metric(name)
      if (metric === undefined) return undefined
      const { kind, kindAssumed, unit, seriesCount, conflicts } = metric
      return { kind, assumed: kindAssumed, unit, series: seriesCount, conflicts }
    }
  }
}

/** Compares the facts that are written; undefined when they are as expected. */
export function compareFacts(
  subject: FactSubject,
  expected: ReadonlyMap<string, FactValue>,
  actual: Facts,
): string | undefined {
  const differing: string[] = []
  for (const [name, value] of expected) {
    const isTime = factType(subject, name) === 'time'
    // A reason that was never given is not in the counters.
    const known = Object.hasOwn(actual, name) ? actual[name]! : name.startsWith('rejected.') ? 0 : null
    const shown = (fact: FactValue): string => (isTime && typeof fact === 'number' ? printScriptTime(fact) : `${fact}`)
    const found = isTime && typeof known === 'number' ? known - SCRIPT_EPOCH_MS : known
    if (found !== value) differing.push(`> ${name}: expected ${shown(value)}, actual ${shown(found)}`)
  }
  return differing.length === 0 ? undefined : differing.join('\n')
}

/** Which of the two conservation laws of counters does not hold; undefined when both do. */
export function brokenLaw(engine: Engine): string | undefined {
  for (const { points } of engine.stats().tenants) {
    const { received, accepted, duplicate, shed } = points
    const rejected = sum(Object.values(points.rejected))
    if (received !== accepted + rejected + duplicate + shed)
      return `the point law does not hold: received=${received} accepted=${accepted} rejected=${rejected} duplicate=${duplicate} shed=${shed}`
  }
  for (const { name, counters } of engine.queries()) {
    const { matched, ...outcomes } = counters
    if (matched !== sum(Object.values(outcomes)))
      return `the query law does not hold for ${name}: ${Object.entries(counters)
        .map(([key, count]) => `${key}=${count}`)
        .join(' ')}`
  }
  return undefined
}

function sentFacts({ accepted, duplicates, shed, rejected }: IngestResult): Facts {
  const reasons: Record<string, number> = {}
  for (const { reason } of rejected) reasons[`rejected.${reason}`] = (reasons[`rejected.${reason}`] ?? 0) + 1
  return { accepted, duplicates, shed, rejected: rejected.length, ...reasons }
}

function pointFacts(engine: Engine): Facts | undefined {
  const [tenant] = engine.stats().tenants
  if (tenant === undefined) return undefined
  const { rejected, ...points } = tenant.points
  const reasons = Object.entries(rejected).map(([reason, count]) => [`rejected.${reason}`, count] as const)
  return { ...points, rejected: sum(Object.values(rejected)), ...Object.fromEntries(reasons) }
}

function queryFacts(engine: Engine, name: string): Facts | undefined {
  const query = engine.query(name)
  if (query === undefined) return undefined
  const { finalThroughMs, watermarkMs } = query.progress()
  return {
    state: query.state,
    version: query.queryVersion,
    covers: query.coversFromMs,
    final: finalThroughMs,
    watermark: watermarkMs,
    series: query.seriesMatched,
    unmatched: query.unmatched.length === 0 ? null : query.unmatched.join(','),
    text: query.plan.text,
    units: query.columns.map(({ unit }) => unit).join(','),
  }
}

/** What the query told last of its progress, and how often since it was asked for. */
function progressFacts(told: Told): Facts {
  const { progress, progressCount } = told
  told.progressCount = 0
  const { finalThroughMs = null, watermarkMs = null, queryVersion = null, lateDropped = null } = progress ?? {}
  return {
    finalThrough: finalThroughMs,
    watermark: watermarkMs,
    version: queryVersion,
    lateDropped,
    told: progressCount,
  }
}

function sourcesOf(engine: Engine): EngineStats['tenants'][number]['sources'][number][] {
  return engine.stats().tenants.flatMap((tenant) => [...tenant.sources])
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
