import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FixedWindows } from '../../src/window/fixed-windows.ts'
import { paneBounds, shortestPaneMs } from '../../src/window/pane-edges.ts'

const windows = fc
  .record({ stepMs: fc.integer({ min: 1, max: 40 }), extraMs: fc.nat(80), offsetMs: fc.nat(39) })
  .map(({ stepMs, extraMs, offsetMs }) => ({ stepMs, sizeMs: stepMs + extraMs, offsetMs: offsetMs % stepMs }))

/** Every edge in `[0, untilMs)`, rising, each once. */
function edgesOf(plans: readonly { stepMs: number; sizeMs: number; offsetMs: number }[], untilMs: number): number[] {
  const edges = new Set<number>()
  for (const { stepMs, sizeMs, offsetMs } of plans)
    for (let startMs = offsetMs - 3 * sizeMs - 3 * stepMs; startMs < untilMs; startMs++)
      if ((startMs - offsetMs) % stepMs === 0)
        for (const edge of [startMs, startMs + sizeMs]) if (edge >= 0 && edge < untilMs) edges.add(edge)
  return [...edges].sort((a, b) => a - b)
}

test('the shortest pane of an added query is the shortest distance of its edges from any', () => {
  fc.assert(
    fc.property(fc.array(windows, { maxLength: 2 }), windows, (known, added) => {
      const schemes = known.map((plan) => new FixedWindows({ type: 'fixed', ...plan }))
      const scheme = new FixedWindows({ type: 'fixed', ...added })
      // All phases of three steps of at most 40 come about within their product.
      const untilMs = [...known, added].reduce((product, { stepMs }) => product * stepMs, 1) + 200
      const own = new Set(edgesOf([added], untilMs))
      const all = edgesOf([...known, added], untilMs)
      let shortest = Number.POSITIVE_INFINITY
      for (let i = 1; i < all.length; i++)
        if (own.has(all[i]!) || own.has(all[i - 1]!)) shortest = Math.min(shortest, all[i]! - all[i - 1]!)
      expect(shortestPaneMs(schemes, scheme)).toBe(shortest)
    }),
    { numRuns: 60 },
  )
})

test('a pane holds its time, no edge lies inside it, and it cannot be wider', () => {
  fc.assert(
    fc.property(
      fc.array(windows, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 300, max: 2_000 }),
      (plans, timeMs) => {
        const pane = paneBounds(
          plans.map((plan) => new FixedWindows({ type: 'fixed', ...plan })),
          timeMs,
        )
        const edges = edgesOf(plans, 2_500)
        expect(pane.startMs).toBe(edges.filter((edge) => edge <= timeMs).at(-1))
        expect(pane.endMs).toBe(edges.find((edge) => edge > timeMs))
      },
    ),
  )
})
