import { defineProject } from 'vitest/config'

export default defineProject({
  ssr: { resolve: { conditions: ['windrow-source', 'node', 'import', 'module', 'default'] } },
  test: { name: 'otel-exporter', environment: 'node', pool: 'forks', include: ['test/**/*.test.ts'] },
})
