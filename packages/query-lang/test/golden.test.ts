import { readdirSync, readFileSync } from 'node:fs'
import { createEngine } from '@windrow/core'
import { memoryAdapter } from '@windrow/storage-adapters/memory'
import { describe, expect, test } from 'vitest'
import { goldenScripts, parseScript, runScript } from '../src/testing/index.ts'

const folder = new URL('scripts/', import.meta.url)
const scripts = readdirSync(folder)
  .filter((name) => name.endsWith('.wtest'))
  .map((name) => ({ file: `test/scripts/${name}`, text: readFileSync(new URL(name, folder), 'utf8') }))

goldenScripts({ describe, test, scripts, createEngine, createStorage: () => memoryAdapter() })

test('the scripts look at a lot', async () => {
  let evals = 0
  for (const { file, text } of scripts)
    evals += (await runScript(parseScript(file, text), { createEngine, createStorage: () => memoryAdapter() })).evals
  expect(evals).toBeGreaterThanOrEqual(400)
})
