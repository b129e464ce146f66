import type { WindowResult } from '../../src/index.ts'
import type { LastWords } from './last-words.ts'
import type { QueryModel, SeenSample } from './query-model.ts'
import { groupKey } from './row-words.ts'
import type { QuerySpec } from './scenario.ts'
import { holdShown, shownKeys } from './shown.ts'
import { hold } from './violation.ts'
import { endsOf } from './window-times.ts'

export interface RepairedOptions {
  readonly tenant: string
  readonly model: QueryModel
  /** Everything that came while this version was there. */
  readonly known: readonly SeenSample[]
  /** What came after it had finished, and what came twice and was counted so while it was live: may be in it or not. */
  readonly others: readonly SeenSample[]
  readonly words: LastWords
  readonly mayBeStale: boolean
}

/**
 * Once all is quiet, late samples included: what a reader holds of every whole window of one version is what all
 * samples make of it, and there is nothing else. Returns how many of its rows were repaired.
 */
export function holdRepaired({ tenant, model, known, others, words, mayBeStale }: RepairedOptions): number {
  const { spec, name, version } = model
  const wanted = windowsOf(spec, known)
  const more = windowsOf(spec, others)
  const held = new Map<string, WindowResult>()
  for (const row of words.of(tenant, name, version))
    if (row.retracted !== true) held.set(`${row.startMs}|${groupKey(row)}`, row)
  let repaired = 0
  // Rows that are out stay as they were under other rules.
  if (!model.hasSameRules) return repaired
  for (const [key, row] of held) {
    if (row.source === 'backfill') repaired++
    const isStale = row.quality?.stale === true
    hold('repair-stale', mayBeStale || !isStale, () => `${name} v${version} ${key} is stale`)
    if (row.partial || isStale || model.isEarlier(row.startMs)) continue
    const values = wanted.get(key) ?? []
    const most = values.length + (more.get(key)?.length ?? 0)
    hold('repair-phantom', most > 0, () => `${name} v${version} ${key} holds nothing any more`)
    if (most === values.length) holdShown('repair-values', row, spec, values)
    else
      hold(
        'repair-values',
        row.count >= values.length && row.count <= most,
        () => `${name} v${version} ${key} counts ${row.count}, not ${values.length} to ${most}`,
      )
  }
  if (spec.show !== undefined) {
    // What else may be in a window, or not, could decide of all of its rows.
    if (more.size > 0 || mayBeStale) return repaired
    const shown = shownKeys(spec, wanted)
    for (const [key, { partial, startMs }] of held)
      if (!partial && !model.isEarlier(startMs))
        hold('repair-shown', shown.has(key), () => `${name} v${version} ${key} is shown`)
    for (const key of wanted.keys()) if (!shown.has(key)) wanted.delete(key)
  }
  for (const key of wanted.keys()) {
    const startMs = Number(key.split('|', 1)[0])
    // Of a window that was too much to compute there may be no row of a group that came late.
    const isThere = mayBeStale || held.has(key) || !model.owes(startMs, startMs + spec.window.sizeMs)
    hold('repair-missing', isThere, () => `${name} v${version}: no row of ${key} in the end`)
  }
  return repaired
}

/** Values by start of the window and group. */
function windowsOf(spec: QuerySpec, samples: readonly SeenSample[]): Map<string, number[]> {
  const windows = new Map<string, number[]>()
  for (const { timeMs, value, group, isExcluded } of samples) {
    if (isExcluded) continue
    for (const endMs of endsOf(spec, timeMs)) {
      const key = `${endMs - spec.window.sizeMs}|${group}`
      const values = windows.get(key) ?? []
      windows.set(key, values)
      values.push(value)
    }
  }
  return windows
}
