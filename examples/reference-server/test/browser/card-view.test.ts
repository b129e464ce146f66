import { expect, test } from 'vitest'
import type { WireColumn, WireRow } from '../../dashboard/src/api/wire.ts'
import { LookBook } from '../../dashboard/src/chart/palette.ts'
import {
  buildCardView,
  type CardChoice,
  type CardView,
  focusOf,
  TOP_GROUPS,
} from '../../dashboard/src/model/card-view.ts'
import { shapeColumns } from '../../dashboard/src/model/query-shape.ts'
import { RowStore } from '../../dashboard/src/model/row-store.ts'
import { chartSentence } from '../../dashboard/src/model/sentence.ts'
import { stateWords } from '../../dashboard/src/model/window-state.ts'
import { rowAt } from './support/rows.ts'

const LEVEL: readonly WireColumn[] = [{ name: 'avg', unit: 's' }]

function viewOf(
  rows: readonly WireRow[],
  { columns = LEVEL, choice = {}, finalThroughMs = null, areSessions = false }: ViewOptions = {},
): CardView {
  const store = new RowStore(10_000)
  for (const row of rows) store.merge(row)
  return buildCardView({
    rows: store,
    windowMs: 10_000,
    stepMs: 10_000,
    areSessions,
    columns: shapeColumns(columns, ' FROM * SELECT m WINDOW 10s COMPUTE avg '),
    looks: new LookBook(),
    choice: { scale: undefined, column: undefined, isolated: undefined, isExpanded: false, ...choice },
    fromMs: 0,
    toMs: 1_000_000,
    finalThroughMs,
  })
}

interface ViewOptions {
  readonly columns?: readonly WireColumn[]
  readonly choice?: Partial<CardChoice>
  readonly finalThroughMs?: number | null
  readonly areSessions?: boolean
}

test('a hole is an empty place and a gap, never a bridge and never zero', () => {
  const { chart } = viewOf([rowAt(0), rowAt(10_000), rowAt(50_000)])
  expect(chart.x).toEqual([10_000, 20_000, 30_000, 60_000])
  expect(chart.lines[0]?.values).toEqual([0, 1, null, 5])
  expect(chart.gaps).toEqual([[20_000, 50_000]])
})

test('windows that are final without a row are a gap up to the present', () => {
  expect(viewOf([rowAt(0)], { finalThroughMs: 40_000 }).chart.gaps).toEqual([[10_000, 40_000]])
  expect(viewOf([rowAt(0)], { finalThroughMs: 15_000 }).chart.gaps).toEqual([])
})

test('a value without meaning is empty: null, infinite', () => {
  const { chart } = viewOf([
    rowAt(0, { values: { avg: null } }),
    rowAt(10_000, { values: { avg: 'Infinity' } }),
    rowAt(20_000),
  ])
  expect(chart.lines[0]?.values).toEqual([null, null, 2])
})

test('a row that was taken back leaves the chart, the groups and the newest values', () => {
  const [a, b] = [{ host: 'a' }, { host: 'b' }]
  const shown = [
    rowAt(0, { group: a }),
    rowAt(0, { group: b }),
    rowAt(10_000, { group: a }),
    rowAt(10_000, { group: b }),
  ]
  const view = viewOf([
    ...shown,
    rowAt(10_000, { group: a, revision: 2, retracted: true }),
    rowAt(0, { group: b, revision: 2, retracted: true }),
    rowAt(10_000, { group: b, revision: 2, retracted: true }),
  ])
  expect(view.groups.map(({ group }) => group['host'])).toEqual(['a'])
  expect(view.chart.x).toEqual([10_000])
  expect(view.chart.lines.map(({ values }) => values)).toEqual([[0]])
  expect(focusOf(view.chart, null)).toBe(0)
})

test('a session whose start moved stands once; sessions are not joined, and the pauses between them are gaps', () => {
  const rows = [
    rowAt(5_000, { endMs: 30_000, revision: 1, values: { avg: 7 } }),
    rowAt(5_000, { endMs: 30_000, revision: 2, values: { avg: 7 }, retracted: true }),
    rowAt(2_000, { endMs: 30_000, revision: 2, values: { avg: 6 } }),
    rowAt(90_000, { endMs: 120_000, values: { avg: 9 } }),
  ]
  const { chart } = viewOf(rows, { areSessions: true, finalThroughMs: 150_000 })
  expect(chart.x).toEqual([30_000, 75_000, 120_000])
  expect(chart.lines[0]?.values).toEqual([6, null, 9])
  expect(chart.gaps).toEqual([
    [30_000, 90_000],
    [120_000, 150_000],
  ])
})

test('an early row is open and said to be so far; what FILL wrote is said to be filled', () => {
  const { chart } = viewOf([
    rowAt(0, { count: 0, values: { avg: 4 } }),
    rowAt(10_000, { early: true, completeness: 0.5, values: { avg: 5 } }),
  ])
  expect(chart.lines[0]?.entries.map((entry) => entry && stateWords(entry))).toEqual([['closed', 'filled'], ['open']])
  expect(chartSentence('q', chart)).toMatch(/^q: avg last 5\ss so far, /)
})

test('columns of another scale are never on the same axis', () => {
  const columns = [
    { name: 'count', unit: '' },
    { name: 'min', unit: 's' },
    { name: 'max', unit: 's' },
    { name: 'avg', unit: 's' },
  ]
  const drawn = (choice: Partial<CardChoice>): string[] =>
    viewOf([rowAt(0)], { columns, choice }).chart.lines.map((line) => `${line.label} ${line.role}`)
  expect(drawn({})).toEqual(['min min', 'max max', 'avg line'])
  expect(drawn({ scale: 'count ' })).toEqual(['count line'])
})

test('of many groups the greatest are drawn, and the others are counted', () => {
  const rows = Array.from({ length: 20 }, (_, i) => rowAt(0, { group: { host: `h${i}` }, values: { avg: i } }))
  const view = viewOf(rows)
  expect(view.mode).toBe('groups')
  expect(view.groups.map((group) => group.group['host'])).toEqual(
    Array.from({ length: TOP_GROUPS }, (_, i) => `h${20 - TOP_GROUPS + i}`),
  )
  expect(view.hiddenGroups).toBe(20 - TOP_GROUPS)
})

test('an isolated group shows all its columns', () => {
  const rows = [rowAt(0, { group: { host: 'a' } }), rowAt(0, { group: { host: 'b' } })]
  const view = viewOf(rows, { choice: { isolated: JSON.stringify([['host', 'b']]) } })
  expect(view.mode).toBe('columns')
  expect(view.groups.map((group) => group.group['host'])).toEqual(['b'])
})

test('a group keeps its colour when others come, and no two of a card share one', () => {
  const [alone, crowded] = [new LookBook(), new LookBook()]
  const keys = Array.from({ length: 24 }, (_, i) => `group ${i}`)
  const first = alone.lookOf('group 0')
  expect(crowded.lookOf('group 0')).toEqual(first)
  const looks = keys.map((key) => JSON.stringify(crowded.lookOf(key)))
  expect(new Set(looks).size).toBe(keys.length)
  expect(crowded.lookOf('group 0')).toEqual(first)
})
