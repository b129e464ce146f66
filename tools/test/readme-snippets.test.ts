import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** TypeScript blocks that import something are programs; the others are fragments. */
function programsOf(file: string): string[] {
  return [...readFileSync(`${root}${file}`, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map((match) => match[1]!)
    .filter((code) => code.startsWith('import '))
}

const files = globSync('{README.md,packages/*/README.md}', { cwd: root }).sort()
const programs = files.flatMap((file) => programsOf(file).map((code, index) => ({ file, number: index + 1, code })))

describe('programs in READMEs', () => {
  test('are found', () => {
    expect(programs.length).toBeGreaterThanOrEqual(3)
  })

  test.each(programs)('$file, program $number runs', async ({ code }) => {
    const argv = ['--conditions=windrow-source', '--input-type=module-typescript', '--eval', code]
    // Packages are found from the folder of a workspace that has them all.
    await promisify(execFile)(process.execPath, argv, { cwd: `${root}benchmarks`, timeout: 30_000 })
  })
})
