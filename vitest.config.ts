import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configDefaults, defineConfig, type TestProjectConfiguration, type UserWorkspaceConfig } from 'vitest/config'

const root = import.meta.dirname
const report = process.env['WINDROW_TEST_REPORT']
const parts = ['packages/*', 'examples/*', 'examples/*/test/browser', 'benchmarks', 'tools'].map(
  (folder) => `${folder}/vitest.config.ts`,
)

/** Each part keeps its own configuration and stays runnable alone; what every test needs is added here. */
async function projectOf(path: string): Promise<TestProjectConfiguration> {
  const file = join(root, path)
  const { default: own } = (await import(file)) as { default: UserWorkspaceConfig }
  const name = own.test?.name
  if (name === undefined) return path
  return {
    extends: file,
    root: join(root, dirname(path)),
    // Browser tests are a project of their own, which `npm test` leaves out.
    test: {
      name,
      exclude: [...configDefaults.exclude, '**/test/browser/**'],
      setupFiles: [join(root, 'tools/testing/property-seed.ts')],
    },
  }
}

export default defineConfig({
  test: {
    projects: await Promise.all(globSync(parts, { cwd: root }).sort().map(projectOf)),
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'examples/*/src/**/*.ts'],
      reporter: ['text', 'json-summary', 'html'],
    },
  },
})
