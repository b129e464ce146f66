import { createSeriesRegistry } from '@windrow/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ledger } from '../../src/memory/ledger.ts'
import { StoredSeries } from '../../src/memory/stored-series.ts'

/**
 * Laws of a series' chunks after any run of samples and deletions: rows in time order over all chunks, equal
 * times in order of arrival, no chunk empty or over the limit, and the ledger equal to the sum of the parts.
 */
test('chunks keep time order, order of arrival and honest books', () => {
  const registry = createSeriesRegistry()
  const info = registry.describe(registry.register({ metric: 'cpu', server: 'a' }))
  const step = fc.oneof(
    { weight: 30, arbitrary: fc.record({ timeMs: fc.nat(60), weight: fc.option(fc.nat(5), { freq: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ beforeMs: fc.nat(60) }) },
  )
  const property = fc.property(
    fc.array(step, { maxLength: 400 }),
    fc.integer({ min: 1, max: 40 }),
    (steps, maxRows) => {
      const ledger = new Ledger()
      const series = new StoredSeries(info, maxRows, ledger)
      let model: { timeMs: number; value: number; weight: number }[] = []
      for (const [value, action] of steps.entries()) {
        if ('beforeMs' in action) {
          series.deleteBefore(action.beforeMs)
          model = model.filter((row) => row.timeMs >= action.beforeMs)
          continue
        }
        const chunk = series.add(action.timeMs, value)
        const before = chunk.bytes
        if (action.weight !== null) chunk.setWeight(series.lastRow, action.weight)
        ledger.bytes += chunk.bytes - before
        model.push({ timeMs: action.timeMs, value, weight: action.weight ?? 1 })
      }
      const rows = series.chunks.flatMap((chunk) =>
        Array.from({ length: chunk.length }, (_, row) => ({
          timeMs: chunk.times[row]!,
          value: chunk.values[row]!,
          weight: chunk.weight(row),
        })),
      )
      expect(rows).toEqual(model.sort((a, b) => a.timeMs - b.timeMs || a.value - b.value))
      expect(series.chunks.every((chunk) => chunk.length > 0 && chunk.length <= chunk.capacity)).toBe(true)
      expect(series.chunks.every((chunk) => chunk.capacity <= maxRows)).toBe(true)
      expect(ledger.rows).toBe(model.length)
      expect(series.rows).toBe(model.length)
      expect(ledger.bytes).toBe(series.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0))
    },
  )
  fc.assert(property, { numRuns: 300 })
})
