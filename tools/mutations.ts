// Takes one rule at a time out of the source, in memory, and demands that the test named for it fails: a test that
// passes without its rule holds nothing. The source tree is never written.
//   node tools/run.mjs mutations           every mutation of every packages/*/test/**/mutations.json
//   node tools/run.mjs mutations WORD ...   those whose name, rule or file holds one of the words
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { createVitest, type TestCase, type TestModule, type TestSpecification, type Vitest } from 'vitest/node'
import { Tally } from './tally.ts'

/** One rule, where it stands, and the test that would miss it. Paths are relative to the repository. */
interface Mutation {
  readonly name: string
  /** What the source no longer does, in words. */
  readonly rule: string
  readonly file: string
  /** Stands exactly once in `file`. */
  readonly find: string
  readonly replace: string
  /** `name` is the test's own title, or the titles down to it joined by ` > `. */
  readonly test: { readonly file: string; readonly name: string }
}

const root = fileURLToPath(new URL('../', import.meta.url))
/** A mutation that makes its test run for ever is one whose test should fail by itself. */
const LIMIT_MS = 60_000

function readMutations(words: readonly string[]): Mutation[] {
  const lists = globSync('packages/*/test/**/mutations.json', { cwd: root }).sort()
  const all = lists.flatMap((list) => JSON.parse(readFileSync(join(root, list), 'utf8')) as Mutation[])
  if (words.length === 0) return all
  return all.filter(({ name, rule, file }) => words.some((word) => `${name} ${rule} ${file}`.includes(word)))
}

/** Serves one file changed; everything else as it is. */
class Mutator {
  readonly plugin: Plugin
  #active: Mutation | undefined

  constructor() {
    this.plugin = {
      name: 'windrow-mutations',
      enforce: 'pre',
      transform: (code, id) => {
        const active = this.#active
        if (active === undefined || id.split('?')[0] !== join(root, active.file)) return undefined
        return code.replace(active.find, () => active.replace)
      },
    }
  }

  /** Runs `work` while the rule is out. */
  async without<T>(mutation: Mutation, vitest: Vitest, work: () => Promise<T>): Promise<T> {
    const file = join(root, mutation.file)
    this.#active = mutation
    vitest.invalidateFile(file)
    try {
      return await work()
    } finally {
      this.#active = undefined
      vitest.invalidateFile(file)
    }
  }
}

/** The rule must stand in the source as the list says, once, and be taken out by the replacement. */
function checkPlace({ file, find, replace }: Mutation): void {
  const found = readFileSync(join(root, file), 'utf8').split(find).length - 1
  if (found !== 1) throw new Error(`${file} holds the text to replace ${found} times, not once:\n${find}`)
  if (find === replace) throw new Error('the replacement changes nothing')
}

async function run(vitest: Vitest, specification: TestSpecification, name: string): Promise<TestCase> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${LIMIT_MS} ms`)), LIMIT_MS)
  })
  const { testModules } = await Promise.race([vitest.runTestSpecifications([specification]), late]).finally(() =>
    clearTimeout(timer),
  )
  return testOf(testModules, name)
}

/** The one test of that name, which must have run. */
function testOf(modules: readonly TestModule[], name: string): TestCase {
  const errors = modules.flatMap((module) => module.errors())
  if (errors.length > 0) throw new Error(`the test file does not load: ${errors[0]?.message}`)
  const tests = modules
    .flatMap((module) => [...module.children.allTests()])
    .filter((test) => test.name === name || test.fullName === name)
  if (tests.length !== 1) throw new Error(`${tests.length} tests are called "${name}", not one`)
  const state = tests[0]!.result().state
  if (state !== 'passed' && state !== 'failed') throw new Error(`the test was ${state}`)
  return tests[0]!
}

async function checkMutation(mutation: Mutation, vitest: Vitest, mutator: Mutator): Promise<void> {
  checkPlace(mutation)
  const { file, name } = mutation.test
  // The last title is all that the pattern must find; `testOf` looks at the whole.
  const title = name.split(' > ').at(-1)!
  const specification = vitest
    .getRootProject()
    .createSpecification(join(root, file), { testNamePattern: new RegExp(`${RegExp.escape(title)}$`) })
  const whole = await run(vitest, specification, name)
  if (whole.result().state !== 'passed')
    throw new Error(`the test fails with the rule in place: ${whole.result().errors?.[0]?.message}`)
  const without = await mutator.without(mutation, vitest, () => run(vitest, specification, name))
  if (without.result().state !== 'failed') throw new Error(`"${name}" passes without the rule: ${mutation.rule}`)
}

/** The folder with the vitest configuration that runs a test file. */
function projectOf({ test }: Mutation): string {
  return test.file.split('/').slice(0, 2).join('/')
}

async function main(words: readonly string[]): Promise<number> {
  // A property test is to fail in every run or in none.
  process.env['WINDROW_FC_SEED'] ??= '1'
  const tally = new Tally()
  const mutations = readMutations(words)
  const names = new Set(mutations.map(({ name }) => name))
  if (names.size !== mutations.length) throw new Error('two mutations have the same name')
  for (const [project, list] of Map.groupBy(mutations, projectOf)) {
    const mutator = new Mutator()
    const vitest = await createVitest(
      'test',
      {
        root: join(root, project),
        watch: false,
        reporters: [{}],
        silent: true,
        // What is served changed must not be kept for other runs, nor be served from theirs.
        fsModuleCache: false,
        setupFiles: [join(root, 'tools/testing/property-seed.ts')],
      },
      { plugins: [mutator.plugin] },
    )
    try {
      for (const mutation of list)
        await tally.check(`${mutation.name} (${relative('packages', mutation.file)})`, () =>
          checkMutation(mutation, vitest, mutator),
        )
    } finally {
      await vitest.close()
    }
  }
  return tally.finish()
}

process.exitCode = await main(process.argv.slice(2))
