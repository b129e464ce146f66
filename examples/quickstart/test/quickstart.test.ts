import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Runs an example as a reader would and gives the lines it printed. */
async function run(name: string): Promise<string[]> {
  const file = fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--conditions=windrow-source', file])
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

test('01-window prints two windows', async () => {
  expect(await run('01-window')).toEqual([
    '0..5 s { avg: 20, max: 40, count: 5 }',
    '5..10 s { avg: 70, max: 90, count: 5 }',
  ])
})

test('02-query prints a row for each server', async () => {
  expect(await run('02-query')).toEqual([
    'web-1 { percentile_50: 30, percentile_95: 57, max: 60 }',
    'web-2 { percentile_50: 120, percentile_95: 228, max: 240 }',
  ])
})

test('03-late-data revises once and then counts', async () => {
  expect(await run('03-late-data')).toEqual([
    'avg 10 emission 1 late samples 0',
    'avg 20 emission 2 late samples 1',
    'dropped 1',
  ])
})

test('04-kinds sums amounts and refuses to sum levels', async () => {
  const lines = await run('04-kinds')
  expect(lines.slice(0, 2).sort()).toEqual(['/cart 300', '/search 120'])
  expect(lines[2]).toMatch(/^invalid .*sum of a gauge adds the same level once per sample/)
})
