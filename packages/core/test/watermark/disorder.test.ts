import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Disorder } from '../../src/watermark/disorder.ts'
import { T0 } from '../engine/fixtures.ts'

const MAX_MS = 10_000
/** What one step of the estimate spans. */
const STEP_MS = MAX_MS / 64

/** Batches of the delays, one after another from `fromMs` on; settles as a tick would. */
function arrive(disorder: Disorder, delaysMs: readonly number[], fromMs: number, everyMs = 10, rows = 32): number {
  let nowMs = fromMs
  for (let i = 0; i < delaysMs.length; i += rows) {
    const part = delaysMs.slice(i, i + rows)
    disorder.observe(
      Float64Array.from(part, (delayMs) => nowMs - delayMs),
      part.length,
      nowMs,
    )
    nowMs += everyMs
  }
  disorder.settle()
  return nowMs
}

test('is where it starts until enough is known', () => {
  const disorder = new Disorder(2_000, MAX_MS)
  arrive(disorder, new Array(999).fill(7_000), T0)
  expect(disorder.ms).toBe(2_000)
  arrive(disorder, [7_000], T0 + 1_000)
  expect(disorder.ms).toBeCloseTo(7_000, -2.5)
})

test('law: it is the 99th percentile of what came, resends left out, to one step and never less', () => {
  const delayMs = fc.oneof(fc.integer({ min: -5_000, max: MAX_MS }), fc.integer({ min: MAX_MS + 1, max: 10_000_000 }))
  fc.assert(
    fc.property(fc.array(delayMs, { minLength: 1_000, maxLength: 2_000 }), (delaysMs) => {
      const disorder = new Disorder(2_000, MAX_MS)
      arrive(disorder, delaysMs, T0)
      const taken = delaysMs.filter((ms) => ms <= MAX_MS).sort((a, b) => a - b)
      const exactMs = Math.max(0, taken[Math.ceil(0.99 * taken.length) - 1] ?? 0)
      if (taken.length < 1_000) expect(disorder.ms).toBe(2_000)
      else {
        expect(disorder.ms).toBeGreaterThanOrEqual(Math.min(MAX_MS, exactMs))
        expect(disorder.ms).toBeLessThanOrEqual(Math.min(MAX_MS, exactMs + STEP_MS))
      }
    }),
    // Shrinking lists of a thousand takes minutes and tells nothing more.
    { numRuns: 50, endOnFailure: true },
  )
})

test('one in two hundred that is late does not count, one in fifty does', () => {
  const [rare, often] = [new Disorder(2_000, MAX_MS), new Disorder(2_000, MAX_MS)]
  arrive(
    rare,
    Array.from({ length: 10_000 }, (_, i) => (i % 200 === 0 ? 8_000 : 40)),
    T0,
  )
  arrive(
    often,
    Array.from({ length: 10_000 }, (_, i) => (i % 50 === 0 ? 8_000 : 40)),
    T0,
  )
  expect(rare.ms).toBe(STEP_MS)
  expect(often.ms).toBeGreaterThan(8_000)
})

test('it is never more than a source may take, and resends alone teach nothing', () => {
  const disorder = new Disorder(2_000, MAX_MS)
  arrive(disorder, new Array(5_000).fill(MAX_MS + 1), T0)
  expect(disorder.ms).toBe(2_000)
  arrive(disorder, new Array(5_000).fill(MAX_MS), T0)
  expect(disorder.ms).toBe(MAX_MS)
  expect(new Disorder(60_000, MAX_MS).ms).toBe(MAX_MS)
})

test('what came more than five minutes ago is forgotten, what came within half of them is not', () => {
  const disorder = new Disorder(2_000, MAX_MS)
  const few = (delayMs: number, nowMs: number) => arrive(disorder, new Array(1_200).fill(delayMs), nowMs, 0)
  few(6_000, T0)
  few(40, T0 + 149_999)
  expect(disorder.ms).toBeGreaterThanOrEqual(6_000)
  few(40, T0 + 150_000)
  expect(disorder.ms).toBeGreaterThanOrEqual(6_000)
  few(40, T0 + 299_999)
  expect(disorder.ms).toBeGreaterThanOrEqual(6_000)
  few(40, T0 + 300_000)
  expect(disorder.ms).toBe(STEP_MS)
  // After a long silence only what comes now is known.
  few(6_000, T0 + 400_000)
  arrive(disorder, new Array(999).fill(40), T0 + 1_000_000, 0)
  expect(disorder.ms).toBe(2_000)
})

test('no place in a large batch is left out for good', () => {
  const disorder = new Disorder(2_000, MAX_MS)
  // Every other row is the late server's.
  for (let batch = 0; batch < 200; batch++)
    arrive(
      disorder,
      Array.from({ length: 64 }, (_, row) => (row % 2 === 0 ? 40 : 9_000)),
      T0 + batch,
      0,
      64,
    )
  expect(disorder.ms).toBeGreaterThan(9_000)
})
