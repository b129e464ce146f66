import { readFileSync } from 'node:fs'
import { createEngine } from '@windrow/core'
import { memoryAdapter } from '@windrow/storage-adapters/memory'
import { expect, test } from 'vitest'
import { FACTS } from '../../src/testing/facts.ts'
import { parseScript, renderFailure, runScript } from '../../src/testing/index.ts'
import { ROW_FLAGS, ROW_NUMBERS, ROW_WORDS } from '../../src/testing/script.ts'
import { ENGINE_SETTINGS, WORD_SETTINGS } from '../../src/testing/script-parser.ts'
import { STEP_WORDS } from '../../src/testing/step-notation.ts'

const page = readFileSync(new URL('../../../../docs/golden-scripts.md', import.meta.url), 'utf8')
const [example = ''] = /(?<=```wtest\n)[^`]+/.exec(page) ?? []
const options = { createEngine, createStorage: () => memoryAdapter() }

test('the example runs', async () => {
  expect(await runScript(parseScript('example', example), options)).toEqual({ evals: 3, failures: [], skipped: [] })
})

test('the failure that is shown is what a wrong expectation gives', async () => {
  const text = example.replace('max=5', 'max=6')
  const { failures } = await runScript(parseScript('test/scripts/late.wtest', text), options)
  expect(failures.map(renderFailure)).toEqual([/(?<=```text\n)test\/scripts[^`]+(?=\n```)/.exec(page)?.[0]])
})

test('every fact stands in the table of its subject', () => {
  for (const [subject, facts] of Object.entries(FACTS)) {
    const row = page.split('\n').find((line) => new RegExp(`^\\| \`${subject}( NAME)?\` +\\|`).test(line))
    const words = [...(row ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1])
    expect(words.filter((word) => word !== subject)).toEqual(Object.keys(facts))
  }
})

test('every step, setting and mark is described', () => {
  for (const step of STEP_WORDS) expect(page).toMatch(new RegExp(`^\\| .*\`${step}[ \`].*\\|`, 'm'))
  for (const setting of ['start', ...WORD_SETTINGS.keys(), ...ENGINE_SETTINGS.keys()])
    expect(page).toMatch(new RegExp(`\`${setting}[=\`]`))
  for (const mark of [...ROW_FLAGS, ...ROW_NUMBERS, ...ROW_WORDS]) expect(page).toMatch(new RegExp(`\`@${mark}[=\`]`))
})
