import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WindowRows } from '../../src/repair/window-rows.ts'

test('finds a window as soon as it holds more rows than the limit, as counting by hand does', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.array(fc.integer({ min: -10, max: 110 }), { maxLength: 12 }), { maxLength: 12 }),
      fc.nat(10),
      (starts, lengthMs, drawn, maxRows) => {
        const windows = starts.sort((a, b) => a - b).map((startMs) => ({ startMs, endMs: startMs + lengthMs }))
        // Times rise from batch to batch, not within one.
        const sorted = drawn.flat().sort((a, b) => a - b)
        const batches = drawn.map((batch) => sorted.splice(0, batch.length).reverse())
        const counts = new WindowRows(windows)
        const seen: number[] = []
        for (const batch of batches) {
          seen.push(...batch)
          const above = windows.filter(
            ({ startMs, endMs }) => seen.filter((timeMs) => timeMs >= startMs && timeMs < endMs).length > maxRows,
          )
          const found = counts.add(batch, batch.length, maxRows)
          expect(found).toEqual(above[0])
          if (found !== undefined) return
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('looks at no more of a batch than its length', () => {
  const counts = new WindowRows([{ startMs: 0, endMs: 10 }])
  expect(counts.add([1, 2, 3], 2, 2)).toBeUndefined()
  expect(counts.add([3, 0], 1, 2)).toEqual({ startMs: 0, endMs: 10 })
})
