import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StateStore } from '@windrow/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileStateStore } from '../../src/file-state/index.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'windrow-state-'))
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

const bytes = (text: string) => new TextEncoder().encode(text)
async function text(store: StateStore, name: string): Promise<string | undefined> {
  const chunks = await store.read(name)
  if (chunks === undefined) return undefined
  const decoder = new TextDecoder()
  let all = ''
  for await (const chunk of chunks) all += decoder.decode(chunk, { stream: true })
  return all + decoder.decode()
}

test('gives back what was written last, also to the next process, from a directory it makes', async () => {
  const directory = join(root, 'made', 'for it')
  const store = fileStateStore({ directory })
  expect(await text(store, 'a')).toBeUndefined()
  await store.write('a', [bytes('one '), bytes(''), bytes('two')])
  await store.write('b-2', [])
  await store.write('a', [bytes('three')])
  await store.close()
  const next = fileStateStore({ directory })
  expect(await text(next, 'a')).toBe('three')
  expect(await text(next, 'b-2')).toBe('')
  expect((await readdir(directory)).sort()).toEqual(['a.state', 'b-2.state'])
})

test('streams values that are longer than any one chunk', async () => {
  const store = fileStateStore({ directory: root })
  const chunk = new Uint8Array(300_000).map((_, i) => i % 251)
  await store.write(
    'snapshot',
    (async function* () {
      for (let i = 0; i < 10; i++) yield chunk
    })(),
  )
  let pieces = 0
  let offset = 0
  for await (const piece of (await store.read('snapshot'))!) {
    pieces++
    for (let i = 0; i < piece.length; i += 997) expect(piece[i]).toBe(chunk[(offset + i) % chunk.length])
    offset += piece.length
  }
  expect(offset).toBe(3_000_000)
  expect(pieces).toBeGreaterThan(1)
})

test('keeps the old value, and nothing else, when the chunks of a new one fail', async () => {
  const store = fileStateStore({ directory: root })
  await store.write('a', [bytes('old')])
  const failing = (async function* () {
    yield bytes('new')
    throw new Error('no more')
  })()
  await expect(store.write('a', failing)).rejects.toThrow('no more')
  expect(await text(store, 'a')).toBe('old')
  expect(await readdir(root)).toEqual(['a.state'])
})

test('a value that is replaced while it is read is read to its end', async () => {
  const store = fileStateStore({ directory: root })
  await store.write('a', [bytes('old'.repeat(100_000))])
  const reading = (await store.read('a'))!
  await store.write('a', [bytes('new')])
  let length = 0
  for await (const chunk of reading) length += chunk.length
  expect(length).toBe(300_000)
  expect(await text(store, 'a')).toBe('new')
})

test('of two writes at once the later call wins', async () => {
  const store = fileStateStore({ directory: root })
  await Promise.all(['1', '2', '3'].map((value) => store.write('a', [bytes(value)])))
  expect(await text(store, 'a')).toBe('3')
})

test('what a process left amid a write is removed, the value before stays', async () => {
  await writeFile(join(root, 'a.state'), 'whole')
  await writeFile(join(root, 'a.state.tmp'), 'ha')
  await writeFile(join(root, 'other.txt'), 'not ours')
  const store = fileStateStore({ directory: root })
  expect(await text(store, 'a')).toBe('whole')
  expect((await readdir(root)).sort()).toEqual(['a.state', 'other.txt'])
})

test('others cannot read the values', async () => {
  const store = fileStateStore({ directory: root })
  await store.write('a', [bytes('secret')])
  expect((await stat(join(root, 'a.state'))).mode & 0o077).toBe(0)
})

test.each(['', '.', '..', '../a', 'a/b', 'A', 'a.b', 'a\0', '-a', 'a-', 'x'.repeat(65)])(
  '%j is no name',
  async (name) => {
    const store = fileStateStore({ directory: root })
    await expect(store.write(name, [])).rejects.toThrow(TypeError)
    await expect(store.read(name)).rejects.toThrow(TypeError)
    expect(await readdir(root)).toEqual([])
  },
)

test('says what is wrong with a directory, and works once it is right', async () => {
  const directory = join(root, 'file')
  await writeFile(directory, 'in the way')
  const store = fileStateStore({ directory })
  for (const attempt of [() => store.read('a'), () => store.write('a', [bytes('x')])])
    await expect(attempt()).rejects.toThrow(
      expect.objectContaining({
        code: 'STORAGE_FAILED',
        hint: expect.stringContaining('file is in the way'),
        details: { directory, retryable: false },
      }),
    )
  expect(await readFile(directory, 'utf8')).toBe('in the way')
  await rm(directory)
  await store.write('a', [bytes('x')])
  expect(await text(store, 'a')).toBe('x')
})

test('a directory that went away is a failure of the storage', async () => {
  const store = fileStateStore({ directory: root })
  await store.write('a', [bytes('x')])
  await rm(root, { recursive: true })
  await expect(store.write('a', [bytes('y')])).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }))
})

test('refuses everything once closed, after what was under way', async () => {
  const store = fileStateStore({ directory: root })
  const write = store.write('a', [bytes('x')])
  await store.close()
  await write
  expect(await readFile(join(root, 'a.state'), 'utf8')).toBe('x')
  await expect(store.write('a', [])).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
  await expect(store.read('a')).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
})

test('needs a directory', () => {
  expect(() => fileStateStore({ directory: '' })).toThrow(TypeError)
})
