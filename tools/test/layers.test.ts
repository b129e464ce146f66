import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkLayers, type LayerReport } from '../check-layers.ts'

const core = 'packages/core/src'

/** The smallest tree that follows every rule. */
const goodTree: Record<string, string> = {
  [`${core}/index.ts`]: `export { engine } from './engine/engine.ts'\n`,
  [`${core}/errors.ts`]: 'export const failed = 1\n',
  [`${core}/internal/ring.ts`]: 'export const ring = 1\n',
  [`${core}/registry/labels.ts`]: `import { ring } from '../internal/ring.ts'\nexport const labels = ring\n`,
  [`${core}/aggregate/sum.ts`]: `import { labels } from '../registry/labels.ts'\nexport const sum = labels\n`,
  [`${core}/ingest/batch.ts`]: `import { sum } from '../aggregate/sum.ts'\nexport const batch = sum\n`,
  [`${core}/ingest/otlp/index.ts`]: `import { batch } from '../batch.ts'\nexport const otlp = batch\n`,
  [`${core}/storage/port.ts`]: `import { batch } from '../ingest/batch.ts'\nexport const port = batch\n`,
  [`${core}/window/panes.ts`]: `import { batch } from '../ingest/batch.ts'\nexport const panes = batch\n`,
  [`${core}/watermark/clock.ts`]: `import { panes } from '../window/panes.ts'\nexport const clock = panes\n`,
  [`${core}/engine/engine.ts`]: `import { clock } from '../watermark/clock.ts'\nexport const engine = clock\n`,
  [`${core}/engine/engine-api.ts`]: 'export const level = 1\nexport type Level = 1\n',
  [`${core}/result/row.ts`]: `import type { Level } from '../engine/engine-api.ts'\nexport const row: Level = 1\n`,
  [`${core}/testing/index.ts`]: `import { engine } from '../engine/engine.ts'\nexport const oracle = engine\n`,
  'packages/query-lang/src/index.ts': `export { text } from './text.ts'\n`,
  'packages/query-lang/src/text.ts': `import { engine } from '@windrow/core'\nexport const text = engine\n`,
  'packages/storage-adapters/src/index.ts': `export type { engine } from '@windrow/core'\n`,
  'examples/server/src/main.ts': `import { otlp } from '@windrow/core/otlp'\nimport { text } from '@windrow/query-lang'\nexport const all = [otlp, text]\n`,
  'benchmarks/src/main.ts': `import { text } from '@windrow/query-lang'\nimport { ring } from '../../packages/core/src/internal/ring.ts'\nexport const bench = [text, ring]\n`,
  'tools/testing/real-data.ts': 'export const data = 1\n',
}

const subpaths: Record<string, Record<string, string>> = {
  core: { '.': './src/index.ts', './otlp': './src/ingest/otlp/index.ts', './testing': './src/testing/index.ts' },
  'query-lang': { '.': './src/index.ts' },
  'storage-adapters': { '.': './src/index.ts' },
}

let base = ''
let trees = 0
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'windrow-layers-'))
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

/** Writes the good tree with some files replaced or added; workspaces are linked the way npm links them. */
function writeTree(changes: Record<string, string>): string {
  const root = join(base, `tree-${trees++}`)
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write(
    'package.json',
    JSON.stringify({ name: 'tree', private: true, workspaces: ['packages/*', 'examples/*', 'benchmarks'] }),
  )
  for (const [path, text] of Object.entries({ ...goodTree, ...changes })) write(path, text)
  const dependencies = { '@windrow/core': '*', '@windrow/query-lang': '*', 'kafka-client': '*' }
  mkdirSync(join(root, 'node_modules/@windrow'), { recursive: true })
  for (const [name, entries] of Object.entries(subpaths)) {
    const exports = Object.fromEntries(Object.entries(entries).map(([key, file]) => [key, { 'windrow-source': file }]))
    write(
      `packages/${name}/package.json`,
      JSON.stringify({
        name: `@windrow/${name}`,
        type: 'module',
        exports,
        dependencies,
        devDependencies: { vitest: '*' },
      }),
    )
    symlinkSync(join(root, 'packages', name), join(root, 'node_modules/@windrow', name))
  }
  for (const name of ['vitest', 'kafka-client']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }))
    write(`node_modules/${name}/index.js`, 'exports.it = 1\n')
  }
  return root
}

