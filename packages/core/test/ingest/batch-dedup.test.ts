import { expect, test } from 'vitest'
import { BatchDedup } from '../../src/ingest/batch-dedup.ts'

const T0 = 1_700_000_000_000

test('an id is forgotten a horizon after it came', () => {
  const batches = new BatchDedup(1_000)
  batches.remember('a', T0)
  batches.remember('b', T0 + 500)
  batches.expire(T0 + 999)
  expect(batches.size).toBe(2)
  batches.expire(T0 + 1_000)
  expect([batches.has('a'), batches.has('b')]).toEqual([false, true])
})

test('an id that came before the clock was set counts from its setting, not from the beginning of time', () => {
  const batches = new BatchDedup(1_000)
  batches.remember('early', Number.NEGATIVE_INFINITY)
  batches.expire(Number.NEGATIVE_INFINITY)
  batches.expire(T0)
  batches.remember('late', T0 + 1)
  batches.expire(T0 + 999)
  expect([batches.has('early'), batches.has('late')]).toEqual([true, true])
  batches.expire(T0 + 1_000)
  expect([batches.has('early'), batches.has('late')]).toEqual([false, true])
})

test('a horizon that is extended holds for ids that came before, and is never shortened', () => {
  const batches = new BatchDedup(1_000)
  batches.remember('a', T0)
  batches.extend(2_000)
  batches.extend(1_000)
  batches.extend(-9_000)
  batches.expire(T0 + 2_999)
  expect(batches.has('a')).toBe(true)
  batches.expire(T0 + 3_000)
  expect(batches.has('a')).toBe(false)
})

test('beyond its greatest number the oldest id goes first', () => {
  const batches = new BatchDedup(1_000, 2)
  for (const id of ['a', 'b', 'c']) batches.remember(id, T0)
  expect(['a', 'b', 'c'].map((id) => batches.has(id))).toEqual([false, true, true])
})
