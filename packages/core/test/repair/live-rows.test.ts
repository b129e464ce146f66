import { expect, test } from 'vitest'
import { type RepairedInPart, repairedInPart } from '../../src/repair/live-rows.ts'

test('a cell whose sessions go on and on is repaired ever more rarely, and at its end', () => {
  const cellMs = 86_400_000
  const times: number[] = []
  let before: RepairedInPart | undefined
  let finalMs = 1_000_000
  for (;;) {
    times.push(finalMs)
    if (finalMs >= cellMs) break
    // The session has always 30 s left.
    before = repairedInPart(cellMs, { startMs: 0, endMs: Math.min(cellMs, finalMs + 30_000) }, finalMs, before)
    finalMs = before.againMs
  }
  expect(times.slice(0, 4)).toEqual([1_000_000, 1_030_000, 1_060_000, 1_120_000])
  expect(times.at(-1)).toBe(cellMs)
  expect(times.length).toBeLessThan(16)
})

test('only what was live at first is waited for', () => {
  const first = repairedInPart(1_000, { startMs: 40, endMs: 90 }, 50, undefined)
  expect(first).toEqual({ firstMs: 50, againMs: 90, startsThroughMs: 40 })
  expect(repairedInPart(1_000, { startMs: 10, endMs: 300 }, 90, first)).toMatchObject({
    againMs: 300,
    startsThroughMs: 40,
  })
})
