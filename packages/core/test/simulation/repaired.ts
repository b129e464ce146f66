import type { WindowResult } from '../../src/index.ts'
import { holdValues } from './expected-row.ts'
import type { LastWords } from './last-words.ts'
import type { QueryModel, SeenSample } from './query-model.ts'
import { endsOf } from './query-model.ts'
import { groupKey } from './row-words.ts'
import { hold } from './violation.ts'

/**
 * Once all is quiet, late samples included: what a reader holds of every whole window of one version is what all
 * samples make of it, and there is nothing else.
 */
export function holdRepaired(
  tenant: string,
  model: QueryModel,
  samples: readonly SeenSample[],
  words: LastWords,
  mayBeStale: boolean,
): number {
  const { spec, name, version } = model
  const wanted = new Map<string, number[]>()
  for (const { timeMs, value, group, isExcluded } of samples) {
    if (isExcluded) continue
    for (const endMs of endsOf(spec, timeMs)) {
      const key = `${endMs - spec.window.sizeMs}|${group}`
      const values = wanted.get(key) ?? []
      wanted.set(key, values)
      values.push(value)
    }
  }
  const held = new Map<string, WindowResult>()
  for (const row of words.of(tenant, name, version))
    if (row.retracted !== true) held.set(`${row.startMs}|${groupKey(row)}`, row)
  let repaired = 0
  for (const [key, row] of held) {
    if (row.source === 'backfill') repaired++
    const isStale = row.quality?.stale === true
    hold('repair-stale', mayBeStale || !isStale, () => `${name} v${version} ${key} is stale`)
    if (row.partial || isStale) continue
    const values = wanted.get(key)
    hold('repair-phantom', values !== undefined, () => `${name} v${version} ${key} holds nothing any more`)
    holdValues('repair-values', row, spec, values ?? [])
  }
  for (const key of wanted.keys()) {
    const startMs = Number(key.split('|', 1)[0])
    const isThere = held.has(key) || !model.owes(startMs, startMs + spec.window.sizeMs)
    hold('repair-missing', isThere, () => `${name} v${version}: no row of ${key} in the end`)
  }
  return repaired
}
