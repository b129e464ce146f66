import { expect, test } from 'vitest'
import { memoryStateStore } from '../../src/storage/memory-state-store.ts'
import { readState } from '../../src/storage/state-store.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = async (store: ReturnType<typeof memoryStateStore>, name: string) => {
  const value = await readState(store, name, 1_000)
  return value === undefined ? undefined : new TextDecoder().decode(value)
}

test('gives back what was written last, by name, in pieces of any number', async () => {
  const store = memoryStateStore()
  expect(await text(store, 'a')).toBeUndefined()
  await store.write('a', [bytes('one '), bytes(''), bytes('two')])
  await store.write('b', [])
  expect(await text(store, 'a')).toBe('one two')
  expect(await text(store, 'b')).toBe('')
  await store.write('a', [bytes('three')])
  expect(await text(store, 'a')).toBe('three')
})

test('keeps the old value when the chunks of a new one fail', async () => {
  const store = memoryStateStore()
  await store.write('a', [bytes('old')])
  const failing = (async function* () {
    yield bytes('new')
    throw new Error('no more')
  })()
  await expect(store.write('a', failing)).rejects.toThrow('no more')
  expect(await text(store, 'a')).toBe('old')
  await store.write('a', [bytes('newer')])
  expect(await text(store, 'a')).toBe('newer')
})

test('of two writes at once the later call wins, however long the first one takes', async () => {
  const store = memoryStateStore()
  let release: (() => void) | undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow = (async function* () {
    await gate
    yield bytes('first')
  })()
  const writes = [store.write('a', slow), store.write('a', [bytes('second')])]
  release?.()
  await Promise.all(writes)
  expect(await text(store, 'a')).toBe('second')
})

test('neither keeps nor gives away the bytes of a caller', async () => {
  const store = memoryStateStore()
  const chunk = bytes('abc')
  await store.write('a', [chunk])
  chunk.fill(0)
  for await (const given of (await store.read('a'))!) given.fill(0)
  expect(await text(store, 'a')).toBe('abc')
})

test('refuses everything once closed', async () => {
  const store = memoryStateStore()
  await store.write('a', [bytes('x')])
  await store.close()
  await expect(store.write('a', [])).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
  await expect(store.read('a')).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
})

test('a value longer than its reader takes is refused', async () => {
  const store = memoryStateStore()
  await store.write('a', [bytes('12345'), bytes('67890')])
  expect(await readState(store, 'a', 10)).toHaveLength(10)
  await expect(readState(store, 'a', 9)).rejects.toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }))
})
