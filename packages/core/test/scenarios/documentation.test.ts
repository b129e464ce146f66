import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const ADAPTERS = 'packages/storage-adapters/test'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Titles of the scenarios by test file. Scenarios that need a storage stand with the adapters. */
function titlesByFile(): Map<string, string[]> {
  const here = dirname(fileURLToPath(import.meta.url))
  const files = [
    ...readdirSync(here).map((name) => `packages/core/test/scenarios/${name}`),
    ...readdirSync(join(root, ADAPTERS))
      .filter((name) => name.startsWith('scenarios-'))
      .map((name) => `${ADAPTERS}/${name}`),
  ].filter((file) => file.endsWith('.test.ts') && !file.endsWith('/documentation.test.ts'))
  return new Map(files.map((file) => [file, [...read(file).matchAll(/^test\('([^']+)'/gm)].map((match) => match[1]!)]))
}

interface Mutation {
  readonly test: { readonly file: string; readonly name: string }
}

test('docs/scenarios.md tells the scenarios that are tested, and no others', () => {
  const told = [...read('docs/scenarios.md').matchAll(/^\| ([^|]+?) +\|/gm)]
    .map((match) => match[1]!)
    .filter((cell) => cell !== 'what happens' && !cell.startsWith('---'))
  expect(told.length).toBeGreaterThan(20)
  expect([...told].sort()).toEqual([...titlesByFile().values()].flat().sort())
})

test('every scenario fails without some rule', () => {
  const mutations = JSON.parse(read('packages/core/test/scenarios/mutations.json')) as Mutation[]
  const mutated = new Set(mutations.map(({ test: { file, name } }) => `${file}: ${name}`))
  const titles = [...titlesByFile()].flatMap(([file, names]) => names.map((name) => `${file}: ${name}`))
  expect([...mutated].sort()).toEqual(titles.sort())
})
