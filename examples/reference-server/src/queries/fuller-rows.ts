import type { QueryPlan, WindowResult } from '@windrow/core'

/**
 * Of rows that a query emitted and rows computed over raw samples, those that are about the same samples compete, and
 * the side that has more of them stays; the emitted one where they are even. So the window that a query was added in
 * comes out whole, and one that was open over a restart keeps the samples from before it, where raw ones are lost.
 * Both lists by start; returns the rows by start, then group.
 */
export function fullerRows(
  plan: QueryPlan,
  emitted: readonly WindowResult[],
  computed: readonly WindowResult[],
): WindowResult[] {
  const keyOf = ({ group }: WindowResult): string => JSON.stringify(plan.groupBy.map(({ name }) => group[name] ?? null))
  // Sessions over the same samples may begin apart, where one side has not all of them.
  const isSession = plan.window.type === 'session'
  const shares = (a: WindowResult, b: WindowResult): boolean =>
    isSession ? a.startMs < b.endMs && b.startMs < a.endMs : a.startMs === b.startMs
  const computedByGroup = Map.groupBy(computed, keyOf)
  const kept: { readonly key: string; readonly row: WindowResult }[] = []
  for (const [key, rows] of Map.groupBy(emitted, keyOf)) {
    const others = computedByGroup.get(key) ?? []
    const beaten = new Set<WindowResult>()
    let first = 0
    for (const row of rows) {
      while (first < others.length && !shares(row, others[first]!) && others[first]!.startMs < row.startMs) first++
      let count = 0
      let isWhole = true
      let last = first
      for (; last < others.length && shares(row, others[last]!); last++) {
        count += others[last]!.count
        isWhole &&= !others[last]!.partial
      }
      if (last > first && (count > row.count || (count === row.count && row.partial && isWhole))) continue
      kept.push({ key, row })
      for (let i = first; i < last; i++) beaten.add(others[i]!)
    }
    computedByGroup.set(
      key,
      others.filter((row) => !beaten.has(row)),
    )
  }
  for (const [key, rows] of computedByGroup) for (const row of rows) kept.push({ key, row })
  return kept
    .sort((a, b) => a.row.startMs - b.row.startMs || (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ row }) => row)
}
