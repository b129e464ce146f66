import { defineProject } from 'vitest/config'

export default defineProject({
  ssr: { resolve: { conditions: ['windrow-source', 'node', 'import', 'module', 'default'] } },
  test: {
    name: 'reference-server',
    environment: 'node',
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**'],
    // Servers, child processes and a browser are started here; a busy machine takes its time.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
