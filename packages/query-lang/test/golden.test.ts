import { readdirSync, readFileSync } from 'node:fs'
import { createEngine } from '@windrow/core'
import { memoryAdapter } from '@windrow/storage-adapters/memory'
import { describe, expect, test } from 'vitest'
import { goldenScripts, parseScript, runCase, runScript, type ScriptCase } from '../src/testing/index.ts'
import { liveAndHistory } from './testing/live-and-history.ts'

const folder = new URL('scripts/', import.meta.url)
const scripts = readdirSync(folder)
  .filter((name) => name.endsWith('.wtest'))
  .map((name) => ({ file: `test/scripts/${name}`, text: readFileSync(new URL(name, folder), 'utf8') }))
const rules = readFileSync(new URL('RULES.md', folder), 'utf8')

goldenScripts({ describe, test, scripts, createEngine, createStorage: () => memoryAdapter() })

test('the scripts look at a lot', async () => {
  let evals = 0
  for (const { file, text } of scripts)
    evals += (await runScript(parseScript(file, text), { createEngine, createStorage: () => memoryAdapter() })).evals
  expect(evals).toBeGreaterThanOrEqual(800)
})

test('what was emitted live is what a run over history gives', async () => {
  const { createEngine: create, compared, disagreements } = liveAndHistory()
  for (const { file, text } of scripts)
    for (const scriptCase of parseScript(file, text).cases.filter(hasOneHistory))
      await runCase(file, scriptCase, { createEngine: create, createStorage: () => memoryAdapter() })
  expect(disagreements).toEqual([])
  expect(compared()).toBeGreaterThanOrEqual(300)
})

/** Whether one text was live all the time, over one storage that holds all it saw. */
function hasOneHistory({ hasStorage, steps }: ScriptCase): boolean {
  return hasStorage && !steps.some(({ action }) => /^(restore|alter|pause|drop|replay)$/.test(action.type))
}

describe('rules', () => {
  const known = [...rules.matchAll(/^\| ([\d.]+) +\|/gm)].map((match) => match[1]!)
  const named = new Set(scripts.flatMap(({ text }) => [...rulesOfCases(text)]))

  test('those of kinds, of windows and time, and of series are all there', () => {
    const ofTime = Array.from({ length: 13 }, (_, i) => `3.${i + 1}`)
    expect(known).toEqual(expect.arrayContaining(['2', ...ofTime, '4.7', '5']))
  })

  test.each(known)('%s is what some case is about', (rule) => {
    expect(named).toContain(rule)
  })

  test('no case is about one that does not exist', () => {
    expect([...named].filter((rule) => !known.includes(rule))).toEqual([])
  })
})

/** The rules in comments within cases; those above the first case are about none. */
function* rulesOfCases(text: string): Generator<string> {
  for (const part of text.split(/^(?=case )/m)) {
    if (!part.startsWith('case ')) continue
    for (const [, list] of part.matchAll(/^ +# rules? ([\d., ]+)$/gm)) yield* list!.split(', ')
  }
}
