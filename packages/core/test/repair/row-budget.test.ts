import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RowBudget } from '../../src/repair/row-budget.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('rows are taken at the rate, whether a batch is worth a timer or not', async () => {
  for (const batchRows of [1, 7, 100]) {
    const budget = new RowBudget(1_000)
    const startedMs = performance.now()
    let endedMs = startedMs
    const all = (async () => {
      for (let rows = 0; rows < 2_100; rows += batchRows) await budget.take(batchRows, new AbortController().signal)
      endedMs = performance.now()
    })()
    await vi.advanceTimersByTimeAsync(10_000)
    await all
    expect(endedMs - startedMs).toBeGreaterThanOrEqual(2_100 - 10)
    expect(endedMs - startedMs).toBeLessThanOrEqual(2_100 * 1.1)
  }
})

test('a batch waits until it is paid for, and time without rows is not saved up', async () => {
  const budget = new RowBudget(1_000)
  const { signal } = new AbortController()
  await vi.advanceTimersByTimeAsync(60_000)
  let taken = false
  const take = budget.take(500, signal).then(() => {
    taken = true
  })
  await vi.advanceTimersByTimeAsync(499)
  expect(taken).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await take
  expect(taken).toBe(true)
})

test('ends its waiting when the signal fires', async () => {
  const budget = new RowBudget(1)
  const controller = new AbortController()
  const take = budget.take(1_000, controller.signal)
  controller.abort()
  await expect(take).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }))
  expect(vi.getTimerCount()).toBe(0)
})
