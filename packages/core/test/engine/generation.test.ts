import { expect, test } from 'vitest'
import { Generation } from '../../src/engine/generation.ts'
import { memoryStateStore } from '../../src/storage/memory-state-store.ts'
import { readState, type StateStore } from '../../src/storage/state-store.ts'

const stored = async (store: StateStore) => new TextDecoder().decode(await readState(store, 'generation', 100))

test('starts at the given number and lives in memory without a store', async () => {
  const generation = new Generation(7)
  await generation.open()
  expect(generation.current).toBe(7)
  expect(await generation.raise()).toBe(8)
  expect(generation.current).toBe(8)
})

test('is greater in each life, and never less than the given number', async () => {
  const store = memoryStateStore()
  const lives: number[] = []
  for (const initial of [1, 1, 1, 100, 1]) {
    const generation = new Generation(initial, store)
    await generation.open()
    lives.push(generation.current)
    lives.push(await generation.raise())
  }
  expect(lives).toEqual([1, 2, 3, 4, 5, 6, 100, 101, 102, 103])
  expect(await stored(store)).toBe('103\n')
})

test('is stored before it is told', async () => {
  const store = memoryStateStore()
  const generation = new Generation(1, store)
  const seen: string[] = []
  await generation.open()
  const raises = [1, 2, 3].map(async () => {
    const raised = await generation.raise()
    seen.push(`${raised} ${(await stored(store)).trim()}`)
  })
  await Promise.all(raises)
  expect(generation.current).toBe(4)
  for (const line of seen) {
    const [raised, inStore] = line.split(' ').map(Number)
    expect(inStore).toBeGreaterThanOrEqual(raised!)
  }
  expect(new Set(seen.map((line) => line.split(' ')[0]))).toEqual(new Set(['2', '3', '4']))
})

test('stays as it was when it cannot be stored, and can be raised later', async () => {
  const store = memoryStateStore()
  let isFull = true
  const failing: StateStore = {
    read: (name) => store.read(name),
    write: (name, chunks) => (isFull ? Promise.reject(new Error('full')) : store.write(name, chunks)),
    close: () => store.close(),
  }
  const generation = new Generation(5, failing)
  await expect(generation.raise()).rejects.toThrow('full')
  expect(generation.current).toBe(5)
  isFull = false
  expect(await generation.raise()).toBe(6)
})

test.each(['', '0', '-1', '1.5', 'x', '1e3', '0x10', '9'.repeat(20), '1'.repeat(40)])(
  'does not go on from %j',
  async (text) => {
    const store = memoryStateStore()
    await store.write('generation', [new TextEncoder().encode(text)])
    const generation = new Generation(1, store)
    await expect(generation.open()).rejects.toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }))
    expect(await stored(store)).toBe(text)
  },
)
