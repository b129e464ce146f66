import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FixedWindowPlan } from '../../src/plan/query-plan.ts'
import { FixedWindows } from '../../src/window/fixed-windows.ts'

const planArbitrary: fc.Arbitrary<FixedWindowPlan> = fc
  .record({ stepMs: fc.integer({ min: 1, max: 500 }), extraMs: fc.nat(1_500), offsetMs: fc.nat(499) })
  .map(({ stepMs, extraMs, offsetMs }) => ({
    type: 'fixed',
    sizeMs: stepMs + extraMs,
    stepMs,
    offsetMs: offsetMs % stepMs,
  }))
const timeArbitrary = fc.integer({ min: -10_000, max: 10_000 })

/** All windows near zero, listed one by one. */
function windowsAround({ sizeMs, stepMs, offsetMs }: FixedWindowPlan): { startMs: number; endMs: number }[] {
  const list = []
  for (let k = -Math.ceil(20_000 / stepMs); k * stepMs < 20_000; k++)
    list.push({ startMs: offsetMs + k * stepMs, endMs: offsetMs + k * stepMs + sizeMs })
  return list
}

describe('fixed windows, against all windows listed one by one', () => {
  test('starts and ends around a time', () => {
    fc.assert(
      fc.property(planArbitrary, timeArbitrary, (plan, timeMs) => {
        const windows = new FixedWindows(plan)
        const all = windowsAround(plan)
        const holding = all.filter(({ startMs, endMs }) => startMs <= timeMs && timeMs < endMs)
        expect(windows.startAt(timeMs)).toBe(holding.at(-1)!.startMs)
        expect(windows.lastEndHolding(timeMs)).toBe(holding.at(-1)!.endMs)
        expect(windows.firstEndAfter(timeMs)).toBe(holding[0]!.endMs)
        expect(windows.lastEndAt(timeMs)).toBe(all.filter(({ endMs }) => endMs <= timeMs).at(-1)!.endMs)
        for (const { startMs, endMs } of holding) {
          expect(windows.endOf(startMs)).toBe(endMs)
          expect(windows.startOf(endMs)).toBe(startMs)
        }
      }),
    )
  })

  test('a pane holds its time, no edge lies inside it, and it cannot be wider', () => {
    fc.assert(
      fc.property(planArbitrary, timeArbitrary, (plan, timeMs) => {
        const { startMs, endMs } = new FixedWindows(plan).paneAround(timeMs)
        const edges = new Set(windowsAround(plan).flatMap((window) => [window.startMs, window.endMs]))
        expect(startMs <= timeMs && timeMs < endMs).toBe(true)
        expect([...edges].filter((edge) => edge > startMs && edge < endMs)).toEqual([])
        expect(edges.has(startMs) && edges.has(endMs)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('nested windows are those whose ends are starts', () => {
    fc.assert(
      fc.property(planArbitrary, (plan) => {
        const all = windowsAround(plan)
        const starts = new Set(all.map(({ startMs }) => startMs))
        const ends = all.map(({ endMs }) => endMs).filter((endMs) => endMs < 10_000)
        expect(new FixedWindows(plan).isNested).toBe(ends.every((endMs) => starts.has(endMs)))
      }),
    )
  })

  test('boundaries count from the epoch, before it too', () => {
    const windows = new FixedWindows({ type: 'fixed', sizeMs: 5_000, stepMs: 5_000, offsetMs: 1_000 })
    expect(windows.startAt(-1)).toBe(-4_000)
    expect(windows.startAt(1_000)).toBe(1_000)
    expect(windows.startAt(999)).toBe(-4_000)
  })

  test('before all time there is nothing but it', () => {
    const windows = new FixedWindows({ type: 'fixed', sizeMs: 5_000, stepMs: 1_000, offsetMs: 0 })
    for (const edge of [windows.startAt, windows.endOf, windows.startOf, windows.firstEndAfter, windows.lastEndAt])
      expect(edge.call(windows, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY)
  })
})
