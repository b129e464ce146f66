import { columnValue } from '../api/wire.ts'
import { type LineLook, type LookBook, lookAt } from '../chart/palette.ts'
import type { ShapedColumn } from './query-shape.ts'
import type { Entry, GroupRows } from './row-store.ts'

export interface ChartLine {
  readonly label: string
  readonly groupKey: string
  readonly column: ShapedColumn
  readonly look: LineLook
  readonly values: readonly (number | null)[]
  /** The row behind each value. */
  readonly entries: readonly (Entry | undefined)[]
  /** `line`, or one edge of the band, whose edges are the lines `min` and `max` of the same model. */
  readonly role: ShapedColumn['role']
}

/** Everything one drawing needs; never changed after it is made, so that a held view stays as it is. */
export interface ChartModel {
  readonly fromMs: number
  readonly toMs: number
  /** Window ends. */
  readonly x: readonly number[]
  readonly lines: readonly ChartLine[]
  /** Spans in which a window is known to have no row. */
  readonly gaps: readonly (readonly [number, number])[]
  readonly unit: string
  readonly isFraction: boolean
}

export interface ChartModelOptions {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  /** Each window is a span by itself, however far from the next one. */
  readonly areSessions: boolean
  /** Windows that end at or before this have had their say. */
  readonly finalThroughMs: number | null
  /** The groups to draw. */
  readonly groups: readonly GroupRows[]
  readonly columns: readonly ShapedColumn[]
  /** Draw these columns of the first group, or this one column of every group. */
  readonly drawn: { readonly scale: string } | { readonly column: string }
  readonly looks: LookBook
  readonly nameOf: (group: GroupRows) => string
}

export function buildChartModel(options: ChartModelOptions): ChartModel {
  const { fromMs, toMs, groups, stepMs } = options
  const byGroup = groups.map((group) => visibleEntries(group, fromMs, toMs))
  /** Window end to the earliest start. */
  const startByEnd = new Map<number, number>()
  for (const entries of byGroup)
    for (const { row } of entries) {
      const startMs = startByEnd.get(row.endMs) ?? row.startMs
      startByEnd.set(row.endMs, Math.min(startMs, row.startMs))
    }
  const known = [...startByEnd].sort(([a], [b]) => a - b)
  const { x, gaps } = options.areSessions ? withPauses(known, options) : withGaps(known, stepMs, options)
  const at = new Map(x.map((endMs, index) => [endMs, index]))

  const lines = linesOf(options).map(({ groupIndex, column, look, label }): ChartLine => {
    const values: (number | null)[] = new Array(x.length).fill(null)
    const entries: (Entry | undefined)[] = new Array(x.length).fill(undefined)
    for (const entry of byGroup[groupIndex] ?? []) {
      const index = at.get(entry.row.endMs)
      if (index === undefined) continue
      entries[index] = entry
      const value = columnValue(entry.row, column.name)
      values[index] = value !== null && Number.isFinite(value) ? value : null
    }
    const role = 'scale' in options.drawn ? column.role : 'line'
    return { label, groupKey: groups[groupIndex]?.key ?? '', column, look, values, entries, role }
  })
  const first = lines[0]?.column
  return { fromMs, toMs, x, lines, gaps, unit: first?.unit ?? '', isFraction: first?.isFraction ?? false }
}

function visibleEntries(group: GroupRows, fromMs: number, toMs: number): Entry[] {
  return group.entries.filter(({ row }) => row.endMs > fromMs && row.startMs < toMs)
}

/** Puts an empty place into every hole, so that no line is drawn over it, and names the hole for the hatch. */
function withGaps(
  known: readonly (readonly [endMs: number, startMs: number])[],
  stepMs: number,
  { fromMs, finalThroughMs }: ChartModelOptions,
): Pick<ChartModel, 'x' | 'gaps'> {
  const x: number[] = []
  const gaps: [number, number][] = []
  let last: number | undefined
  for (const [endMs] of known) {
    if (last !== undefined && endMs - last > stepMs * 1.5) {
      x.push(last + stepMs)
      gaps.push([last, endMs - stepMs])
    }
    x.push(endMs)
    last = endMs
  }
  if (last !== undefined && finalThroughMs !== null && finalThroughMs - last >= stepMs) {
    gaps.push([Math.max(last, fromMs), finalThroughMs])
  }
  return { x, gaps }
}

/** Between two sessions there is an empty place: no line joins them, and the pause is hatched. */
function withPauses(
  known: readonly (readonly [endMs: number, startMs: number])[],
  { fromMs, finalThroughMs }: ChartModelOptions,
): Pick<ChartModel, 'x' | 'gaps'> {
  const x: number[] = []
  const gaps: [number, number][] = []
  let last: number | undefined
  for (const [endMs, startMs] of known) {
    if (last !== undefined && startMs >= last) x.push(last + (endMs - last) / 2)
    if (last !== undefined && startMs > last) gaps.push([last, startMs])
    x.push(endMs)
    last = endMs
  }
  if (last !== undefined && finalThroughMs !== null && finalThroughMs > last)
    gaps.push([Math.max(last, fromMs), finalThroughMs])
  return { x, gaps }
}

interface LineChoice {
  readonly groupIndex: number
  readonly column: ShapedColumn
  readonly look: LineLook
  readonly label: string
}

function linesOf({ columns, drawn, groups, looks, nameOf }: ChartModelOptions): LineChoice[] {
  if ('scale' in drawn) {
    return columns
      .filter((column) => column.scale === drawn.scale)
      .map((column) => ({ groupIndex: 0, column, look: lookAt(column.colour), label: column.name }))
  }
  const column = columns.find((candidate) => candidate.name === drawn.column)
  if (!column) return []
  return groups.map((group, groupIndex) => ({
    groupIndex,
    column,
    look: looks.lookOf(group.key),
    label: nameOf(group),
  }))
}
