import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RowStore } from '../../dashboard/src/model/row-store.ts'
import { rowAt } from './support/rows.ts'

function startsAndRevisions(store: RowStore): [number, number][] {
  return [...store.groups()].flatMap((group) =>
    group.entries.map((entry): [number, number] => [entry.row.startMs, entry.row.revision]),
  )
}

test('the greatest revision of a window holds, or takes it back, in whatever order rows come', () => {
  const rows = fc.array(fc.record({ window: fc.integer({ min: 0, max: 8 }), revision: fc.integer({ min: 1, max: 5 }) }))
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 5 }), (arrivals, takenBackAt) => {
      const store = new RowStore(1_000)
      const greatest = new Map<number, number>()
      for (const { window, revision } of arrivals) {
        const startMs = window * 10_000
        store.merge(rowAt(startMs, { revision, ...(revision === takenBackAt ? { retracted: true } : {}) }))
        greatest.set(startMs, Math.max(revision, greatest.get(startMs) ?? 0))
      }
      expect(store.size).toBe(greatest.size)
      const there = [...greatest].filter(([, revision]) => revision !== takenBackAt)
      expect(startsAndRevisions(store)).toEqual(there.sort(([a], [b]) => a - b))
    }),
  )
})

test('what was taken back is forgotten with its time, and counts as held until then', () => {
  const store = new RowStore(10)
  store.merge(rowAt(0))
  store.merge(rowAt(0, { revision: 2, retracted: true }))
  expect([[...store.groups()].length, store.size]).toEqual([0, 1])
  store.trimBefore(10_000)
  expect(store.size).toBe(0)
  store.merge(rowAt(0))
  expect(startsAndRevisions(store)).toEqual([[0, 1]])
})

test('a corrected row remembers the closed one it replaced, not the open ones before', () => {
  const store = new RowStore(10)
  store.merge(rowAt(0, { revision: 1, early: true, values: { avg: 1 } }))
  store.merge(rowAt(0, { revision: 2, values: { avg: 2 } }))
  store.merge(rowAt(0, { revision: 3, values: { avg: 3 }, lateApplied: 4 }))
  const [group] = [...store.groups()]
  expect(group?.entries[0]?.row.values).toEqual({ avg: 3 })
  expect(group?.entries[0]?.previous?.values).toEqual({ avg: 2 })
})

test('memory is bounded: the oldest windows go, and the store says so', () => {
  const store = new RowStore(100)
  for (let i = 0; i < 1_000; i += 1) store.merge(rowAt(i * 10_000))
  expect(store.size).toBeLessThanOrEqual(100)
  expect(store.hasDropped).toBe(true)
  expect(startsAndRevisions(store).at(-1)?.[0]).toBe(9_990_000)
})

test('a group without rows is forgotten', () => {
  const store = new RowStore(100)
  store.merge(rowAt(0, { group: { host: 'a' } }))
  store.merge(rowAt(10_000, { group: { host: 'b' } }))
  store.trimBefore(10_000)
  expect([...store.groups()].map((group) => group.group)).toEqual([{ host: 'b' }])
})
