import { defineProject } from 'vitest/config'

export default defineProject({
  ssr: { resolve: { conditions: ['windrow-source', 'node', 'import', 'module', 'default'] } },
  test: {
    name: 'core',
    environment: 'node',
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    // Properties and simulations take seconds, and longer on a busy machine.
    testTimeout: 60_000,
  },
})
