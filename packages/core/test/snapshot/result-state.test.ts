import { expect, test } from 'vitest'
import type { WindowResult } from '../../src/index.ts'
import { ResultRowReader, ResultRowWriter } from '../../src/result/result-state.ts'
import { throughSection } from './fixture.ts'

function record<T>(entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.assign(Object.create(null), entries)
}

const ROW: WindowResult = {
  tenant: 'default',
  query: 'load',
  queryVersion: 3,
  group: record({ server: 's1', route: null }),
  startMs: -5_000,
  endMs: 0,
  values: record({ sum: 1.5, min: null }),
  count: 2.5,
  seriesSeen: 2,
  seriesExpected: 4,
  completeness: 0.5,
  revision: 65_537,
  partial: false,
  lateApplied: 0,
  source: 'live',
}

const ROWS: readonly WindowResult[] = [
  ROW,
  { ...ROW, values: record({ sum: Number.NEGATIVE_INFINITY, min: -0 }), seriesExpected: null, completeness: null },
  { ...ROW, group: record({ server: '', route: '\ud800' }), revision: 2 ** 52, partial: true, lateApplied: 9 },
  { ...ROW, source: 'replay', retracted: true },
  { ...ROW, early: true, source: 'backfill' },
  { ...ROW, quality: { infinite: true, intervalLongerThanWindow: true, stale: true } },
  {
    ...ROW,
    quality: {
      columns: record({
        min: { sketch: 'buckets' },
        p99: { sketch: 'exponential', relativeError: 0.0054, scale: -3, collapsed: true },
        p50: { sketch: 'exact' },
      }),
    },
  },
  { ...ROW, group: record({}), values: record({ constructor: 1, __proto__: 2 }) },
  { ...ROW, queryVersion: 4 },
  { ...ROW, query: 'other', values: record({ min: null, sum: 1.5 }) },
]

test('rows come back as they were, with all fields and no other', async () => {
  const loaded: WindowResult[] = []
  await throughSection(
    (writer) => {
      const rows = new ResultRowWriter(writer)
      for (const row of ROWS) rows.save(row)
    },
    (reader) => {
      const rows = new ResultRowReader(reader)
      while (reader.remaining > 0) loaded.push(rows.load())
    },
  )
  expect(loaded).toStrictEqual(ROWS)
  expect(loaded.map((row) => Object.keys(row.values))).toEqual(ROWS.map((row) => Object.keys(row.values)))
  expect(loaded.every(({ values, group }) => Object.getPrototypeOf(values ?? group) === null)).toBe(true)
})

test('rows of one query take little more than their numbers', async () => {
  let bytes = 0
  await throughSection(
    (writer) => {
      const rows = new ResultRowWriter(writer)
      for (let i = 0; i < 1_000; i++) rows.save({ ...ROW, group: record({ server: `s${i % 10}`, route: null }) })
    },
    (reader) => {
      bytes = reader.remaining
      reader.skip()
    },
  )
  expect(bytes / 1_000).toBeLessThan(56)
})
