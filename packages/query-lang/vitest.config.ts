import { defineProject } from 'vitest/config'

export default defineProject({
  ssr: { resolve: { conditions: ['windrow-source', 'node', 'import', 'module', 'default'] } },
  test: {
    name: 'query-lang',
    environment: 'node',
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
  },
})
