import type { WindowResult } from '../../src/index.ts'
import { holdHistory } from './history.ts'
import { holdLoose, type LooseQuery } from './loose-query.ts'
import { planOf } from './plan-of.ts'
import type { Player } from './player.ts'
import type { Scenario } from './scenario.ts'
import { hold } from './violation.ts'

/** Runs over history that are held against everything accepted, in worlds with a storage. */
const HISTORY_RUNS = 3
const DAY_MS = 86_400_000

/** Once all is quiet: repaired windows are what was accepted, however late. Returns how many rows were repaired. */
export function holdRepairs({ belief, lastWords }: Player, { repair, steps }: Scenario): number {
  // What there was no room to wait for is only said to be stale, if that.
  if (repair?.maxDirtyWindows !== undefined) return 0
  const mayBeStale = repair?.maxWindowRows !== undefined
  // Nor can what an engine said that died be made stale if it had not stored it.
  if (mayBeStale && steps.some((step) => step.do === 'kill')) return 0
  return [...belief.queries.values()].reduce((sum, run) => sum + run.holdRepaired(lastWords, mayBeStale), 0)
}

/** Runs over history are what was accepted, too. */
export async function holdRuns({ engine, belief, specs }: Player, { series }: Scenario): Promise<void> {
  for (const { tenant, spec } of specs.slice(0, HISTORY_RUNS))
    await holdHistory(engine, tenant, spec, series, belief.tenant(tenant).accepted)
  const range = { fromMs: belief.nowMs - DAY_MS, toMs: belief.nowMs + DAY_MS }
  for (const { query, spec } of belief.loose.values()) {
    const { tenant } = query
    const rows: WindowResult[] = []
    for await (const row of engine.run(planOf(spec), { tenant, ...range })) rows.push(row)
    const { accepted } = belief.tenant(tenant)
    holdLoose('loose-history', rows, { tenant, spec, series, accepted }, Number.NEGATIVE_INFINITY)
  }
}

/** Queries of which only the last words are judged. Returns how many could be. */
export function holdLastWords(player: Player, scenario: Scenario): number {
  let held = 0
  for (const loose of player.belief.loose.values()) if (holdLastWordsOf(loose, player, scenario)) held++
  return held
}

function holdLastWordsOf({ query, spec }: LooseQuery, { belief, lastWords }: Player, scenario: Scenario): boolean {
  const { repair, steps, options, series } = scenario
  const { tenant, name, queryVersion } = query
  const { matched, applied, lateApplied, toRepair, toSide, lateDropped, excluded } = query.counters
  const sum = applied + lateApplied + toRepair + toSide + lateDropped + excluded
  hold('query-law', matched === sum, () => `${name}: ${matched} matched, ${sum} accounted for`)
  // What an engine took that died is in its rows, whatever came of it later.
  const isLost = steps.some(
    (step) => step.do === 'kill' && (step.pushed !== 'first' || options.maxFutureMs !== undefined),
  )
  const isLimited = repair?.maxDirtyWindows !== undefined || repair?.maxWindowRows !== undefined
  const isMended = toSide + lateDropped === 0 && (toRepair === 0 || !isLimited)
  const { accepted } = belief.tenant(tenant)
  // What came again after it was forgotten counts twice while it is live, and once in what is stored.
  const isTwice = accepted.some(({ isRepeat }) => isRepeat)
  if (isLost || isTwice || !isMended) return false
  const wholeFromMs = (query.coversFromMs ?? Number.NEGATIVE_INFINITY) + (spec.session?.gapMs ?? 0)
  holdLoose('loose', lastWords.of(tenant, name, queryVersion), { tenant, spec, series, accepted }, wholeFromMs)
  return true
}
