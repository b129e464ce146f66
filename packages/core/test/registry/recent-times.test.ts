import { expect, test } from 'vitest'
import { RecentTimes } from '../../src/registry/recent-times.ts'

const HORIZON_MS = 610_000
const NONE = Number.NEGATIVE_INFINITY

/** Enters `count` times, one each `everyMs`; returns the last one. */
function fill(times: RecentTimes, ref: number, count: number, everyMs: number, fromMs = 0): number {
  let lastMs = NONE
  for (let i = 0; i < count; i++) {
    expect(times.append(ref, lastMs, fromMs + i * everyMs, 0)).toBe('new')
    lastMs = fromMs + i * everyMs
  }
  return lastMs
}

function timesOf(times: RecentTimes, ref: number): number[] {
  const list: number[] = []
  times.forEach(ref, (low) => list.push(low))
  return list
}

test('keeps the times of the horizon in order, wherever they are entered', () => {
  const times = new RecentTimes(HORIZON_MS)
  const lastMs = fill(times, 7, 100, 10_000)
  expect(timesOf(times, 7)).toEqual(Array.from({ length: 62 }, (_, i) => (38 + i) * 10_000))
  for (const timeMs of [380_001, 985_000, 700_003]) {
    expect(times.take(7, lastMs, timeMs, 0)).toBe('new')
    expect(times.take(7, lastMs, timeMs, 0)).toBe('seen')
  }
  const kept = timesOf(times, 7)
  expect(kept).toEqual([...kept].sort((a, b) => a - b))
  expect(kept).toHaveLength(65)
})

test('rings that grow leave their memory to others', () => {
  const times = new RecentTimes(HORIZON_MS)
  const SERIES = 4_096
  const lastMs = new Float64Array(SERIES).fill(NONE)
  for (let i = 0; i < 60; i++)
    for (let ref = 0; ref < SERIES; ref++) {
      times.append(ref, lastMs[ref]!, i * 10_000 + ref, 0)
      lastMs[ref] = i * 10_000 + ref
    }
  // A ring of 256 bytes each, four pages, and not the two pages beside that they had grown out of.
  expect(times.bytes).toBeLessThanOrEqual(6 * 262_144 + SERIES * 5)
  const beforeBytes = times.bytes
  for (let ref = 0; ref < SERIES; ref++) times.drop(ref)
  for (let ref = 0; ref < SERIES; ref += 2) fill(times, ref, 60, 10_000, ref)
  expect(times.bytes).toBeLessThanOrEqual(beforeBytes)
  expect(timesOf(times, 2)).toEqual(Array.from({ length: 60 }, (_, i) => i * 10_000 + 2))
  expect(times.count(1)).toBe(0)
})

test('says when there is no room: of a series beyond its share, and of new ones beyond the memory', () => {
  const times = new RecentTimes(8_000, 262_144)
  const lastMs = fill(times, 0, 14, 500)
  expect(times.append(0, lastMs, lastMs + 1, 0)).toBe('no-room')
  for (let ref = 1; ref < 4_096; ref++) expect(times.append(ref, NONE, ref, 0)).toBe('new')
  expect(times.append(4_096, NONE, 5, 0)).toBe('no-room')
  times.drop(9)
  expect(times.append(4_096, NONE, 5, 0)).toBe('new')
})

test('keeps the newest times of a series when there is no memory for more', () => {
  const times = new RecentTimes(HORIZON_MS, 262_144)
  const lastMs = fill(times, 0, 20, 10_000)
  expect(timesOf(times, 0)).toEqual(Array.from({ length: 14 }, (_, i) => (6 + i) * 10_000))
  expect(times.take(0, lastMs, 10_000, 0)).toBe('new')
  expect(times.take(0, lastMs, 75_000, 0)).toBe('new')
  expect(timesOf(times, 0).slice(0, 3)).toEqual([70_000, 75_000, 80_000])
  expect([70_000, 75_000, 190_000].map((timeMs) => times.take(0, lastMs, timeMs, 0))).toEqual(['seen', 'seen', 'seen'])
  expect(times.count(0)).toBe(14)
})

test('an interval makes another sample of the same time', () => {
  const times = new RecentTimes(HORIZON_MS)
  fill(times, 0, 3, 1_000)
  const spans = [5, 6, 5, 0, 1, 6].map((span) => times.take(0, 2_000, 1_000, span))
  expect(spans).toEqual(['new', 'new', 'seen', 'seen', 'new', 'seen'])
  expect(timesOf(times, 0)).toEqual([0, 1_000, 1_000, 1_000, 1_000, 2_000])
})
