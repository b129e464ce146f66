import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'ingest/otlp/index': 'src/ingest/otlp/index.ts',
    'ingest/json/index': 'src/ingest/json/index.ts',
    'telemetry/index': 'src/telemetry/index.ts',
    'testing/index': 'src/testing/index.ts',
  },
  format: ['esm'],
  dts: true,
  clean: true,
  sourcemap: true,
  target: 'node22',
  platform: 'node',
  splitting: true,
  // `node:sqlite` and its like have no name without the prefix.
  removeNodeProtocol: false,
})
