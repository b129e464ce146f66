import type { Engine, SeriesDescriptor } from '../../src/index.ts'
import { groupOf, planOf, reads } from './plan-of.ts'
import type { AcceptedSample } from './query-model.ts'
import { groupKey } from './row-words.ts'
import type { QuerySpec } from './scenario.ts'
import { holdShown, shownKeys } from './shown.ts'
import { hold } from './violation.ts'
import { endsOf } from './window-times.ts'

const DAY_MS = 86_400_000

/** A run over everything stored gives every window of everything accepted, however late it came. */
export async function holdHistory(
  engine: Engine,
  tenant: string,
  spec: QuerySpec,
  series: readonly SeriesDescriptor[],
  accepted: readonly AcceptedSample[],
): Promise<void> {
  const wanted = new Map<string, number[]>()
  for (const { series: at, timeMs, value, isExcluded, isRepeat } of accepted) {
    if (isExcluded || isRepeat || !reads(spec, tenant, series[at]!)) continue
    for (const endMs of endsOf(spec, timeMs)) {
      const key = `${endMs}|${groupOf(spec, series[at]!)}`
      const values = wanted.get(key) ?? []
      wanted.set(key, values)
      values.push(value)
    }
  }
  const shown = shownKeys(spec, wanted)
  for (const key of wanted.keys()) if (!shown.has(key)) wanted.delete(key)
  const nowMs = engine.nowMs()
  for await (const row of engine.run(planOf(spec), { tenant, fromMs: nowMs - DAY_MS, toMs: nowMs + DAY_MS })) {
    const key = `${row.endMs}|${groupKey(row)}`
    const values = wanted.get(key)
    hold('history', values !== undefined, () => `a run gave ${row.startMs} ${groupKey(row)}, which holds nothing`)
    wanted.delete(key)
    holdShown('history', row, spec, values ?? [])
  }
  hold('history', wanted.size === 0, () => `a run gave no row for ${[...wanted.keys()].slice(0, 3).join(', ')}`)
}