/** One bad file a rule, all added to the good tree at once. */
const bad: Record<string, { file: string; text: string }> = {
  'no-cycles': {
    file: `${core}/internal/itself.ts`,
    text: `export type { Wheel } from './wheel.ts'\nexport type Self = 1\n`,
  },
  resolvable: { file: `${core}/internal/lost.ts`, text: `export { gone } from './gone.ts'\n` },
  'core-stands-alone': { file: `${core}/internal/parser.ts`, text: `export { text } from '@windrow/query-lang'\n` },
  'packages-import-core-only': {
    file: 'packages/storage-adapters/src/sibling.ts',
    text: `export { text } from '@windrow/query-lang'\n`,
  },
  'packages-do-not-import-their-users': {
    file: 'packages/query-lang/src/user.ts',
    text: `export { bench } from '../../../benchmarks/src/main.ts'\n`,
  },
  'published-code-without-tools': {
    file: 'packages/query-lang/src/tool.ts',
    text: `export { data } from '../../../tools/testing/real-data.ts'\n`,
  },
  'only-exported-entries': {
    file: 'examples/server/src/deep.ts',
    text: `export { ring } from '../../../packages/core/src/internal/ring.ts'\n`,
  },
  'packages-by-name': {
    file: 'examples/server/src/relative.ts',
    text: `export { engine } from '../../../packages/core/src/index.ts'\n`,
  },
  'no-barrel-inside': { file: 'packages/query-lang/src/barrel.ts', text: `export { text } from './index.ts'\n` },
  'core-without-vendors': { file: `${core}/internal/vendor.ts`, text: `export { it } from 'kafka-client'\n` },
  'no-development-dependencies-in-published-code': {
    file: 'packages/query-lang/src/development.ts',
    text: `export { it } from 'vitest'\n`,
  },
  'core-foundation-imports-downward': {
    file: `${core}/internal/up.ts`,
    text: `export { labels } from '../registry/labels.ts'\n`,
  },
  'core-counter-imports-downward': {
    file: `${core}/counter/up.ts`,
    text: `export { panes } from '../window/panes.ts'\n`,
  },
  'core-repair-imports-downward': {
    file: `${core}/repair/up.ts`,
    text: `export { engine } from '../engine/engine.ts'\n`,
  },
  'core-telemetry-is-optional': { file: `${core}/telemetry/vendor.ts`, text: `export { it } from 'kafka-client'\n` },
  'core-model-imports-downward': { file: `${core}/plan/up.ts`, text: `export { sum } from '../aggregate/sum.ts'\n` },
  'core-aggregate-imports-downward': {
    file: `${core}/aggregate/up.ts`,
    text: `export { batch } from '../ingest/batch.ts'\n`,
  },
  'core-ingest-imports-downward': { file: `${core}/ingest/up.ts`, text: `export { port } from '../storage/port.ts'\n` },
  'core-storage-imports-downward': {
    file: `${core}/storage/up.ts`,
    text: `export type { engine } from '../engine/engine.ts'\n`,
  },
  'core-window-imports-downward': {
    file: `${core}/window/up.ts`,
    text: `export { clock } from '../watermark/clock.ts'\n`,
  },
  'core-watermark-imports-downward': {
    file: `${core}/watermark/up.ts`,
    text: `export { engine } from '../engine/engine.ts'\n`,
  },
  'core-contract-is-types': {
    file: `${core}/watermark/value.ts`,
    text: `import { level } from '../engine/engine-api.ts'\nexport const value = level\n`,
  },
  'core-decoders-stop-before-windows': {
    file: `${core}/ingest/otlp/up.ts`,
    text: `export { panes } from '../../window/panes.ts'\n`,
  },
  'core-decoders-are-optional': {
    file: `${core}/engine/decoder.ts`,
    text: `export { otlp } from '../ingest/otlp/index.ts'\n`,
  },
  'testing-is-not-used-by-code': {
    file: `${core}/engine/oracle.ts`,
    text: `export { oracle } from '../testing/index.ts'\n`,
  },
}
/** The other half of the cycle. */
const wheel = { [`${core}/internal/wheel.ts`]: `export type { Self } from './itself.ts'\nexport type Wheel = 1\n` }

test('a tree that follows the rules passes and its modules are seen', () => {
  const { modules, violations } = checkLayers(writeTree({}))
  expect(violations).toEqual([])
  expect([...modules].sort()).toEqual(Object.keys(goodTree).sort())
})

describe('a tree with one bad file a rule', () => {
  let violations: LayerReport['violations'] = []
  beforeAll(() => {
    const files = Object.fromEntries(Object.values(bad).map(({ file, text }) => [file, text]))
    violations = checkLayers(writeTree({ ...files, ...wheel })).violations
  })

  test.each(Object.keys(bad))('%s bites', (rule) => {
    expect(violations.filter((violation) => violation.rule === rule).map((violation) => violation.from)).toContain(
      bad[rule]!.file,
    )
  })

  test('no good file is accused', () => {
    expect(violations.map((violation) => violation.from).filter((file) => file in goodTree)).toEqual([])
  })

  test('every rule of the configuration has its bad file', () => {
    const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
      forbidden: { name: string }[]
    }
    expect(Object.keys(bad).sort()).toEqual(forbidden.map((rule) => rule.name).sort())
  })
})

test('the checkout follows the rules', () => {
  const { modules, violations } = checkLayers()
  expect(violations).toEqual([])
  expect(modules.length).toBeGreaterThan(50)
})
