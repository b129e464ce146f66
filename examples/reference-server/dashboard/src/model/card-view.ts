import { columnValue } from '../api/wire.ts'
import type { LookBook } from '../chart/palette.ts'
import { buildChartModel, type ChartModel } from './chart-model.ts'
import { defaultColumn, defaultScale, type ShapedColumn } from './query-shape.ts'
import type { Entry, GroupRows, RowStore } from './row-store.ts'

/** Groups drawn before and after "more" is asked for; beyond that lines cannot be told apart. */
export const TOP_GROUPS = 8
export const MOST_GROUPS = 24

/** What the user chose to see of a card. */
export interface CardChoice {
  readonly scale: string | undefined
  readonly column: string | undefined
  readonly isolated: string | undefined
  readonly isExpanded: boolean
}

/** One held picture of a card: the chart, and the groups it shows and leaves out. */
export interface CardView {
  readonly chart: ChartModel
  readonly mode: 'columns' | 'groups'
  readonly groups: readonly GroupRows[]
  readonly hiddenGroups: number
  /** The scale or the column that is drawn. */
  readonly scale: string | undefined
  readonly column: string | undefined
  readonly isEmpty: boolean
}

export interface CardViewOptions {
  readonly rows: RowStore
  readonly windowMs: number
  readonly stepMs: number
  readonly areSessions: boolean
  readonly columns: readonly ShapedColumn[]
  readonly looks: LookBook
  readonly choice: CardChoice
  readonly fromMs: number
  readonly toMs: number
  readonly finalThroughMs: number | null
}

export function buildCardView(options: CardViewOptions): CardView {
  const { rows, columns, choice, fromMs, toMs } = options
  const inView = [...rows.groups()].filter((group) => hasRowIn(group, fromMs, toMs))
  const isolated = inView.find((group) => group.key === choice.isolated)
  const isGrouped = inView.some((group) => Object.keys(group.group).length > 0)
  const mode = isGrouped && !isolated ? 'groups' : 'columns'
  const scale = columns.some((column) => column.scale === choice.scale) ? choice.scale : defaultScale(columns)
  const column = columns.some(({ name }) => name === choice.column) ? choice.column : defaultColumn(columns)
  const limit = choice.isExpanded ? MOST_GROUPS : TOP_GROUPS
  const groups = isolated ? [isolated] : topGroups(inView, column, fromMs, limit)
  // An open window ends in the future: it is drawn to its end, if that leaves room for the others.
  const newestEndMs = groups.reduce((most, group) => Math.max(most, group.entries.at(-1)?.row.endMs ?? 0), toMs)
  return {
    chart: buildChartModel({
      fromMs,
      toMs: Math.min(newestEndMs, toMs + Math.min(options.windowMs, toMs - fromMs)),
      stepMs: options.stepMs,
      areSessions: options.areSessions,
      finalThroughMs: options.finalThroughMs === null ? null : Math.min(options.finalThroughMs, toMs),
      groups,
      columns,
      drawn: mode === 'groups' ? { column: column ?? '' } : { scale: scale ?? '' },
      looks: options.looks,
      nameOf: groupName,
    }),
    mode,
    groups,
    hiddenGroups: inView.length - groups.length,
    scale,
    column,
    isEmpty: inView.length === 0,
  }
}

function hasRowIn({ entries }: GroupRows, fromMs: number, toMs: number): boolean {
  const newest = entries.at(-1)
  const oldest = entries[0]
  return newest !== undefined && oldest !== undefined && newest.row.endMs > fromMs && oldest.row.startMs < toMs
}

const names = new Intl.Collator('en', { numeric: true })

/** The groups with the greatest mean over the range, in the order of their names so that rows do not jump. */
function topGroups(
  groups: readonly GroupRows[],
  column: string | undefined,
  fromMs: number,
  limit: number,
): GroupRows[] {
  const chosen =
    groups.length <= limit || column === undefined
      ? groups.slice(0, limit)
      : groups
          .map((group) => ({ group, mean: meanOf(group, column, fromMs) }))
          .sort((a, b) => b.mean - a.mean)
          .slice(0, limit)
          .map(({ group }) => group)
  return chosen.toSorted((a, b) => names.compare(groupName(a), groupName(b)))
}

function meanOf(group: GroupRows, column: string, fromMs: number): number {
  let sum = 0
  let count = 0
  for (const { row } of group.entries) {
    const value = columnValue(row, column)
    if (row.endMs <= fromMs || value === null || !Number.isFinite(value)) continue
    sum += value
    count += 1
  }
  return count === 0 ? Number.NEGATIVE_INFINITY : sum / count
}

/** Values of the group's dimensions; a series without the label says so. */
export function groupName({ group }: GroupRows): string {
  return Object.values(group)
    .map((value) => value ?? '(none)')
    .join(' · ')
}

export function groupTitle({ group }: GroupRows): string {
  return Object.entries(group)
    .map(([dimension, value]) => `${dimension} = ${value ?? '(none)'}`)
    .join('\n')
}

/** The place under the cursor, else the newest one that has a row. */
export function focusOf(chart: ChartModel, cursor: number | null): number {
  if (cursor !== null && cursor < chart.x.length) return cursor
  for (let i = chart.x.length - 1; i >= 0; i -= 1) {
    if (chart.lines.some((line) => line.entries[i])) return i
  }
  return -1
}

/** The row of a group at a place of the chart. */
export function entryAt(chart: ChartModel, groupKey: string, index: number): Entry | undefined {
  return chart.lines.find((line) => line.groupKey === groupKey)?.entries[index]
}
