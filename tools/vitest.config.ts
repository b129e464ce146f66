import { defineProject } from 'vitest/config'

export default defineProject({
  ssr: { resolve: { conditions: ['windrow-source', 'node', 'import', 'module', 'default'] } },
  test: {
    name: 'tools',
    environment: 'node',
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    // The layers test reads the whole checkout, which takes its time on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
