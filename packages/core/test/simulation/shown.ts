import type { ColumnPlan, QueryPlan, WindowResult } from '../../src/index.ts'
import { holdValues } from './expected-row.ts'
import type { QuerySpec, ShowSpec } from './scenario.ts'
import { hold } from './violation.ts'

export function planPart({ show }: QuerySpec): Pick<QueryPlan, 'minSamples' | 'having' | 'orderBy' | 'limit'> {
  if (show === undefined) return {}
  const { having, ...rest } = show
  if (having === undefined) return rest
  const { column, op, value } = having
  return { ...rest, having: { op, left: { op: 'column', name: column }, right: { op: 'number', value } } }
}

/** The groups that a window shows, from the values of all of its groups. */
export function shownGroups({ show }: QuerySpec, groups: ReadonlyMap<string, readonly number[]>): Set<string> {
  const candidates = [...groups].filter(([, values]) => values.length > 0)
  if (show === undefined) return new Set(candidates.map(([group]) => group))
  const { having, orderBy, limit } = show
  const passing = candidates.filter(([, values]) => {
    if (having === undefined) return true
    const value = columnOf(having.column, values, show)
    return value !== null && (having.op === '>' ? value > having.value : value <= having.value)
  })
  passing.sort(([a], [b]) => byGroup(a, b))
  if (orderBy !== undefined) {
    const sign = orderBy.descending ? -1 : 1
    // Sorting keeps the order of what is equal.
    passing.sort(([, a], [, b]) => {
      const [left, right] = [columnOf(orderBy.column, a, show), columnOf(orderBy.column, b, show)]
      if (left === right) return 0
      if (left === null || right === null) return left === null ? 1 : -1
      return left < right ? -sign : sign
    })
  }
  return new Set(passing.slice(0, limit).map(([group]) => group))
}

/** Of values by `<window>|<group>`, the keys that are shown. */
export function shownKeys(spec: QuerySpec, values: ReadonlyMap<string, readonly number[]>): Set<string> {
  const windows = new Map<string, Map<string, readonly number[]>>()
  for (const [key, own] of values) {
    const at = key.indexOf('|')
    const groups = windows.get(key.slice(0, at)) ?? new Map<string, readonly number[]>()
    windows.set(key.slice(0, at), groups.set(key.slice(at + 1), own))
  }
  return new Set(
    [...windows].flatMap(([window, groups]) => [...shownGroups(spec, groups)].map((of) => `${window}|${of}`)),
  )
}

/** Holds the columns of a row that is shown against the values that should be in it. */
export function holdShown(law: string, row: WindowResult, spec: QuerySpec, values: readonly number[]): void {
  const least = spec.show?.minSamples
  if (least === undefined || values.length >= least) {
    holdValues(law, row, spec, values)
    return
  }
  const where = `${row.query} v${row.queryVersion} [${row.startMs}, ${row.endMs}) ${JSON.stringify(row.group)}`
  hold(law, row.count === values.length, () => `${where} counts ${row.count}, not ${values.length}`)
  const isNull = spec.columns.every(({ name }: ColumnPlan) => row.values[name] === null)
  hold(law, isNull, () => `${where} has less than ${least} samples and ${JSON.stringify(row.values)}`)
}

function columnOf(column: 'count' | 'min' | 'max', values: readonly number[], show: ShowSpec): number | null {
  if (show.minSamples !== undefined && values.length < show.minSamples) return null
  if (column === 'count') return values.length
  return column === 'min' ? Math.min(...values) : Math.max(...values)
}

/** Groups are JSON lists of one value; what is null comes last. */
function byGroup(a: string, b: string): number {
  if (a === b) return 0
  if (a === '[null]') return 1
  if (b === '[null]') return -1
  return a < b ? -1 : 1
}
