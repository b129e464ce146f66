import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FixedWindows } from '../../src/window/fixed-windows.ts'
import { MAX_PANES, type PaneUser, panesNeeded } from '../../src/window/pane-edges.ts'

function user(sizeMs: number, stepMs: number, offsetMs = 0, latenessMs = 10_000): PaneUser {
  return { scheme: new FixedWindows({ type: 'fixed', sizeMs, stepMs, offsetMs }), latenessMs }
}

/** Edges of windows that are not final at the watermark, each once, by looking at each window. */
function edgesHeld(users: readonly PaneUser[], watermarkMs: number): number {
  const edges = new Set<number>()
  for (const { scheme, latenessMs } of users) {
    const finalMs = scheme.lastEndAt(watermarkMs - latenessMs)
    for (let endMs = scheme.firstEndAfter(finalMs); scheme.startOf(endMs) <= watermarkMs; ) {
      for (const edgeMs of [scheme.startOf(endMs), endMs]) if (edgeMs <= watermarkMs) edges.add(edgeMs)
      endMs = scheme.firstEndAfter(endMs)
    }
  }
  return edges.size
}

const anyUser = fc
  .record({ stepMs: fc.integer({ min: 1, max: 12 }), times: fc.double({ min: 1, max: 9, noNaN: true }) })
  .chain(({ stepMs, times }) =>
    fc
      .record({ offsetMs: fc.nat(stepMs - 1), latenessMs: fc.nat(30) })
      .map(({ offsetMs, latenessMs }) => user(Math.round(stepMs * times), stepMs, offsetMs, latenessMs)),
  )

test('no fewer panes are reckoned than windows that are not final have edges', () => {
  fc.assert(
    fc.property(fc.array(anyUser, { minLength: 1, maxLength: 6 }), fc.nat(10_000), (users, watermarkMs) => {
      expect(panesNeeded(users)).toBeGreaterThanOrEqual(edgesHeld(users, watermarkMs))
    }),
  )
})

test('edges that fall together are reckoned once, and each only as far back as it is used', () => {
  const hour = 3_600_000
  // 3,600 s and 10 s of lateness and a step at one edge a second, and two besides.
  expect(panesNeeded([user(hour, 1_000)])).toBe(3_613)
  expect(panesNeeded([user(hour, 1_000), user(hour, 1_000)])).toBe(3_613)
  expect(panesNeeded([user(hour, 1_000), user(hour / 2, 1_000), user(5_000, 5_000)])).toBe(3_613)
  // A day needs a few besides.
  expect(panesNeeded([user(24 * hour, 24 * hour), user(5_000, 5_000)])).toBeLessThan(10)
  expect(panesNeeded([user(hour, 1_000), user(2 * hour, 2_000, 1_000)])).toBeGreaterThan(MAX_PANES)
})
