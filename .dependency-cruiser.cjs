// Which part may import which. `tools/check-layers.ts` runs it; `tools/test/layers.test.ts` shows that each
// rule bites. Paths are relative to the folder it runs in.
const { existsSync, readdirSync, readFileSync } = require('node:fs')
const { join } = require('node:path')

const base = process.cwd()
const escapePattern = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Source files other packages may reach: what a package's exports name. */
function entryFiles() {
  const entries = []
  for (const name of readdirSync(join(base, 'packages'))) {
    const manifest = join(base, 'packages', name, 'package.json')
    if (!existsSync(manifest)) continue
    for (const target of Object.values(JSON.parse(readFileSync(manifest, 'utf8')).exports ?? {})) {
      const source = target['windrow-source']
      if (source !== undefined) entries.push(`packages/${name}/${source.replace(/^\.\//, '')}`)
    }
  }
  return entries
}

const core = '^packages/core/src/'

/** The stages of the data flow, lowest first. A stage imports itself and what stands before it. */
const stages = [
  { name: 'foundation', files: '(errors|clock|time)\\.ts|internal/|snapshot/|telemetry/engine-numbers\\.ts' },
  // What a series, a plan and a result row are.
  { name: 'model', files: 'registry/|plan/|result/' },
  // Batches carry ready-made states, so states stand below batches.
  { name: 'aggregate', files: 'aggregate/' },
  { name: 'ingest', files: 'ingest/[^/]+\\.ts' },
  { name: 'storage', files: 'storage/' },
  { name: 'counter', files: 'counter/' },
  { name: 'window', files: 'window/' },
  { name: 'watermark', files: 'watermark/' },
  { name: 'repair', files: 'repair/' },
  { name: 'engine', files: 'engine/(?!engine-api\\.ts)' },
]
const filesOf = (some) => `${core}(${some.map((stage) => stage.files).join('|')})`
const decoders = `${core}ingest/[^/]+/`

const stageRules = stages.slice(0, -1).map((stage, index) => ({
  name: `core-${stage.name}-imports-downward`,
  comment: `${stage.name} must not know the stages that build on it.`,
  severity: 'error',
  from: { path: filesOf([stage]) },
  to: { path: filesOf(stages.slice(index + 1)) },
}))

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that need each other are one file, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'core-stands-alone',
      comment: 'Contracts live in core, implementations import core, never the reverse.',
      severity: 'error',
      from: { path: '^packages/core/(src|test)/' },
      to: { path: '^(packages/(?!core/)|examples/|benchmarks/)' },
    },
    {
      name: 'packages-import-core-only',
      comment: 'query-lang, storage-adapters and otel-exporter meet in core and nowhere else. Tests may combine them.',
      severity: 'error',
      from: { path: '^packages/(?!core/)([^/]+)/src/' },
      to: { path: '^packages/', pathNot: '^packages/(core|$1)/' },
    },
    {
      name: 'packages-do-not-import-their-users',
      comment: 'Examples, benchmarks and tools use packages. Tests may use the helpers in tools/testing.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(examples|benchmarks|tools)/', pathNot: '^tools/testing/' },
    },
    {
      name: 'published-code-without-tools',
      comment: 'What is published holds nothing from tools.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^tools/' },
    },
    {
      name: 'only-exported-entries',
      comment: 'Another package is reached through its exports. Benchmarks may measure what is not exported.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|examples/[^/]+|tools)/' },
      to: {
        path: '^packages/',
        pathNot: ['^$1/', ...entryFiles().map((file) => `^${escapePattern(file)}$`)],
      },
    },
    {
      name: 'packages-by-name',
      comment: 'Another package is imported by its name: a relative path would be bundled as a second copy.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|examples/[^/]+|tools)/' },
      to: {
        path: '^(packages|examples)/',
        pathNot: '^$1/',
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased-workspace'],
      },
    },
    {
      name: 'no-barrel-inside',
      comment: 'Inside a package import the file, not the index.',
      severity: 'error',
      from: { path: '^(packages/[^/]+)/src/' },
      to: { path: '^$1/src/index\\.ts$' },
    },
    {
      name: 'no-development-dependencies-in-published-code',
      comment: 'A user does not have them. Type imports are erased from code, yet stay in declarations.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'] },
    },
    {
      name: 'core-without-vendors',
      comment: 'Core takes zod for options and nothing else; test helpers may take fast-check and vitest.',
      severity: 'error',
      from: { path: `${core}(?!testing/|telemetry/)` },
      to: { path: 'node_modules/', pathNot: 'node_modules/zod/' },
    },
    {
      name: 'core-telemetry-is-optional',
      comment: 'Instruments are a subpath over plain numbers; only there OpenTelemetry is imported, and its API alone.',
      severity: 'error',
      from: { path: `${core}telemetry/` },
      to: { path: 'node_modules/', pathNot: 'node_modules/@opentelemetry/api/' },
    },
    ...stageRules,
    {
      name: 'core-contract-is-types',
      comment: 'The engine contract names the shapes the stages make; below the engine it is there for types alone.',
      severity: 'error',
      from: { path: `${core}(?!engine/)` },
      to: { path: `${core}engine/engine-api\\.ts$`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core-decoders-stop-before-windows',
      comment: 'A wire decoder ends in a batch.',
      severity: 'error',
      from: { path: decoders },
      to: { path: filesOf(stages.filter((stage) => ['window', 'watermark', 'engine'].includes(stage.name))) },
    },
    {
      name: 'core-decoders-are-optional',
      comment: 'Formats are subpaths: nobody loads one they do not use.',
      severity: 'error',
      from: { path: `${core}(?!ingest/[^/]+/|testing/)` },
      to: { path: decoders },
    },
    {
      name: 'testing-is-not-used-by-code',
      comment: 'What is published for tests is no part of the rest.',
      severity: 'error',
      from: { path: '^(packages/[^/]+)/src/(?!testing/)' },
      to: { path: '^packages/[^/]+/src/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|\\.turbo)/' },
    // Types are part of a layer too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(__dirname, 'tsconfig.base.json') },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['windrow-source', 'types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.d.ts', '.json'],
    },
  },
}
