import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WindowPlan } from '../../src/index.ts'
import {
  firstEndAfter,
  lastEndAt,
  lastEndHolding,
  paneBounds,
  shortestPaneMs,
  windowStartAt,
} from '../../src/window/edges.ts'

const windowArbitrary: fc.Arbitrary<WindowPlan> = fc
  .record({ stepMs: fc.integer({ min: 1, max: 500 }), extraMs: fc.nat(1_500), offsetMs: fc.nat(499) })
  .map(({ stepMs, extraMs, offsetMs }) => ({ sizeMs: stepMs + extraMs, stepMs, offsetMs: offsetMs % stepMs }))
const timeArbitrary = fc.integer({ min: -10_000, max: 10_000 })

/** All windows near zero, listed one by one. */
function windowsAround({ sizeMs, stepMs, offsetMs }: WindowPlan): { startMs: number; endMs: number }[] {
  const list = []
  for (let k = -Math.ceil(20_000 / stepMs); k * stepMs < 20_000; k++)
    list.push({ startMs: offsetMs + k * stepMs, endMs: offsetMs + k * stepMs + sizeMs })
  return list
}

describe('edges, against all windows listed one by one', () => {
  test('starts and ends around a time', () => {
    fc.assert(
      fc.property(windowArbitrary, timeArbitrary, (window, timeMs) => {
        const all = windowsAround(window)
        const holding = all.filter(({ startMs, endMs }) => startMs <= timeMs && timeMs < endMs)
        expect(windowStartAt(window, timeMs)).toBe(holding.at(-1)!.startMs)
        expect(lastEndHolding(window, timeMs)).toBe(holding.at(-1)!.endMs)
        expect(firstEndAfter(window, timeMs)).toBe(holding[0]!.endMs)
        expect(lastEndAt(window, timeMs)).toBe(all.filter(({ endMs }) => endMs <= timeMs).at(-1)!.endMs)
      }),
    )
  })

  test('a pane holds its time, no edge lies inside it, and it cannot be wider', () => {
    fc.assert(
      fc.property(fc.array(windowArbitrary, { minLength: 1, maxLength: 3 }), timeArbitrary, (windows, timeMs) => {
        const { startMs, endMs } = paneBounds(windows, timeMs)
        const edges = new Set(windows.flatMap(windowsAround).flatMap((window) => [window.startMs, window.endMs]))
        expect(startMs <= timeMs && timeMs < endMs).toBe(true)
        for (const edge of edges) expect(edge > startMs && edge < endMs).toBe(false)
        expect(edges.has(startMs) && edges.has(endMs)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('the shortest pane is as short as the panes get', () => {
    fc.assert(
      fc.property(fc.array(windowArbitrary, { minLength: 1, maxLength: 2 }), (windows) => {
        const shortest = shortestPaneMs(windows)
        for (let timeMs = -2_000; timeMs < 2_000; timeMs += 37) {
          const pane = paneBounds(windows, timeMs)
          expect(pane.endMs - pane.startMs).toBeGreaterThanOrEqual(shortest)
        }
      }),
    )
  })

  test('boundaries count from the epoch, before it too', () => {
    const window = { sizeMs: 5_000, stepMs: 5_000, offsetMs: 1_000 }
    expect(windowStartAt(window, -1)).toBe(-4_000)
    expect(windowStartAt(window, 1_000)).toBe(1_000)
    expect(windowStartAt(window, 999)).toBe(-4_000)
  })
})
